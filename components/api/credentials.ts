/**
 * What a kubeconfig inside a host says about one client: whom to dial, whom to trust, whom to be.
 * Read anew in every round, so that an edited file takes effect without a restart.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LabError, messageOf } from '../../certs/errors.ts';
import { codeOf } from '../../certs/files.ts';
import { type KubeconfigUse, readKubeconfig } from '../../certs/kubeconfig.ts';
import type { FileState, Settings } from '../component.ts';
import type { Host } from '../host.ts';
import type { DialOptions, PemSource } from '../tls/client.ts';

/** A kubeconfig's current context, resolved; file paths are absolute inside the host. */
export interface Credentials extends KubeconfigUse {
  readonly kubeconfig: string;
}

/** One file that a client depends on. */
export interface CredentialFile {
  readonly path: string;
  readonly flag: string;
}

/**
 * Read a kubeconfig.
 * @param path      absolute inside the host
 * @param context   default the current one
 * @param pairFile  certificate and key in one file, in place of the kubeconfig's
 * @throws          LabError FILE_MISSING, FILE_UNREADABLE; KubeconfigError in client-go's words
 */
export function readCredentials(
  host: Host,
  path: string,
  { context, pairFile }: { readonly context?: string | undefined; readonly pairFile?: string } = {},
): Credentials {
  const source = readSource(host, path);
  return {
    kubeconfig: path,
    ...readKubeconfig(source, { file: path, ...(context === undefined ? {} : { context }) }),
    ...(pairFile === undefined ? {} : { cert: { file: pairFile }, key: { file: pairFile } }),
  };
}

/** The transport's options for these credentials. */
export function dialOptions(
  host: Host,
  component: string,
  settings: Settings,
  credentials: Credentials,
): DialOptions {
  const { ca, cert, key, serverName } = credentials;
  return {
    host,
    component,
    server: 'kube-apiserver',
    settings,
    url: credentials.server,
    insecure: credentials.insecure,
    alpn: ['http/1.1'],
    ...(serverName === undefined ? {} : { serverName }),
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
  };
}

/** The files that a client depends on: the kubeconfig and what it names. */
export function credentialFiles(
  path: string,
  credentials: Credentials | undefined,
): readonly CredentialFile[] {
  const files: CredentialFile[] = [{ path, flag: '--kubeconfig' }];
  const add = (source: PemSource | undefined, flag: string): void => {
    if (source && 'file' in source) files.push({ path: source.file, flag });
  };
  add(credentials?.ca, 'certificate-authority');
  add(credentials?.cert, 'client-certificate');
  add(credentials?.key, 'client-key');
  return files;
}

/** SHA-256 (hex) of a file inside the host; null when it cannot be read. */
export function hashFile(host: Host, path: string): string | null {
  try {
    return createHash('sha256')
      .update(readFileSync(host.path(path)))
      .digest('hex');
  } catch {
    return null;
  }
}

/** A file beside what the process holds of it. */
export function fileState(host: Host, file: CredentialFile, inProcess: string | null): FileState {
  const onDisk = hashFile(host, file.path);
  const problem = onDisk === null ? `open ${file.path}: no such file or directory` : null;
  return { path: file.path, flag: file.flag, inProcess, onDisk, problem };
}

function readSource(host: Host, path: string): string {
  try {
    return readFileSync(host.path(path), 'utf8');
  } catch (cause) {
    const missing = codeOf(cause) === 'ENOENT';
    throw new LabError(missing ? 'FILE_MISSING' : 'FILE_UNREADABLE', {
      what: `stat ${path}: ${missing ? 'no such file or directory' : messageOf(cause)}`,
      fix: `put a kubeconfig at ${path} on ${host.name}`,
      cause,
    });
  }
}
