/**
 * What is in a file: told by its bytes, never by its name. And the error when it is not what was expected.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Code } from './codes.ts';
import { LabError } from './errors.ts';
import { looksLikeKubeconfig } from './kubeconfig-file.ts';
import { type PemBlock, readPem } from './pem.ts';

/** One closed set of what files turn out to be, as people say it after "holds". */
export const CONTENTS = {
  certificate: 'a certificate',
  'private-key': 'a private key',
  'encrypted-key': 'a private key encrypted with a passphrase',
  'public-key': 'a public key',
  csr: 'a certificate signing request',
  crl: 'a revocation list (CRL)',
  kubeconfig: 'a kubeconfig',
  'certificate-der': 'a certificate in DER form, not in PEM',
  'key-der': 'a private key in DER form, not in PEM',
  'csr-der': 'a certificate signing request in DER form, not in PEM',
  der: 'binary ASN.1 (DER), but no certificate or key',
  pkcs12: 'a PKCS#12 bundle (.p12, .pfx)',
  'ssh-key': 'an SSH key, which TLS cannot use',
  'pem-cut': 'a PEM block without its END line: the file is cut off',
  'pem-damaged': 'a PEM block whose content is damaged',
  'pem-other': 'a PEM block of another kind',
  html: 'an HTML page, such as an error page that was saved in its place',
  json: 'JSON',
  yaml: 'YAML, but no kubeconfig',
  empty: 'nothing: it is empty',
  blank: 'nothing but blank space',
  text: 'text that is no PEM',
  binary: 'binary data',
} as const;

export type Content = keyof typeof CONTENTS;

/** What a reader wants of a file. */
export type Wanted = 'certificate' | 'private-key' | 'csr' | 'ca-bundle';

/** PEM labels and what they hold. RFC 7468; OpenSSL PEM names. */
const LABELS: Readonly<Record<string, Content>> = {
  CERTIFICATE: 'certificate',
  'X509 CERTIFICATE': 'certificate',
  'TRUSTED CERTIFICATE': 'certificate',
  'PRIVATE KEY': 'private-key',
  'RSA PRIVATE KEY': 'private-key',
  'EC PRIVATE KEY': 'private-key',
  'DSA PRIVATE KEY': 'private-key',
  'ENCRYPTED PRIVATE KEY': 'encrypted-key',
  'PUBLIC KEY': 'public-key',
  'RSA PUBLIC KEY': 'public-key',
  'CERTIFICATE REQUEST': 'csr',
  'NEW CERTIFICATE REQUEST': 'csr',
  'X509 CRL': 'crl',
  'OPENSSH PRIVATE KEY': 'ssh-key',
};

/** What a PEM block holds. */
export function contentOfBlock(block: PemBlock): Content {
  const content = LABELS[block.label] ?? 'pem-other';
  return content === 'private-key' && /ENCRYPTED/.test(block.headers['Proc-Type'] ?? '')
    ? 'encrypted-key'
    : content;
}

/**
 * What a file holds: every kind of PEM block in it, or one word for the whole.
 * @returns at least one
 */
export function contentsOf(bytes: Uint8Array): readonly Content[] {
  const text = Buffer.from(bytes).toString('utf8');
  const blocks = readPem(text);
  if (blocks.length > 0) return [...new Set(blocks.map(contentOfBlock))];
  return [contentWithoutPem(bytes, text)];
}

/** A readable list: `a certificate and a private key`. */
export function contentsText(contents: readonly Content[]): string {
  return contents.map((content) => CONTENTS[content]).join(' and ');
}

