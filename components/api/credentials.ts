/**
 * What a kubeconfig inside a host says about one client: whom to dial, whom to trust, whom to be.
 * Read anew in every round, so that an edited file takes effect without a restart.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { parse } from 'yaml';
import { LabError, messageOf } from '../../certs/errors.ts';
import type { FileState, Settings } from '../component.ts';
import type { Host } from '../host.ts';
import type { DialOptions, PemSource } from '../tls/client.ts';

/** A kubeconfig's current context, resolved; file paths are absolute inside the host. */
export interface Credentials {
  readonly kubeconfig: string;
  readonly context: string;
  readonly cluster: string;
  readonly user: string;
  readonly namespace: string;
  readonly server: string;
  readonly serverName?: string;
  readonly insecure: boolean;
  readonly ca?: PemSource;
  readonly cert?: PemSource;
  readonly key?: PemSource;
  readonly token?: string;
}

/** One file that a client depends on. */
export interface CredentialFile {
  readonly path: string;
  readonly flag: string;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Read a kubeconfig's current context.
 * @param path  absolute inside the host
 * @throws      LabError FILE_MISSING or KUBECONFIG_INVALID, in client-go's words
 * @see         client-go tools/clientcmd/client_config.go and validation.go
 */
export function readCredentials(host: Host, path: string, contextName?: string): Credentials {
  const config = readConfig(host, path);
  const refuse = (what: string): never => {
    throw new LabError('KUBECONFIG_INVALID', {
      what,
      fix: `edit ${path}, or write it anew from the CA's folder`,
    });
  };
  const context = contextName ?? text(config['current-context']) ?? '';
  if (context === '') {
    refuse(
      'invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable',
    );
  }
  const chosen =
    named(config['contexts'], context, 'context') ??
    refuse(`context was not found for specified context: ${context}`);
  const cluster = text(chosen['cluster']) ?? '';
  const user = text(chosen['user']) ?? '';
  const clusterFields =
    named(config['clusters'], cluster, 'cluster') ??
    refuse(`invalid configuration: cluster "${cluster}" does not exist`);
  const userFields = named(config['users'], user, 'user') ?? refuse(`auth info "${user}" does not exist`);
  const server =
    text(clusterFields['server']) ??
    refuse(`invalid configuration: no server found for cluster "${cluster}"`);
  if (!URL.canParse(server)) refuse(`invalid configuration: parse "${server}": not a URL`);
  const pem = (fields: Fields, name: string): PemSource | undefined => pemSource(path, fields, name, refuse);
  const ca = pem(clusterFields, 'certificate-authority');
  const cert = pem(userFields, 'client-certificate');
  const key = pem(userFields, 'client-key');
  const insecure = clusterFields['insecure-skip-tls-verify'] === true;
  if (insecure && ca) refuse('specifying a root certificates file with the insecure flag is not allowed');
  if (cert && !key) {
    refuse(
      `invalid configuration: client-key-data or client-key must be specified for ${user} to use the clientCert authentication method.`,
    );
  }
  const serverName = text(clusterFields['tls-server-name']);
  const token = text(userFields['token']);
  return {
    kubeconfig: path,
    context,
    cluster,
    user,
    namespace: text(chosen['namespace']) ?? 'default',
    server: server.replace(/\/+$/, ''),
    insecure,
    ...(serverName === undefined ? {} : { serverName }),
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(token === undefined ? {} : { token }),
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

function readConfig(host: Host, path: string): Fields {
  let source: string;
  try {
    source = readFileSync(host.path(path), 'utf8');
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw new LabError(missing ? 'FILE_MISSING' : 'FILE_UNREADABLE', {
      what: `stat ${path}: ${missing ? 'no such file or directory' : messageOf(cause)}`,
      fix: `put a kubeconfig at ${path} on ${host.name}`,
      cause,
    });
  }
  let config: unknown;
  try {
    config = parse(source, { maxAliasCount: 20 });
  } catch (cause) {
    throw new LabError('KUBECONFIG_INVALID', {
      what: `error loading config file "${path}": yaml: ${messageOf(cause).split('\n')[0]}`,
      fix: `mend the YAML of ${path} on ${host.name}`,
      cause,
    });
  }
  return fieldsOf(config) ?? {};
}

function pemSource(
  kubeconfig: string,
  fields: Fields,
  name: string,
  refuse: (what: string) => never,
): PemSource | undefined {
  const data = text(fields[`${name}-data`]);
  if (data !== undefined) {
    const compact = data.replace(/\s+/g, '');
    const bad = /[^A-Za-z0-9+/=]/.exec(compact);
    if (bad || compact.length % 4 !== 0) {
      refuse(
        `error loading config file "${kubeconfig}": illegal base64 data at input byte ${bad?.index ?? compact.length}`,
      );
    }
    return { pem: Buffer.from(compact, 'base64').toString('utf8'), from: kubeconfig };
  }
  const file = text(fields[name]);
  return file === undefined ? undefined : { file: posix.resolve('/', posix.dirname(kubeconfig), file) };
}

/** The entry of that name in a kubeconfig's list of `{ name, <field>: {…} }`. */
function named(list: unknown, name: string, field: string): Fields | undefined {
  if (!Array.isArray(list)) return undefined;
  const entry = list.map(fieldsOf).find((one) => one?.['name'] === name);
  return entry === undefined ? undefined : (fieldsOf(entry[field]) ?? {});
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
