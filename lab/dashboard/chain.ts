/**
 * The certificates that a side showed, as cards for the page: the chain up to the trust anchor that the other side
 * holds, with seals, and the checks that passed and failed on the line that they looked at.
 */

import type { Code } from '../../certs/codes.ts';
import { MalformedError } from '../../certs/der.ts';
import type { Finding } from '../../certs/errors.ts';
import { type CertificateInfo, inspectCertificate } from '../../certs/inspect-certificate.ts';
import { writePem } from '../../certs/pem.ts';
import { formatSeal, sealOf } from '../../certs/seal.ts';
import { purposesText } from '../../certs/text.ts';
import { called } from '../../certs/verify/refusal.ts';
import { signatureFault } from '../../certs/verify/signatures.ts';
import { type Certificate, readCertificate } from '../../certs/x509.ts';
import type { Side, Trace } from '../../components/tls/trace.ts';
import { nameOf } from '../explain.ts';
import { certificatesOnWire } from '../wire-certificates.ts';

/** One line of a certificate's card. */
export interface CertificateRow {
  readonly label: string;
  readonly value: string;
  /** What the other side's check said about it; null where none looked at it. */
  readonly passed: boolean | null;
}

/** One certificate, readable. */
export interface CertificateCard {
  readonly title: string;
  readonly rows: readonly CertificateRow[];
  /** A CA's own seal, `⬢3fa1`. */
  readonly seal: string | null;
  /** Nothing else in the card makes sense then. */
  readonly unreadable: string | null;
  readonly pem: string;
}

/** How one certificate hangs on the next. */
export interface ChainLink {
  readonly holds: boolean;
  readonly text: string;
  readonly seal: string | null;
}

/** What one side showed. */
export interface Chain {
  readonly shownBy: string;
  readonly judgedBy: string;
  /** Host path; null when it showed nothing, or is not one of the lab's programs. */
  readonly file: string | null;
  /** The path, leaf first; `links[i]` leads from `path[i]` upwards. */
  readonly path: readonly CertificateCard[];
  readonly links: readonly ChainLink[];
  /** The trust anchor that the path ends in; null when it ends in none. */
  readonly anchor: CertificateCard | null;
  /** Shown, too, but on no path. */
  readonly beside: readonly CertificateCard[];
  /** What the judge trusts: name and seal of each CA in its file. */
  readonly trusted: readonly { readonly name: string; readonly seal: string }[];
  /** Host path of that file; null when the judge does not verify, or is not one of the lab's programs. */
  readonly trustFile: string | null;
}

interface Read {
  readonly der: Uint8Array;
  readonly certificate: Certificate | null;
}

/** Which line a check is about. */
const ROW_OF: Partial<Readonly<Record<Code, string>>> = {
  CERT_EXPIRED: 'valid',
  CERT_NOT_YET_VALID: 'valid',
  CERT_NAME_MISMATCH: 'names (SAN)',
  CERT_NO_SANS: 'names (SAN)',
  CERT_NO_IP_SANS: 'names (SAN)',
  CERT_NAME_CONSTRAINT: 'names (SAN)',
  CERT_WRONG_USAGE: 'may be',
  CERT_ISSUER_NOT_CA: 'may be',
  CERT_PATH_TOO_LONG: 'may be',
  CERT_UNKNOWN_AUTHORITY: 'signed by',
  CERT_INSECURE_SIGNATURE: 'signature',
};
const MAX_SHOWN = 16;

const other = (side: Side): Side => (side === 'client' ? 'server' : 'client');

/** The chain that a side showed, as the other side judged it. */
export function chainOf(trace: Trace, side: Side): Chain {
  const own = trace[side];
  const judge = trace[other(side)];
  const shown = (own && own.presented.length > 0 ? own.presented : (certificatesOnWire(trace, side) ?? []))
    .slice(0, MAX_SHOWN)
    .map(read);
  const trusted = (judge?.trusted ?? []).map(read);
  const { path, anchor } = pathOf(shown, trusted);
  const all = anchor === null || anchor === path.at(-1) ? path : [...path, anchor];
  const cas = [...trusted, ...shown].map(({ der }) => der);
  const card = (one: Read): CertificateCard =>
    cardOf(one, { trace, cas, findings: findingsAbout(one, all, judge?.findings ?? [], trace) });
  return {
    shownBy: nameOf(trace, side),
    judgedBy: nameOf(trace, other(side)),
    file: own?.certFile ?? null,
    path: path.map(card),
    links: path.flatMap((one, at) => linkOf(one, path[at + 1] ?? anchor, judge !== null)),
    anchor: anchor === null || anchor === path.at(-1) ? null : card(anchor),
    beside: shown.filter((one) => !path.includes(one)).map(card),
    trusted: trusted.flatMap(({ certificate }) =>
      certificate === null ? [] : [{ name: certificate.subject.commonName, seal: sealText(certificate) }],
    ),
    trustFile: judge?.caFile ?? null,
  };
}

function read(der: Uint8Array): Read {
  try {
    return { der, certificate: readCertificate(der) };
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return { der, certificate: null };
  }
}