function contentWithoutPem(bytes: Uint8Array, text: string): Content {
  if (bytes.length === 0) return 'empty';
  if (text.trim() === '') return 'blank';
  if (/-----BEGIN [A-Z0-9 ]+-----/.test(text))
    return /-----END [A-Z0-9 ]+-----/.test(text) ? 'pem-damaged' : 'pem-cut';
  if (/^(ssh-(rsa|ed25519)|ecdsa-sha2-\S+) AAAA/.test(text)) return 'ssh-key';
  if (bytes[0] === 0x30 && bytes.length > 4) {
    const der = contentOfDer(bytes);
    if (der) return der;
  }
  if (bytes.includes(0) || text.includes('\ufffd')) return 'binary';
  if (/^\s*<(!doctype|html|\?xml|head|body)/i.test(text)) return 'html';
  if (/^\s*[{[]/.test(text) && isJson(text)) return text.includes('"clusters"') ? 'kubeconfig' : 'json';
  if (looksLikeKubeconfig(text)) return 'kubeconfig';
  return /^\s*(---|[A-Za-z][\w.-]*:(\s|$))/m.test(text) ? 'yaml' : 'text';
}

/** A DER file by the shape of its first elements, each read no further than needed. */
function contentOfDer(bytes: Uint8Array): Content | undefined {
  const outer = header(bytes, 0);
  if (!outer || outer.end !== bytes.length) return undefined;
  if (isCertificate(bytes)) return 'certificate-der';
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    try {
      createPrivateKey({ key: Buffer.from(bytes), format: 'der', type });
      return 'key-der';
    } catch {
      // Not a key of this form.
    }
  }
  const first = header(bytes, outer.content);
  if (!first) return 'der';
  // PFX ::= SEQUENCE { version INTEGER 3, … } (RFC 7292 section 4).
  if (bytes[outer.content] === 0x02 && bytes[outer.content + 2] === 3) return 'pkcs12';
  if (bytes[outer.content] !== 0x30) return 'der';
  // CertificationRequestInfo begins with INTEGER 0 (RFC 2986), TBSCertificate with [0] (RFC 5280).
  const inner = first.content;
  if (bytes[inner] === 0xa0) return 'certificate-der';
  return bytes[inner] === 0x02 && bytes[inner + 1] === 1 && bytes[inner + 2] === 0 ? 'csr-der' : 'der';
}

function isCertificate(der: Uint8Array): boolean {
  try {
    return new X509Certificate(der).raw.length > 0;
  } catch {
    return false;
  }
}

/** Where an element's content begins and ends. */
function header(bytes: Uint8Array, at: number): { content: number; end: number } | undefined {
  const length = bytes[at + 1];
  if (length === undefined) return undefined;
  if (length < 0x80) return { content: at + 2, end: at + 2 + length };
  const count = length & 0x7f;
  if (count === 0 || count > 4) return undefined;
  let value = 0;
  for (let i = 0; i < count; i++) value = value * 256 + (bytes[at + 2 + i] ?? 0);
  return { content: at + 2 + count, end: at + 2 + count + value };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const WANTED = {
  certificate: 'a certificate in PEM form (-----BEGIN CERTIFICATE-----)',
  'private-key': 'a private key in PEM form (-----BEGIN … PRIVATE KEY-----)',
  csr: 'a certificate signing request in PEM form (-----BEGIN CERTIFICATE REQUEST-----)',
  'ca-bundle': "the CA's certificate in PEM form (-----BEGIN CERTIFICATE-----)",
} as const satisfies Record<Wanted, string>;

/** A fix for what was found where something else was wanted. `FILE` stands for the file. */
const FIXES: Readonly<Partial<Record<Content, Partial<Record<Wanted | 'all', string>>>>> = {
  'certificate-der': { all: 'openssl x509 -inform DER -in FILE -out FILE.new, then mv FILE.new FILE' },
  'key-der': { all: 'openssl pkey -inform DER -in FILE -out FILE.new, then mv FILE.new FILE' },
  'csr-der': { all: 'openssl req -inform DER -in FILE -out FILE.new, then mv FILE.new FILE' },
  'encrypted-key': {
    all: 'take the passphrase off: openssl pkey -in FILE -out FILE.new, then mv FILE.new FILE',
  },
  'private-key': {
    certificate:
      'put the certificate there; the two files may have been switched: look at both with npx mtls-lab inspect',
    'ca-bundle': "put the CA's certificate there (pki/ca.crt), never its key",
  },
  certificate: {
    'private-key':
      'put the key there; the two files may have been switched: look at both with npx mtls-lab inspect',
    csr: 'name the .csr file; a certificate is what comes out of a request',
  },
  csr: {
    certificate: 'let the CA sign it first: npx mtls-lab certs sign FILE --as NAME',
    'private-key': 'put the key there that the request was made with',
  },
  pkcs12: { all: 'unpack it: openssl pkcs12 -in FILE -nodes -out FILE.pem' },
};

/**
 * The error for a file that does not hold what was wanted; null when it does.
 * @param bytes  the file's content
 * @param file   its path, for the message
 */
export function wrongContent(wanted: Wanted, bytes: Uint8Array, file: string): LabError | null {
  const contents = contentsOf(bytes);
  const needed: Content = wanted === 'ca-bundle' ? 'certificate' : wanted;
  if (contents.includes(needed)) return null;
  const [first = 'text'] = contents;
  const fix =
    FIXES[first]?.[wanted] ??
    FIXES[first]?.all ??
    (wanted === 'csr'
      ? 'make a request: openssl req -new -key NAME.key -subj "/CN=NAME" -out FILE'
      : 'put the right file back: npx mtls-lab certs distribute');
  return new LabError(codeFor(wanted, first), {
    what: `${file} holds ${contentsText(contents)}; wanted: ${WANTED[wanted]}`,
    fix: fix.replaceAll('FILE', file),
  });
}

function codeFor(wanted: Wanted, found: Content): Code {
  if (wanted === 'csr') return 'CSR_INVALID';
  if (wanted === 'private-key' && found === 'encrypted-key') return 'KEY_INVALID';
  if (wanted === 'certificate' && found === 'private-key') return 'CERT_KEY_SWAPPED';
  if (wanted === 'private-key' && found === 'certificate') return 'CERT_KEY_SWAPPED';
  if (wanted === 'ca-bundle' && (found === 'empty' || found === 'blank')) return 'CA_BUNDLE_EMPTY';
  return 'PEM_INVALID';
}
