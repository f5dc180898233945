/**
 * Names inside certificates: domain labels and mailboxes, as strict and as lenient as Go.
 *
 * @see golang/go src/crypto/x509/verify.go, domainToReverseLabels and parseRFC2821Mailbox
 */

/** A mailbox in its two parts. */
export interface Mailbox {
  readonly local: string;
  readonly domain: string;
}

/**
 * Labels of a domain from right to left: `a.example.com` -> com, example, a.
 * @returns undefined for a trailing or doubled dot, a leading dot, and for anything but printable ASCII
 */
export function reverseLabels(domain: string): readonly string[] | undefined {
  if (domain === '') return [];
  const labels = domain.split('.').reverse();
  return labels.every((label) => /^[!-~]+$/.test(label)) ? labels : undefined;
}

/** True for what may stand in a constraint: a domain, with one leading dot if it likes. */
export function isConstraintDomain(text: string): boolean {
  return reverseLabels(text.startsWith('.') ? text.slice(1) : text) !== undefined;
}

const QTEXT = /^[\x01-\x08\x0b\x0c\x0e-\x1f \x21\x23-\x5b\x5d-\x7e\x7f]$/;
const QUOTED_PAIR = /^[\x01-\x09\x0b\x0c\x0e-\x7f]$/;
const ATEXT = /^[0-9a-zA-Z!#$%&'*+\-/=?^_`{|}~.]$/;

/** Read `local@domain`; undefined when Go cannot. */
export function parseMailbox(text: string): Mailbox | undefined {
  const local = text.startsWith('"') ? quotedLocal(text) : plainLocal(text);
  if (local === undefined || text[local.end] !== '@') return undefined;
  const domain = text.slice(local.end + 1);
  return reverseLabels(domain) === undefined ? undefined : { local: local.value, domain };
}

interface LocalPart {
  readonly value: string;
  /** Offset behind it. */
  readonly end: number;
}

function quotedLocal(text: string): LocalPart | undefined {
  let value = '';
  for (let at = 1; at < text.length; at += 1) {
    let character = text[at] ?? '';
    if (character === '"') return { value, end: at + 1 };
    if (character === '\\') {
      at += 1;
      character = text[at] ?? '';
      if (!QUOTED_PAIR.test(character)) return undefined;
    } else if (!QTEXT.test(character)) {
      return undefined;
    }
    value += character;
  }
  return undefined;
}

function plainLocal(text: string): LocalPart | undefined {
  let value = '';
  let at = 0;
  for (; at < text.length; at += 1) {
    const escaped = text[at] === '\\';
    if (escaped) at += 1;
    const character = text[at];
    if (character === undefined) return undefined;
    // Behind a backslash Go takes any character (RFC 3696 section 3).
    if (!escaped && !ATEXT.test(character)) break;
    value += character;
  }
  const dots = value.startsWith('.') || value.endsWith('.') || value.includes('..');
  return value === '' || dots ? undefined : { value, end: at };
}