/** From the first certificate upwards, along signatures that hold: through what was shown, to what is trusted. */
function pathOf(
  shown: readonly Read[],
  trusted: readonly Read[],
): { readonly path: readonly Read[]; readonly anchor: Read | null } {
  const [leaf] = shown;
  if (leaf === undefined) return { path: [], anchor: null };
  const path = [leaf];
  for (let at: Read | undefined = leaf; at; ) {
    const here: Read = at;
    if (trusted.some(({ der }) => Buffer.compare(der, here.der) === 0)) return { path, anchor: here };
    const root = trusted.find((one) => isSignedBy(here, one));
    if (root) return { path, anchor: root };
    at = shown.find((one) => !path.includes(one) && isSignedBy(here, one));
    if (at) path.push(at);
  }
  return { path, anchor: null };
}

function isSignedBy(child: Read, issuer: Read): boolean {
  return (
    child.certificate !== null &&
    issuer.certificate !== null &&
    Buffer.compare(child.certificate.issuer.raw, issuer.certificate.subject.raw) === 0 &&
    signatureFault(child.certificate, issuer.certificate) === null
  );
}

function linkOf({ certificate }: Read, up: Read | null, isJudged: boolean): ChainLink[] {
  if (certificate === null) return [];
  const issuer = certificate.issuer.commonName || '(a CA without a name)';
  if (up?.certificate === certificate) return [{ holds: true, text: 'is itself a trust anchor', seal: null }];
  if (up?.certificate) {
    return [{ holds: true, text: `signed by ${issuer}`, seal: sealText(up.certificate) }];
  }
  const isSelf = Buffer.compare(certificate.issuer.raw, certificate.subject.raw) === 0;
  if (isSelf && signatureFault(certificate, certificate) === null)
    return [{ holds: false, text: 'signed by itself', seal: sealText(certificate) }];
  const text = isJudged
    ? `names ${issuer} as its signer, but nobody here holds the key that signed it`
    : `names ${issuer} as its signer; what the other side trusts is not known to the lab`;
  return [{ holds: false, text, seal: null }];
}

function sealText(certificate: Certificate): string {
  return formatSeal(sealOf(certificate.publicKey.raw));
}

/** Findings that are about one certificate of the path. They name it, dates apart: there each speaks for itself. */
function findingsAbout(
  one: Read,
  all: readonly Read[],
  findings: readonly Finding[],
  trace: Trace,
): Finding[] {
  const { certificate } = one;
  const place = all.indexOf(one);
  if (certificate === null || place < 0) return [];
  const at = Date.parse(trace.clusterTime);
  const isTimely = at >= certificate.notBefore.ms && at <= certificate.notAfter.ms;
  return findings.filter(({ code, passed, what }) => {
    if (code === 'CERT_MALFORMED') return false;
    if (code === 'CERT_EXPIRED' || code === 'CERT_NOT_YET_VALID')
      return passed ? isTimely : !isTimely && what.includes(called(certificate));
    if (code === 'CERT_UNKNOWN_AUTHORITY') return place === (passed ? 0 : all.length - 1);
    if (code === 'CERT_ISSUER_NOT_CA' || code === 'CERT_PATH_TOO_LONG')
      return place > 0 && what.includes(called(certificate));
    if (code === 'CERT_INSECURE_SIGNATURE') return what.includes(called(certificate));
    return place === 0;
  });
}

interface Around {
  readonly trace: Trace;
  readonly cas: readonly Uint8Array[];
  readonly findings: readonly Finding[];
}

function cardOf({ der }: Read, { trace, cas, findings }: Around): CertificateCard {
  const pem = writePem('CERTIFICATE', der);
  let info: CertificateInfo;
  try {
    info = inspectCertificate(der, { now: new Date(trace.clusterTime), cas });
  } catch {
    return {
      title: 'Not a certificate',
      rows: [],
      seal: null,
      unreadable: 'Neither Go nor OpenSSL can read it.',
      pem,
    };
  }
  const judged = (label: string): boolean | null => {
    const about = findings.filter(({ code }) => ROW_OF[code] === label);
    return about.length === 0 ? null : about.every(({ passed }) => passed);
  };
  return {
    title: info.commonName || 'no common name',
    rows: rowsOf(info).map(([label, value]) => ({ label, value, passed: judged(label) })),
    seal: info.seal,
    unreadable: info.goRefuses,
    pem,
  };
}

function rowsOf(info: CertificateInfo): (readonly [label: string, value: string])[] {
  const day = (time: string): string => time.replace('T', ' ').replace('Z', ' UTC');
  const days = (count: number): string => `${count} day${count === 1 ? '' : 's'}`;
  const left = {
    valid: `${days(info.daysLeft)} left`,
    expired: `ended ${days(-info.daysLeft - 1)} ago`,
    'not-yet-valid': 'has not begun',
  }[info.state];
  const isUser = !info.isCa && (info.usages.length === 0 || info.usages.includes('clientAuth'));
  const groups = info.organizations.length === 0 ? 'no groups' : `groups ${info.organizations.join(', ')}`;
  return [
    ['subject', info.subject],
    ...(isUser ? [['is the user', `${info.commonName || 'nobody'}, ${groups}`] as const] : []),
    [
      'signed by',
      `${info.selfIssued ? 'itself' : info.issuer}${info.signedBy ? ` ${info.signedBy.seal}` : ''}`,
    ],
    ['valid', `${day(info.notBefore)} to ${day(info.notAfter)} (${left})`],
    ['names (SAN)', info.sans.length === 0 ? 'none' : info.sans.join(', ')],
    ['may be', info.isCa ? 'a signer of certificates (CA)' : purposesText(info.usages)],
    ['key', info.key],
    ['signature', info.signature],
    ['serial number', info.serial],
    ['SHA-256', info.fingerprint],
  ];
}
