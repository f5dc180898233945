/**
 * Messages in full, for `-v` and `--hex`: each with its fields as a tree, each field with its byte range.
 */
import type { Field, TraceMessage } from '../components/tls/trace.ts';
import { cut, pad, safe } from './columns.ts';

/** What to show of a message. */
export interface MessageTreeOptions {
  readonly width: number;
  readonly hex: boolean;
}

/** Bytes in a row of hex: 16 where they fit. */
const hexRowBytes = (width: number): number => (width >= 80 ? 16 : 8);
/** A hostile list may have thousands of entries. */
const MAX_CHILDREN = 64;
const MAX_HEX_ROWS = 64;

/** The lines of one message. */
export function messageTree(message: TraceMessage, options: MessageTreeOptions): string[] {
  const { from, type, atUs, encrypted, lengthBytes, summary, finding } = message;
  const lock = encrypted ? ' 🔒' : '';
  const head = `${milliseconds(atUs)}  ${pad(from, 6)}  ${type} (${lengthBytes} bytes${lock})  ${safe(summary)}`;
  const lines = [cut(head, options.width)];
  lines.push(...fieldLines(message.fields, 1, options.width));
  if (finding !== undefined) {
    lines.push(
      cut(
        `    ✗ at byte ${finding.offset}: wanted ${finding.wanted}, had ${safe(finding.had)}`,
        options.width,
      ),
    );
  }
  if (options.hex) lines.push(...hexLines(message.bytes, hexRowBytes(options.width)));
  return lines;
}

/** `   1.3 ms`, from microseconds. */
export function milliseconds(atUs: number): string {
  return `${(atUs / 1000).toFixed(1).padStart(6)} ms`;
}

function fieldLines(fields: readonly Field[], depth: number, width: number): string[] {
  const lines: string[] = [];
  for (const field of fields.slice(0, MAX_CHILDREN)) {
    const range = ` [${field.start}..${field.end})`;
    const text = `${'  '.repeat(depth + 1)}${field.name}: ${safe(field.value)}`;
    lines.push(cut(text, width - range.length) + range);
    lines.push(...fieldLines(childrenOf(field), depth + 1, width));
  }
  const rest = fields.length - MAX_CHILDREN;
  if (rest > 0) lines.push(`${'  '.repeat(depth + 1)}… and ${rest} more`);
  return lines;
}

/** An only child that says the same again is not shown. */
function childrenOf(field: Field): readonly Field[] {
  const children = field.children ?? [];
  const [only] = children;
  const same = children.length === 1 && only?.value === field.value && (only.children ?? []).length === 0;
  return same ? [] : children;
}

/** `  0010  16 03 01 …  |...|` */
function hexLines(bytes: Uint8Array, rowBytes: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length && lines.length < MAX_HEX_ROWS; at += rowBytes) {
    const row = [...bytes.subarray(at, at + rowBytes)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`    ${at.toString(16).padStart(4, '0')}  ${pad(hex, rowBytes * 3)} |${text}|`);
  }
  const rest = bytes.length - lines.length * rowBytes;
  if (rest > 0) lines.push(`    … and ${rest} more bytes`);
  return lines;
}
