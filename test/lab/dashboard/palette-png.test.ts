/** A picture with few colours: same size, same colours, a real PNG. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { toPalette } from '../../../lab/dashboard/palette-png.ts';

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** RGB rows, each with its filter byte before it. */
function png(width: number, rows: readonly (readonly number[])[]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(rows.length, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from(rows.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Each pixel's colour of a palette PNG without filters. */
function colours(picture: Buffer): { width: number; pixels: string[] } {
  const parts = new Map<string, Buffer>();
  for (let at = 8; at < picture.length; ) {
    const length = picture.readUInt32BE(at);
    const body = picture.subarray(at + 4, at + 8 + length);
    expect(picture.readUInt32BE(at + 8 + length)).toBe(crc32(body));
    parts.set(body.toString('latin1', 0, 4), body.subarray(4));
    at += 12 + length;
  }
  const width = parts.get('IHDR')?.readUInt32BE(0) ?? 0;
  const palette = parts.get('PLTE') ?? Buffer.alloc(0);
  const raw = inflateSync(parts.get('IDAT') ?? Buffer.alloc(0));
  const pixels = [...raw].flatMap((index, at) =>
    at % (width + 1) === 0 ? [] : [palette.toString('hex', index * 3, index * 3 + 3)],
  );
  return { width, pixels };
}

test('keeps every colour when there are few, through all five filters', () => {
  const rows = [
    // None: red, green.
    [0, 248, 0, 0, 0, 248, 0],
    // Sub: blue, then the same.
    [1, 0, 0, 248, 0, 0, 0],
    // Up: as above.
    [2, 0, 0, 0, 0, 0, 0],
    // Average of left and up: 0 + 248 / 2 + 124 makes blue again.
    [3, 0, 0, 124, 0, 0, 0],
    // Paeth: the nearest neighbour, unchanged.
    [4, 0, 0, 0, 0, 0, 0],
  ];
  const { width, pixels } = colours(toPalette(png(2, rows), 16));
  expect(width).toBe(2);
  expect(pixels).toEqual(['f80000', '00f800', ...Array.from({ length: 8 }, () => '0000f8')]);
});

test('takes the nearest of those that it may keep', () => {
  const rows = [[0, 0, 0, 0, 0, 0, 0, 248, 248, 248, 248, 248, 248, 240, 240, 240]];
  expect(new Set(colours(toPalette(png(5, rows), 2)).pixels)).toEqual(new Set(['000000', 'f8f8f8']));
});
