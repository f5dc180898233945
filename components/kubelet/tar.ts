/**
 * Just enough of tar for `kubectl cp`: ustar archives of plain files.
 * Source: POSIX pax, "ustar Interchange Format".
 */

/** One file of an archive. */
export interface TarFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;

/** Write an archive. */
export function writeTar(files: readonly TarFile[]): Uint8Array {
  const blocks: Buffer[] = [];
  for (const { name, bytes } of files) {
    const header = Buffer.alloc(BLOCK);
    header.write(name, 0, 100);
    header.write('0000644\0', 100);
    header.write('0000000\0', 108);
    header.write('0000000\0', 116);
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0', 136);
    header.write('        ', 148);
    header.write('0', 156);
    header.write('ustar\x0000', 257, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    blocks.push(header, Buffer.from(bytes), Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK));
  }
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

/** Read an archive's plain files; a torn archive gives those that are whole. */
export function readTar(archive: Uint8Array): TarFile[] {
  const bytes = Buffer.from(archive);
  const files: TarFile[] = [];
  let at = 0;
  while (at + BLOCK <= bytes.length && bytes[at] !== 0) {
    const name = field(bytes, at, 100);
    const size = Number.parseInt(field(bytes, at + 124, 12), 8);
    const type = String.fromCharCode(bytes[at + 156] ?? 0);
    if (!Number.isSafeInteger(size) || size < 0 || at + BLOCK + size > bytes.length) break;
    if (type === '0' || type === '\0')
      files.push({ name, bytes: bytes.subarray(at + BLOCK, at + BLOCK + size) });
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function field(bytes: Buffer, start: number, length: number): string {
  const text = bytes.subarray(start, start + length).toString('latin1');
  return text.split('\0')[0]?.trim() ?? '';
}
