/**
 * A screenshot made small: 8 bits per channel in, at most 256 colours out. Drawings with little text lose nothing
 * that the eye sees. PNG: ISO/IEC 15948.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
/** Colours are counted in steps of this. */
const STEP = 4;

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue of each pixel, row by row. */
  readonly rgb: Uint8Array;
}

/**
 * @param png      8 bits per channel, RGB or RGBA, not interlaced, as Chromium makes it
 * @param colours  2 to 256
 */
export function toPalette(png: Uint8Array, colours: number): Buffer {
  const { width, height, rgb } = decode(Buffer.from(png));
  const counts = new Map<number, number>();
  for (let at = 0; at < rgb.length; at += 3) {
    const key = keyOf(rgb, at);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const palette = [...counts]
    .sort(([, one], [, other]) => other - one)
    .slice(0, colours)
    .map(([key]) => key);
  const nearest = new Map<number, number>(palette.map((key, index) => [key, index]));
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const key = keyOf(rgb, (y * width + x) * 3);
      let index = nearest.get(key);
      if (index === undefined) {
        index = nearestOf(palette, key);
        nearest.set(key, index);
      }
      rows[y * (width + 1) + 1 + x] = index;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap(channels))),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function decode(png: Buffer): Pixels {
  const data: Buffer[] = [];
  let width = 0;
  let height = 0;
  let bytesPerPixel = 0;
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const content = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') {
      width = content.readUInt32BE(0);
      height = content.readUInt32BE(4);
      bytesPerPixel = content[9] === 6 ? 4 : 3;
    } else if (type === 'IDAT') data.push(content);
    at += 12 + length;
  }
  const raw = inflateSync(Buffer.concat(data));
  const stride = width * bytesPerPixel;
  const rgb = new Uint8Array(width * height * 3);
  let above = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const from = y * (stride + 1);
    const row = Uint8Array.from(raw.subarray(from + 1, from + 1 + stride));
    unfilter(raw[from] ?? 0, row, above, bytesPerPixel);
    for (let x = 0; x < width; x++) {
      rgb.set(row.subarray(x * bytesPerPixel, x * bytesPerPixel + 3), (y * width + x) * 3);
    }
    above = row;
  }
  return { width, height, rgb };
}

/** Section 9.2: None, Sub, Up, Average, Paeth. */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array, bytesPerPixel: number): void {
  for (let at = 0; at < row.length; at++) {
    const left = row[at - bytesPerPixel] ?? 0;
    const up = above[at] ?? 0;
    const corner = above[at - bytesPerPixel] ?? 0;
    const guesses = [0, left, up, (left + up) >> 1, paeth(left, up, corner)];
    row[at] = (row[at] ?? 0) + (guesses[filter] ?? 0);
  }
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

function keyOf(rgb: Uint8Array, at: number): number {
  const round = (value: number | undefined): number => Math.min(255, Math.round((value ?? 0) / STEP) * STEP);
  return (round(rgb[at]) << 16) | (round(rgb[at + 1]) << 8) | round(rgb[at + 2]);
}

function channels(key: number): [number, number, number] {
  return [key >> 16, (key >> 8) & 255, key & 255];
}

function nearestOf(palette: readonly number[], key: number): number {
  const [red, green, blue] = channels(key);
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  palette.forEach((colour, index) => {
    const [r, g, b] = channels(colour);
    const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
    if (distance < least) [best, least] = [index, distance];
  });
  return best;
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body) >>> 0);
  return Buffer.concat([length, body, sum]);
}
