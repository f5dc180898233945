/**
 * The CA signs a request that somebody brings: the step of the seed's walkthrough that can be done alone.
 *
 * Subject and key come from the request; purpose and names are the CA's decision: those of an identity (`as`), or a
 * bare purpose. What the request asks for beyond that is said, not granted.
 */
import { basename, dirname, join } from 'node:path';
import { signLeaf } from './ca.ts';
import { type Csr, readCsr } from './csr.ts';
import { openSigner } from './desk.ts';
import { LabError } from './errors.ts';
import { MODES, readText, writeAtomic } from './files.ts';
import {
  type Choices,
  type ExtendedKeyUsage,
  formatSan,
  type Identity,
  identities,
  type San,
} from './identities.ts';
import { ipText } from './x509/ip.ts';
import { nameText } from './x509/strings.ts';

/** What the certificate is to be. */
export type SignAs = { readonly as: Identity } | { readonly purpose: ExtendedKeyUsage };

/** What was signed. */
export interface SignReport {
  /** The certificate's file. */
  readonly out: string;
  readonly subject: string;
  /** Id of the CA. */
  readonly signer: string;
  readonly usages: readonly ExtendedKeyUsage[];
  readonly sans: readonly string[];
  /** Sentences about what the request says and the certificate does not, or the other way round. */
  readonly notes: readonly string[];
}

/**
 * Sign a CSR file.
 * @param file  the request
 * @param now   the desk's time
 * @param out   default: beside the request, `.csr` replaced by `.crt` or `.pem`
 * @throws      LabError CSR_INVALID, CHOICE_REFUSED (as a CA), FILE_MISSING …
 */
export function signRequest(
  dir: string,
  choices: Choices,
  file: string,
  how: SignAs,
  now: Date,
  out: string = besideOf(file, choices),
): SignReport {
  const csr = readCsr(readText(file), file);
  const identity = 'as' in how ? how.as : null;
  if (identity?.kind === 'ca') {
    throw new LabError('CHOICE_REFUSED', {
      what: `a request is not signed as ${identity.id}`,
      why: 'That would make a second CA: whoever holds its key could sign anything.',
      fix: 'sign it as one of the other certificates: npx mtls-lab certs',
    });
  }
  const signer = identity ?? rootIdentity(choices);
  const ca = openSigner(dir, choices, signer);
  const asked = requestedSans(csr);
  const usages = 'as' in how ? how.as.usages : [how.purpose];
  // A bare purpose has no row in the table; a server's names then come from the request, or it could serve nobody.
  const sans = identity ? identity.sans : usages.includes('serverAuth') ? asked : [];
  writeAtomic(out, signLeaf(ca, csr, { usages, sans }, now), MODES.public);
  return {
    out,
    subject: nameText(csr.subject),
    signer: signer.signer,
    usages,
    sans: sans.map(formatSan),
    notes: [...subjectNotes(csr, identity), ...sanNotes(asked, sans)],
  };
}

function subjectNotes(csr: Csr, identity: Identity | null): string[] {
  if (!identity) return [];
  const { commonName, organizations } = csr.subject;
  const notes: string[] = [];
  if (commonName !== identity.commonName)
    notes.push(
      `the request's CN is "${commonName}"; ${identity.id} has "${identity.commonName}": the CA copied the request's`,
    );
  if (organizations.join() !== identity.organizations.join())
    notes.push(
      `the request's O is ${quoted(organizations)}; ${identity.id} has ${quoted(identity.organizations)}: the CA copied the request's`,
    );
  return notes;
}

function sanNotes(asked: readonly San[], given: readonly San[]): string[] {
  const has = new Set(given.map(formatSan));
  const refused = asked.map(formatSan).filter((san) => !has.has(san));
  return refused.length === 0 ? [] : [`asked for, but not given: ${refused.join(', ')}`];
}

function quoted(values: readonly string[]): string {
  return values.length === 0 ? 'empty' : values.map((value) => `"${value}"`).join(', ');
}

function requestedSans(csr: Csr): San[] {
  return csr.requested.san.flatMap((name): San[] => {
    if (name.kind === 'dns') return [{ kind: 'dns', value: name.text }];
    return name.kind === 'ip' ? [{ kind: 'ip', value: ipText(name.bytes) }] : [];
  });
}

function rootIdentity(choices: Choices): Identity {
  const root = identities(choices).find(({ id }) => id === 'ca');
  if (!root) throw new LabError('INTERNAL', { what: 'the identity table has no ca' });
  return root;
}

function besideOf(file: string, choices: Choices): string {
  return join(
    dirname(file),
    `${basename(file).replace(/\.csr$/, '')}.${choices.names === 'pem' ? 'pem' : 'crt'}`,
  );
}
