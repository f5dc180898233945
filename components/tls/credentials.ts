/**
 * A key pair and a bundle of trust anchors, from PEM to what the transport uses; refused with the texts of Go's
 * crypto/tls and of the real programs, and with plain words beside them.
 */
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Code } from '../../certs/codes.ts';
import { LabError, messageOf } from '../../certs/errors.ts';
import { type PemBlock, readPem, writePem } from '../../certs/pem.ts';

/** What a file held, and how to call it in messages. */
export interface NamedBytes {
  /** Path inside the host, or `client-certificate-data of …`. */
  readonly from: string;
  readonly bytes: Uint8Array;
}

/** A certificate chain with its key, fit for use. */
export interface KeyPairMaterial {
  /** The file's CERTIFICATE blocks and nothing else, in the file's order. */
  readonly certPem: string;
  readonly keyPem: string;
  /** DER, in the file's order. */
  readonly chain: readonly Uint8Array[];
  /** SHA-256 over both, hex. */
  readonly fingerprint: string;
}

/** How a program treats a bundle without a usable certificate. */
export type BundleRules = 'client-go' | 'kubernetes' | 'etcd';

/**
 * Read a pair as Go's tls.X509KeyPair does.
 * @throws LabError PEM_INVALID, CERT_KEY_SWAPPED, CERT_MALFORMED, KEY_INVALID or KEY_MISMATCH; `goTextOf` has Go's words
 * @see    Go src/crypto/tls/tls.go, X509KeyPair
 */
export function readKeyPair(cert: NamedBytes, key: NamedBytes): KeyPairMaterial {
  const certBlocks = blocksOf(cert);
  const certificates = certBlocks.filter((block) => block.label === 'CERTIFICATE');
  if (certificates.length === 0) refuseCertificateFile(cert, certBlocks);
  const keyBlocks = blocksOf(key);
  const keyBlock = keyBlocks.find((block) => /(^|[^ ] )PRIVATE KEY$/.test(block.label));
  if (!keyBlock) refuseKeyFile(key, keyBlocks);
  const chain = certificates.map((block) => block.bytes);
  const leaf = readCertificate(cert, chain[0] ?? new Uint8Array());
  const privateKey = readKey(key, keyBlock);
  checkPair(leaf, privateKey, cert, key);
  const certPem = chain.map((der) => writePem('CERTIFICATE', der)).join('');
  const keyPem = writePem(keyBlock.label, keyBlock.bytes);
  const fingerprint = createHash('sha256').update(certPem).update(keyPem).digest('hex');
  return { certPem, keyPem, chain, fingerprint };
}

/**
 * Read a bundle of trust anchors.
 * @param rules  `client-go`: an empty file trusts nothing, garbage is an error; `kubernetes`: needs at least one
 *               certificate; `etcd`: garbage trusts nothing
 * @returns      DER, in the file's order
 * @throws       LabError CA_BUNDLE_EMPTY, PEM_INVALID or CERT_MALFORMED
 * @see          client-go transport/transport.go rootCertPool; cert/pem.go ParseCertsPEM; etcd client/pkg/tlsutil NewCertPool
 */
export function readRoots(bundle: NamedBytes, rules: BundleRules): readonly Uint8Array[] {
  if (bundle.bytes.length === 0 && rules !== 'kubernetes') return [];
  const blocks = blocksOf(bundle);
  const certificates = blocks.filter(
    (block) => block.label === 'CERTIFICATE' && Object.keys(block.headers).length === 0,
  );
  const usable = certificates.map((block) => block.bytes).filter(isReadable);
  if (usable.length > 0 && (rules !== 'etcd' || usable.length === certificates.length)) return usable;
  const said = (text: string): string =>
    rules === 'client-go' ? `unable to load root certificates: ${text}` : text;
  if (certificates.length > usable.length) {
    throw problem('CERT_MALFORMED', said('failed to parse certificate: x509: malformed certificate'), {
      what: `${bundle.from} holds a CERTIFICATE block that is no certificate`,
      fix: `look at it with: openssl x509 -in ${bundle.from} -noout -text; then copy the CA's certificate there again`,
    });
  }
  if (rules === 'etcd' && blocks.length === 0) return [];
  if (blocks.length > 0) {
    const text = said(
      rules === 'client-go'
        ? 'no valid certificate authority data seen'
        : 'data does not contain any valid RSA or ECDSA certificates',
    );
    throw problem('CA_BUNDLE_EMPTY', text, {
      what: `${bundle.from} holds ${list(blocks)}, but no CERTIFICATE`,
      fix: `copy the CA's certificate (ca.crt) to ${bundle.from}`,
    });
  }
  const text =
    rules === 'client-go'
      ? 'unable to parse bytes as PEM block'
      : 'data does not contain any valid RSA or ECDSA certificates';
  throw notPem(bundle, 'CA_BUNDLE_EMPTY', said(text), "the CA's certificate (ca.crt)");
}

/** What Go says about a file that could not be used; the error's own sentence when nothing better is known. */
export function goTextOf(error: unknown): string {
  if (error instanceof LabError && error.cause instanceof Error) return error.cause.message;
  return messageOf(error);
}

/** A LabError with Go's words behind it. */
export function problem(
  code: Code,
  goText: string,
  details: { readonly what: string; readonly fix: string },
): LabError {
  return new LabError(code, { ...details, cause: new Error(goText) });
}

function blocksOf({ bytes }: NamedBytes): PemBlock[] {
  return readPem(Buffer.from(bytes).toString('latin1'));
}

