/**
 * What `inspect` found, in plain words: the first lines say what a file is and what it is good for, the rest is there
 * to be compared with `openssl x509 -text`.
 */
import { CONTENTS, contentsText } from './content.ts';
import type { CsrInfo, InspectedItem, Inspection, PrivateKeyInfo } from './inspect.ts';
import type { CertificateInfo } from './inspect-certificate.ts';
import type { KubeconfigInfo, KubeconfigPart } from './inspect-kubeconfig.ts';

/** What the purposes let a certificate do. */
const PURPOSES: Readonly<Record<string, string>> = {
  serverAuth: 'a server',
  clientAuth: 'a client',
  anyExtendedKeyUsage: 'anything',
};

/** How to make PEM of DER. */
const PEM_COMMANDS: Readonly<Record<string, string>> = {
  'certificate-der': 'openssl x509 -inform DER -in FILE -out FILE.pem',
  'key-der': 'openssl pkey -inform DER -in FILE -out FILE.pem',
  'csr-der': 'openssl req -inform DER -in FILE -out FILE.pem',
};

/** A purpose in words: `a server (serverAuth)`. */
export function purposesText(usages: readonly string[]): string {
  if (usages.length === 0) return 'it does not say (no extended key usage): Go accepts it for everything';
  return usages
    .map((usage) => (PURPOSES[usage] === undefined ? usage : `${PURPOSES[usage]} (${usage})`))
    .join(' and ');
}

/** A moment as people read it: `2026-11-24 08:15:09 UTC`. */
export function momentText(rfc3339: string): string {
  return rfc3339.replace('T', ' ').replace('Z', ' UTC');
}

/**
 * Put a whole inspection into lines.
 * @returns text that ends in a newline
 */
export function inspectionText(inspection: Inspection): string {
  const { items, contents, file, keyMatches } = inspection;
  const certificates = items.filter((item) => item.kind === 'certificate');
  const lines: string[] = [];
  if (certificates.length > 1 && certificates.length === items.length)
    lines.push(`${file}: a bundle of ${items.length} certificates`);
  else if (items.length > 1) lines.push(`${file}: ${items.length} parts, ${contentsText(contents)}`);
  else lines.push(file);
  const [form] = contents;
  if (form?.endsWith('-der'))
    lines.push(`  in DER form: components read PEM only (${PEM_COMMANDS[form] ?? ''})`);
  if (keyMatches === true) lines.push('  the private key belongs to the first certificate');
  if (keyMatches === false) lines.push('  ✗ the private key does NOT belong to the first certificate');
  items.forEach((item, index) => {
    lines.push('', ...itemLines(item, items.length > 1 ? `${index + 1}. ` : ''));
  });
  return `${lines.map(printable).join('\n')}\n`;
}

