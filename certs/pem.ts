/**
 * PEM text: blocks in and out. The first thing that happens to every file of keys and certificates.
 *
 * Reading is as forgiving as Go's encoding/pem: text around blocks is skipped, a damaged block is skipped too.
 */

/** One block: the label between BEGIN and the dashes, and the bytes. */
export interface PemBlock {
  readonly label: string;
  /** Headers such as `Proc-Type: 4,ENCRYPTED`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]*)-----[ \t]*\r?\n([\s\S]*?)-----END \1-----/g;
const HEADER = /^([A-Za-z0-9-]+): *(.*)$/;

/**
 * Every well-formed block of a text, in order.
 * @see Go encoding/pem, Decode
 */
export function readPem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  for (const match of text.matchAll(BLOCK)) {
    const headers: Record<string, string> = {};
    const lines = (match[2] ?? '').split(/\r?\n/);
    while (lines[0] !== undefined && HEADER.test(lines[0])) {
      const header = HEADER.exec(lines.shift() ?? '');
      if (header) headers[header[1] ?? ''] = header[2] ?? '';
    }
    const base64 = lines.join('').replace(/\s+/g, '');
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0) continue;
    blocks.push({ label: match[1] ?? '', headers, bytes: Buffer.from(base64, 'base64') });
  }
  return blocks;
}

/** Write one block, 64 characters a line, as openssl and Go do. */
export function writePem(label: string, bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