function isReadable(der: Uint8Array): boolean {
  try {
    return new X509Certificate(der) !== null;
  } catch {
    return false;
  }
}

function refuseCertificateFile(file: NamedBytes, blocks: readonly PemBlock[]): never {
  const [only] = blocks;
  if (only === undefined) {
    throw notPem(
      file,
      'PEM_INVALID',
      'tls: failed to find any PEM data in certificate input',
      'a certificate',
    );
  }
  if (blocks.length === 1 && only.label.endsWith('PRIVATE KEY')) {
    throw problem(
      'CERT_KEY_SWAPPED',
      'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
      {
        what: `${file.from} should hold a certificate and holds a private key (${only.label})`,
        fix: `put the certificate into ${file.from} and the key into the key's file`,
      },
    );
  }
  throw problem(
    'PEM_INVALID',
    `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${blocks.map(({ label }) => label).join(' ')}]`,
    {
      what: `${file.from} should hold a certificate and holds ${list(blocks)}`,
      fix: `put a PEM block CERTIFICATE into ${file.from}`,
    },
  );
}

function refuseKeyFile(file: NamedBytes, blocks: readonly PemBlock[]): never {
  const [only] = blocks;
  if (only === undefined) {
    throw notPem(file, 'PEM_INVALID', 'tls: failed to find any PEM data in key input', 'a private key');
  }
  if (blocks.length === 1 && only.label === 'CERTIFICATE') {
    throw problem(
      'CERT_KEY_SWAPPED',
      'tls: found a certificate rather than a key in the PEM for the private key',
      {
        what: `${file.from} should hold a private key and holds a certificate`,
        fix: `put the private key into ${file.from} and the certificate into the certificate's file`,
      },
    );
  }
  throw problem(
    'PEM_INVALID',
    `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${blocks.map(({ label }) => label).join(' ')}]`,
    {
      what: `${file.from} should hold a private key and holds ${list(blocks)}`,
      fix: `put a PEM block PRIVATE KEY into ${file.from}`,
    },
  );
}

function notPem(file: NamedBytes, code: Code, goText: string, wanted: string): LabError {
  const { from, bytes } = file;
  if (bytes.length === 0) {
    return problem(code, goText, {
      what: `${from} is empty; it should hold ${wanted} as PEM`,
      fix: `copy ${wanted} to ${from}`,
    });
  }
  if (bytes[0] === 0x30 && bytes.length > 4) {
    return problem(code, goText, {
      what: `${from} is binary (DER); it should hold ${wanted} as PEM, which begins with -----BEGIN`,
      fix: `openssl ${wanted.includes('key') ? 'pkey' : 'x509'} -inform DER -in ${from} -out ${from}.pem && mv ${from}.pem ${from}`,
    });
  }
  return problem(code, goText, {
    what: `${from} holds no complete PEM block; it should hold ${wanted}`,
    fix: `copy ${wanted} to ${from}; a PEM block goes from -----BEGIN to -----END`,
  });
}

function readCertificate(file: NamedBytes, der: Uint8Array): X509Certificate {
  const certificate = parseCertificate(file, der);
  // OpenSSL takes it; Go parses the leaf of its own pair, and since 1.23 refuses this. @see Go crypto/x509 parser.go
  if (certificate.serialNumber.startsWith('-')) {
    throw problem('CERT_MALFORMED', 'x509: negative serial number', {
      what: `the certificate in ${file.from} has a negative serial number, which Go does not read`,
      fix: `issue it again with a positive serial number and copy it to ${file.from}`,
    });
  }
  return certificate;
}

function parseCertificate(file: NamedBytes, der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (error) {
    throw problem('CERT_MALFORMED', 'x509: malformed certificate', {
      what: `the first certificate of ${file.from} cannot be read: ${messageOf(error)}`,
      fix: `issue it again and copy it to ${file.from}`,
    });
  }
}

function readKey(file: NamedBytes, block: PemBlock): KeyObject {
  const encrypted = block.label === 'ENCRYPTED PRIVATE KEY' || 'Proc-Type' in block.headers;
  if (!encrypted) {
    try {
      return createPrivateKey(writePem(block.label, block.bytes));
    } catch {
      // Said below.
    }
  }
  throw problem('KEY_INVALID', 'tls: failed to parse private key', {
    what: encrypted
      ? `the private key in ${file.from} is encrypted with a passphrase; servers cannot ask for it`
      : `the private key in ${file.from} cannot be read`,
    fix: encrypted
      ? `openssl pkey -in ${file.from} -out ${file.from}.plain && mv ${file.from}.plain ${file.from}`
      : `copy the key that belongs to the certificate to ${file.from}`,
  });
}

function checkPair(leaf: X509Certificate, key: KeyObject, cert: NamedBytes, keyFile: NamedBytes): void {
  if (leaf.checkPrivateKey(key)) return;
  const kinds = [leaf.publicKey.asymmetricKeyType, key.asymmetricKeyType];
  const text =
    kinds[0] === kinds[1]
      ? 'tls: private key does not match public key'
      : 'tls: private key type does not match public key type';
  throw problem('KEY_MISMATCH', text, {
    what: `the key in ${keyFile.from} does not belong to the certificate in ${cert.from}${
      kinds[0] === kinds[1] ? '' : ` (${kinds[1]} key, ${kinds[0]} certificate)`
    }`,
    fix: `compare: openssl pkey -in ${keyFile.from} -pubout and openssl x509 -in ${cert.from} -noout -pubkey; then copy the pair that belongs together`,
  });
}

function list(blocks: readonly PemBlock[]): string {
  return [...new Set(blocks.map((block) => block.label))].join(', ');
}
