/**
 * What client-go checks of a kubeconfig's files before it dials: they are there, and the CA bundle can be read.
 *
 * @see client-go tools/clientcmd/validation.go, validateAuthInfo and validateClusterInfo; util/cert/pem.go
 */
import { readFileSync } from 'node:fs';
import { LabError } from '../../certs/errors.ts';
import { readPem } from '../../certs/pem.ts';
import { readCertificate } from '../../certs/x509.ts';
import type { Host } from '../host.ts';
import type { PemSource } from '../tls/client.ts';
import type { Credentials } from './credentials.ts';

/**
 * Check the files that credentials name.
 * @throws LabError FILE_MISSING, CA_BUNDLE_EMPTY, in client-go's words
 */
export function checkCredentials(host: Host, credentials: Credentials): void {
  const { user, cluster, cert, key, ca } = credentials;
  checkFile(host, 'client-cert', cert, user);
  checkFile(host, 'client-key', key, user);
  checkFile(host, 'certificate-authority', ca, cluster);
  if (!ca) return;
  const text = 'pem' in ca ? ca.pem : readFileSync(host.path(ca.file), 'utf8');
  if (text === '') return;
  const blocks = readPem(text);
  const certificates = blocks.filter((block) => block.label === 'CERTIFICATE');
  const where = 'pem' in ca ? ca.from : ca.file;
  if (blocks.length === 0) throw badBundle('unable to parse bytes as PEM block', where);
  if (certificates.length === 0) throw badBundle('no valid certificate authority data seen', where);
  for (const { bytes } of certificates) {
    try {
      readCertificate(bytes);
    } catch {
      throw badBundle('failed to parse certificate: x509: malformed certificate', where);
    }
  }
}

function checkFile(host: Host, what: string, source: PemSource | undefined, owner: string): void {
  if (!source || 'pem' in source) return;
  try {
    readFileSync(host.path(source.file));
  } catch (cause) {
    const denied = cause instanceof Error && 'code' in cause && cause.code === 'EACCES';
    const why = denied ? 'permission denied' : 'no such file or directory';
    throw new LabError(denied ? 'FILE_UNREADABLE' : 'FILE_MISSING', {
      what: `unable to read ${what} ${source.file} for ${owner} due to open ${source.file}: ${why}`,
      fix: `put the file back at ${source.file} on ${host.name}`,
      cause,
    });
  }
}

function badBundle(text: string, where: string): LabError {
  return new LabError('CA_BUNDLE_EMPTY', {
    what: `unable to load root certificates: ${text}`,
    fix: `put the CA's certificate (pki/ca.crt) back into ${where}`,
  });
}
