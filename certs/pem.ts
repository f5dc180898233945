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

const BEGIN = '-----BEGIN ';
const END = '-----END ';
const BLOCK = /^-----BEGIN ([A-Z0-9 ]*)-----[ \t]*\r?\n([\s\S]*?)-----END ([A-Z0-9 ]*)-----[ \t]*(?:\r?\n|$)/;
const HEADER = /^([A-Za-z0-9-]+): *(.*)$/;

/**
 * Every well-formed block of a text, in order. Time grows with the text's length, whatever stands in it.
 * @see Go encoding/pem, Decode
 */
export function readPem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let begin = lineStart(text, BEGIN, 0);
  while (begin >= 0) {
    const next = lineStart(text, BEGIN, begin + BEGIN.length);
    // Up to the next BEGIN: a block that is cut off never swallows the one behind it.
    const block = readBlock(text.slice(begin, next < 0 ? undefined : next));
    if (block) blocks.push(block);
    begin = next;
  }
  return blocks;
}

/** The next place where a line begins with `mark`. */
function lineStart(text: string, mark: string, from: number): number {
  let at = text.indexOf(mark, from);
  while (at > 0 && text[at - 1] !== '\n') at = text.indexOf(mark, at + mark.length);
  return at;
}

function readBlock(text: string): PemBlock | undefined {
  if (!text.includes(END)) return undefined;
  const match = BLOCK.exec(text);
  if (!match || match[1] !== match[3]) return undefined;
  const headers: Record<string, string> = {};
  const lines = (match[2] ?? '').split(/\r?\n/);
  let first = 0;
  for (let header = HEADER.exec(lines[0] ?? ''); header; header = HEADER.exec(lines[first] ?? '')) {
    headers[header[1] ?? ''] = header[2] ?? '';
    first += 1;
  }
  const base64 = lines.slice(first).join('').replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0) return undefined;
  return { label: match[1] ?? '', headers, bytes: Buffer.from(base64, 'base64') };
}

/** Write one block, 64 characters a line, as openssl and Go do. */
export function writePem(label: string, bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