/** Control characters in names would steer the terminal: shown as `\\x1b`. */
export function printable(text: string): string {
  return text.replace(
    /[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`,
  );
}

/** Lines for one part of a file. */
export function itemLines(item: InspectedItem, number = ''): string[] {
  switch (item.kind) {
    case 'certificate':
      return certificateLines(item, number);
    case 'private-key':
      return privateKeyLines(item, number);
    case 'csr':
      return csrLines(item, number);
    case 'public-key':
      return [`${number}A public key, without a certificate`, ...rows([['key', item.key]])];
    case 'kubeconfig':
      return kubeconfigLines(item, number);
    case 'unreadable':
      return [`${number}Cannot be read: ${item.text}`, ...rows([['holds', CONTENTS[item.holds]]])];
  }
}

function certificateLines(info: CertificateInfo, number: string): string[] {
  const who = info.commonName === '' ? 'nobody by name (no CN)' : info.commonName;
  const signer = info.selfIssued ? 'itself' : info.issuer;
  const seal = info.signedBy ? ` ${info.signedBy.seal}` : '';
  return [
    info.isCa
      ? `${number}A CA's certificate: ${who}${info.seal === null ? '' : ` ${info.seal}`}, signed by ${signer}${info.selfIssued ? '' : seal}`
      : `${number}A certificate for ${who}, signed by ${signer}${seal}`,
    ...(info.goRefuses === null ? [] : [`  ✗ Go refuses to read it: ${info.goRefuses}`]),
    ...rows([
      ['valid', `${momentText(info.notBefore)} to ${momentText(info.notAfter)}  ${stateText(info)}`],
      ['subject', info.subject],
      ...(isForClients(info) ? ([['user name', userText(info)]] as Row[]) : []),
      ['may be', info.isCa ? caText(info) : purposesText(info.usages)],
      ['names (SAN)', info.sans.length === 0 ? 'none' : info.sans.join(', ')],
      ['key', info.key],
      ['key usage', info.keyUsages.length === 0 ? 'not stated' : info.keyUsages.join(', ')],
      ['signature', `${info.signature}, by ${info.issuer}`],
      ['serial', info.serial],
      ['subject key id', info.subjectKeyId ?? 'none'],
      ['authority key id', info.authorityKeyId ?? 'none'],
      ['SHA-256', info.fingerprint],
      ...(info.unknownCritical.length === 0
        ? []
        : ([
            ['✗ critical', `unknown extension ${info.unknownCritical.join(', ')}: every verifier refuses it`],
          ] as Row[])),
    ]),
  ];
}

/** A user name matters only where the certificate can be shown by a client. */
function isForClients({ isCa, usages }: CertificateInfo): boolean {
  return (
    !isCa && (usages.length === 0 || usages.includes('clientAuth') || usages.includes('anyExtendedKeyUsage'))
  );
}

function stateText(info: CertificateInfo): string {
  const days = (count: number): string => `${count} day${count === 1 ? '' : 's'}`;
  switch (info.state) {
    case 'valid':
      return `(${days(info.daysLeft)} left)`;
    case 'expired':
      return `✗ expired ${days(-info.daysLeft - 1)} ago`;
    case 'not-yet-valid':
      return '✗ not valid yet';
  }
}

/** The user that Kubernetes makes of a client certificate. */
function userText(info: CertificateInfo): string {
  const groups = info.organizations.length === 0 ? 'no groups' : `groups ${info.organizations.join(', ')}`;
  return `${info.commonName === '' ? 'none' : info.commonName}, ${groups}  (when a client shows it to the API server)`;
}

function caText(info: CertificateInfo): string {
  const depth =
    info.pathLength === null
      ? ''
      : `, with at most ${info.pathLength} CA${info.pathLength === 1 ? '' : 's'} below it`;
  const signs = info.keyUsages.length === 0 || info.keyUsages.includes('keyCertSign');
  return signs ? `a signer of certificates${depth}` : 'no signer: its key usage lacks keyCertSign';
}

function privateKeyLines(info: PrivateKeyInfo, number: string): string[] {
  return [
    `${number}A private key${info.encrypted ? ', encrypted with a passphrase: no component can use it' : ''}`,
    ...rows([
      ['key', info.key],
      ['form', info.form],
      ['public half', info.publicKeySha256 === null ? 'unknown' : `SHA-256 ${info.publicKeySha256}`],
    ]),
  ];
}

function csrLines(info: CsrInfo, number: string): string[] {
  return [
    `${number}A certificate signing request by ${info.commonName || 'nobody by name (no CN)'}: not a certificate yet`,
    ...(info.proven ? [] : ['  ✗ its signature is wrong: whoever made it does not hold the key']),
    ...rows([
      ['subject', info.subject],
      ['key', info.key],
      ['signature', `${info.signature}, ${info.proven ? 'right' : 'WRONG'}`],
      ['asks for (SAN)', info.sans.length === 0 ? 'nothing' : info.sans.join(', ')],
      ['asks for (EKU)', info.usages.length === 0 ? 'nothing: the CA decides' : info.usages.join(', ')],
    ]),
  ];
}

function kubeconfigLines(info: KubeconfigInfo, number: string): string[] {
  const { use } = info;
  return [
    use
      ? `${number}A kubeconfig: dials ${use.server} as ${use.user}`
      : `${number}A kubeconfig that cannot be used`,
    ...(info.problem === null ? [] : [`  ✗ ${info.problem.replaceAll('\n', '\n    ')}`]),
    ...rows([
      ...(info.fix === null ? [] : ([['fix', info.fix]] as Row[])),
      ['context', `${info.currentContext ?? 'none'}  (of ${info.contexts.join(', ') || 'none'})`],
      ...(use
        ? ([
            ['checks server', serverCheckText(use)],
            ['shows', use.cert ? partText(use.cert) : 'no certificate'],
            ['with the key', use.key ? partText(use.key) : 'none'],
            ['token', use.hasToken ? 'yes' : 'no'],
          ] as Row[])
        : []),
    ]),
  ];
}

function serverCheckText(use: NonNullable<KubeconfigInfo['use']>): string {
  if (use.insecure) return 'NOT AT ALL (insecure-skip-tls-verify)';
  const name = use.serverName === null ? '' : `, for the name ${use.serverName}`;
  return `${use.ca ? `with ${partText(use.ca)}` : "with the system's own CAs"}${name}`;
}

function partText(part: KubeconfigPart): string {
  if (part.file !== null) return part.file;
  const [item] = part.embedded;
  switch (item?.kind) {
    case 'certificate':
      return `an embedded certificate: ${item.subject}, until ${momentText(item.notAfter)}`;
    case 'private-key':
      return `an embedded key: ${item.key}`;
    default:
      return 'embedded data that cannot be read';
  }
}

type Row = readonly [label: string, value: string];

function rows(list: readonly Row[]): string[] {
  const width = Math.max(...list.map(([label]) => label.length));
  return list.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`);
}
