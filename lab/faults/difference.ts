/** What a change made of a file, in rows for people: a certificate by its fields, any other text by its lines. */
import { type CertificateInfo, inspectCertificate } from '../../certs/inspect-certificate.ts';
import { readPem } from '../../certs/pem.ts';
import { momentText } from '../../certs/text.ts';
import { readCertificate } from '../../certs/x509.ts';
import type { FileBytes } from './records.ts';

/** One thing that differs. */
export interface Difference {
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

/** What changed, and what did not: `same key, same name`. */
export interface Differences {
  readonly rows: readonly Difference[];
  readonly same: readonly string[];
}

/** Most lines of a text that are shown. */
const MOST_LINES = 6;

/** Fields of a certificate, in the order in which people look at them. `same`: how it is called when it did not change. */
const FIELDS: readonly {
  readonly what: string;
  /** null: not worth saying. */
  readonly same: string | null;
  readonly read: (info: CertificateInfo) => string;
}[] = [
  { what: 'valid from', same: null, read: ({ notBefore }) => momentText(notBefore) },
  { what: 'valid until', same: 'dates', read: ({ notAfter }) => momentText(notAfter) },
  { what: 'Subject', same: 'Subject', read: ({ subject }) => subject },
  { what: 'names (SAN)', same: 'names', read: ({ sans }) => sans.join(', ') || 'none' },
  { what: 'purpose (EKU)', same: 'purpose', read: ({ usages }) => usages.join(', ') || 'not stated' },
  { what: 'key usage', same: null, read: ({ keyUsages }) => keyUsages.join(', ') || 'not stated' },
  { what: 'signed by', same: 'CA', read: signerText },
  {
    what: 'key',
    same: 'key',
    read: ({ key, publicKeySha256 }) => `${key} (SHA-256 ${publicKeySha256.slice(0, 8)})`,
  },
  { what: 'signature', same: null, read: ({ signature }) => signature },
];

/**
 * Compare a file before and after; null: it was not there.
 * @param cas  DER of the CAs in use, to tell their certificates from those of others with the same name
 */
export function differencesOf(
  before: FileBytes | null,
  after: FileBytes | null,
  cas: readonly Uint8Array[] = [],
): Differences {
  if (before === null) return { rows: [{ what: 'file', before: 'none', after: 'new' }], same: [] };
  if (after === null) return { rows: [{ what: 'file', before: 'there', after: 'gone' }], same: [] };
  const [old, now] = [certificateIn(before, cas), certificateIn(after, cas)];
  if (old !== undefined && now !== undefined) return certificates(old, now);
  const [oldKind, nowKind] = [kindOf(before), kindOf(after)];
  const mode =
    before.mode === after.mode
      ? []
      : [{ what: 'file mode', before: before.mode.toString(8), after: after.mode.toString(8) }];
  if (oldKind !== 'text' || nowKind !== 'text') {
    const content =
      before.content === after.content
        ? []
        : [{ what: 'content', before: oldKind, after: oldKind === nowKind ? 'another one' : nowKind }];
    return { rows: [...content, ...mode], same: [] };
  }
  return { rows: [...lines(textOf(before), textOf(after)), ...mode], same: [] };
}

function certificates(old: CertificateInfo, now: CertificateInfo): Differences {
  const rows: Difference[] = [];
  const same: string[] = [];
  for (const { what, same: calls, read } of FIELDS) {
    const [before, after] = [read(old), read(now)];
    if (before !== after) rows.push({ what, before, after });
    else if (calls !== null) same.push(calls);
  }
  return { rows, same };
}

/** A CA in use by its seal: a CA of the same name with another key has another one. */
function signerText({ issuer, selfIssued, signedBy }: CertificateInfo): string {
  if (selfIssued) return 'itself';
  return signedBy ? `${issuer} ${signedBy.seal}` : `${issuer} (none of the cluster's CAs)`;
}

function lines(before: string, after: string): Difference[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const gone = old.filter((line) => !now.includes(line));
  const come = now.filter((line) => !old.includes(line));
  return Array.from({ length: Math.min(MOST_LINES, Math.max(gone.length, come.length)) }, (_, at) => ({
    what: 'line',
    before: gone[at]?.trim() ?? 'none',
    after: come[at]?.trim() ?? 'none',
  }));
}

function certificateIn(file: FileBytes, cas: readonly Uint8Array[]): CertificateInfo | undefined {
  try {
    const block = readPem(textOf(file)).find(({ label }) => label === 'CERTIFICATE');
    return block && inspectCertificate(block.bytes, { now: new Date(), cas });
  } catch {
    return undefined;
  }
}

function kindOf(file: FileBytes): string {
  const bytes = Buffer.from(file.content, 'base64');
  if (bytes.length === 0) return 'nothing';
  const text = bytes.toString('utf8');
  const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1];
  if (label !== undefined) return /KEY/.test(label) ? label.toLowerCase() : `PEM ${label.toLowerCase()}`;
  if (text.includes('\0') || text.includes('\ufffd')) return isDer(bytes) ? 'DER' : 'bytes that are no text';
  return 'text';
}

function isDer(bytes: Buffer): boolean {
  try {
    readCertificate(bytes);
    return true;
  } catch {
    return bytes[0] === 0x30;
  }
}

function textOf(file: FileBytes): string {
  return Buffer.from(file.content, 'base64').toString('utf8');
}
