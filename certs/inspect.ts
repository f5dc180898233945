/**
 * Any file of keys, certificates, requests or kubeconfigs, as plain data. `text.ts` puts it in words.
 *
 * Certificates are read as Go reads them; what Go refuses is still shown as far as OpenSSL (Node) can read it, with
 * Go's objection beside it. Nothing here throws for what is in a file.
 */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { CONTENTS, type Content, contentOfBlock, contentsOf } from './content.ts';
import { parseCsr } from './csr.ts';
import { messageOf } from './errors.ts';
import {
  type CertificateInfo,
  type InspectOptions,
  inspectCertificate,
  keyObjectText,
  keyText,
  sanText,
  sha256,
} from './inspect-certificate.ts';
import { inspectKubeconfig, type KubeconfigInfo } from './inspect-kubeconfig.ts';
import { readPem } from './pem.ts';
import { nameText } from './x509/strings.ts';

/** One private key: what it is, never what it holds. */
export interface PrivateKeyInfo {
  readonly kind: 'private-key';
  readonly key: string;
  /** PEM label: `RSA PRIVATE KEY`. */
  readonly form: string;
  readonly encrypted: boolean;
  /** Of its public half; null when it cannot be read. */
  readonly publicKeySha256: string | null;
}

/** One request. */
export interface CsrInfo {
  readonly kind: 'csr';
  readonly subject: string;
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly key: string;
  readonly signature: string;
  /** Whoever made it holds the key. */
  readonly proven: boolean;
  readonly sans: readonly string[];
  readonly usages: readonly string[];
  readonly publicKeySha256: string;
}

/** One public key without a certificate. */
export interface PublicKeyInfo {
  readonly kind: 'public-key';
  readonly key: string;
  readonly publicKeySha256: string;
}

/** A part that cannot be read, and why. */
export interface UnreadableInfo {
  readonly kind: 'unreadable';
  readonly holds: Content;
  readonly text: string;
}

export type InspectedItem =
  | CertificateInfo
  | PrivateKeyInfo
  | CsrInfo
  | PublicKeyInfo
  | KubeconfigInfo
  | UnreadableInfo;

/** Everything in one file. */
export interface Inspection {
  readonly file: string;
  readonly contents: readonly Content[];
  readonly items: readonly InspectedItem[];
  /** Pairs in the same file: does the key belong to the certificate? null when there is no such pair. */
  readonly keyMatches: boolean | null;
}

/**
 * Say what a file holds.
 * @param bytes  its content
 * @param file   its path
 */
export function inspect(bytes: Uint8Array, file: string, options: InspectOptions): Inspection {
  const contents = contentsOf(bytes);
  const items = itemsOf(bytes, file, contents, options);
  const certificate = items.find((item) => item.kind === 'certificate');
  const key = items.find((item) => item.kind === 'private-key');
  const pair = certificate && key && key.publicKeySha256 !== null;
  return {
    file,
    contents,
    items,
    keyMatches: pair ? certificate.publicKeySha256 === key.publicKeySha256 : null,
  };
}

function itemsOf(
  bytes: Uint8Array,
  file: string,
  contents: readonly Content[],
  options: InspectOptions,
): InspectedItem[] {
  const text = Buffer.from(bytes).toString('utf8');
  const blocks = readPem(text);
  if (blocks.length > 0) {
    return blocks.map((block) => {
      const pem = { label: block.label, encrypted: contentOfBlock(block) === 'encrypted-key' };
      return inspectDer(contentOfBlock(block), block.bytes, options, pem);
    });
  }
  const [content = 'text'] = contents;
  switch (content) {
    case 'kubeconfig':
      return [inspectKubeconfig(text, file, (pem) => inspect(Buffer.from(pem), file, options).items)];
    case 'certificate-der':
      return [inspectDer('certificate', bytes, options)];
    case 'key-der':
      return [inspectDer('private-key', bytes, options)];
    case 'csr-der':
      return [inspectDer('csr', bytes, options)];
    default:
      return [{ kind: 'unreadable', holds: content, text: `the file holds ${CONTENTS[content]}` }];
  }
}

function inspectDer(
  content: Content,
  der: Uint8Array,
  options: InspectOptions,
  pem: { readonly label: string; readonly encrypted: boolean } = { label: 'DER', encrypted: false },
): InspectedItem {
  try {
    switch (content) {
      case 'certificate':
        return inspectCertificate(der, options);
      case 'csr':
        return inspectCsr(der);
      case 'private-key':
      case 'encrypted-key':
        return inspectPrivateKey(der, pem);
      case 'public-key':
        return inspectPublicKey(der, pem.label);
      default:
        return { kind: 'unreadable', holds: content, text: `the file holds ${CONTENTS[content]}` };
    }
  } catch (error) {
    return { kind: 'unreadable', holds: content, text: messageOf(error) };
  }
}

function inspectCsr(der: Uint8Array): CsrInfo {
  const csr = parseCsr(der);
  return {
    kind: 'csr',
    subject: nameText(csr.subject),
    commonName: csr.subject.commonName,
    organizations: csr.subject.organizations,
    key: keyText(csr.publicKey),
    signature: csr.signatureAlgorithm.name,
    proven: csr.proven,
    sans: csr.requested.san.map(sanText),
    usages: [...csr.requested.extKeyUsage, ...csr.requested.unknownExtKeyUsage],
    publicKeySha256: sha256(csr.publicKey.raw),
  };
}

function inspectPrivateKey(der: Uint8Array, pem: { label: string; encrypted: boolean }): PrivateKeyInfo {
  const none = { kind: 'private-key', form: pem.label, encrypted: pem.encrypted } as const;
  if (pem.encrypted) return { ...none, key: 'unknown until it is decrypted', publicKeySha256: null };
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    try {
      const key = createPrivateKey({ key: Buffer.from(der), format: 'der', type });
      const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
      return { ...none, key: keyObjectText(key), publicKeySha256: sha256(spki) };
    } catch {
      // Not this form.
    }
  }
  throw new Error('the private key cannot be read: its content is damaged');
}

function inspectPublicKey(der: Uint8Array, label: string): PublicKeyInfo {
  const type = label.startsWith('RSA') ? 'pkcs1' : 'spki';
  const key = createPublicKey({ key: Buffer.from(der), format: 'der', type });
  const spki = key.export({ type: 'spki', format: 'der' });
  return { kind: 'public-key', key: keyObjectText(key), publicKeySha256: sha256(spki) };
}
