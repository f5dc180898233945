/**
 * kubeconfig files: written with paths relative to themselves, and read as client-go reads them.
 *
 * Reading is pure: text in, credentials of one context out, with the words of client-go and kubectl where something
 * is wrong (measured with kubectl 1.33). `components/api` reads the file inside a host; `inspect` any file.
 */
import { posix } from 'node:path';
import { stringify } from 'yaml';
import { codeOf } from './files.ts';
import { type Fields, KubeconfigError, loadKubeconfig, named, namesOf, text } from './kubeconfig-file.ts';

/** What a kubeconfig of the lab says. Paths are relative to the file. */
export interface KubeconfigContent {
  readonly server: string;
  readonly user: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A PEM file, or PEM text embedded in the kubeconfig (`*-data`). */
export type KubeconfigPem = { readonly file: string } | { readonly pem: string; readonly from: string };

/** One context, resolved. */
export interface KubeconfigUse {
  readonly context: string;
  readonly cluster: string;
  readonly user: string;
  readonly namespace: string;
  /** Without a trailing slash. */
  readonly server: string;
  readonly serverName?: string;
  readonly insecure: boolean;
  /** `file` is absolute, resolved against the kubeconfig's folder. */
  readonly ca?: KubeconfigPem;
  readonly cert?: KubeconfigPem;
  readonly key?: KubeconfigPem;
  readonly token?: string;
}

/** How to read one. */
export interface KubeconfigOptions {
  /** Where the file lies: relative paths are resolved against its folder, and messages name it. */
  readonly file: string;
  /** Default: the file's current-context. */
  readonly context?: string;
  /** Open a file that the kubeconfig names, and throw the system's error if that fails. Absent: not looked at. */
  readonly open?: (path: string) => void;
}

/**
 * The text of a kubeconfig as kubeadm names its parts: cluster `kubernetes`, user = CN, context `CN@kubernetes`.
 * @see kubeadm cmd/kubeadm/app/util/kubeconfig/kubeconfig.go, CreateBasic
 */
export function buildKubeconfig(content: KubeconfigContent): string {
  const context = `${content.user}@kubernetes`;
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'kubernetes', cluster: { 'certificate-authority': content.ca, server: content.server } },
    ],
    contexts: [{ name: context, context: { cluster: 'kubernetes', user: content.user } }],
    'current-context': context,
    preferences: {},
    users: [{ name: content.user, user: { 'client-certificate': content.cert, 'client-key': content.key } }],
  });
}

/**
 * Read a kubeconfig and resolve one context.
 * @throws KubeconfigError
 * @see    client-go tools/clientcmd/client_config.go, validation.go and transport/transport.go
 */
export function readKubeconfig(source: string, options: KubeconfigOptions): KubeconfigUse {
  const { file } = options;
  const config = loadKubeconfig(source, file);
  const context = options.context ?? text(config['current-context']) ?? '';
  if (context === '')
    throw nowhere(file, 'no current-context is set', 'write current-context: with the name of a context');
  const chosen = named(config['contexts'], context, 'context');
  if (!chosen) {
    const goText = `context was not found for specified context: ${context}`;
    const names = namesOf(config['contexts']);
    throw new KubeconfigError(file, goText, {
      kubectlText: `Error in configuration: ${goText}`,
      fix:
        names.length > 0
          ? `set current-context to one of: ${names.join(', ')}`
          : 'add the context under contexts:',
    });
  }
  const cluster = text(chosen['cluster']) ?? '';
  const clusterFields = named(config['clusters'], cluster, 'cluster');
  if (!clusterFields)
    throw nowhere(file, `cluster "${cluster}" does not exist`, 'name a cluster of the list under clusters:');
  const server = text(clusterFields['server']);
  if (server === undefined)
    throw nowhere(
      file,
      `no server found for cluster "${cluster}"`,
      'write server: https://127.0.0.1:6443 into the cluster',
    );
  if (!URL.canParse(server.includes('://') ? server : `http://${server}`)) {
    throw new KubeconfigError(file, `host must be a URL or a host:port pair: ${JSON.stringify(server)}`, {
      fix: 'write server: https://HOST:PORT',
    });
  }
  const user = text(chosen['user']) ?? '';
  const userFields = named(config['users'], user, 'user');
  if (!userFields) {
    throw new KubeconfigError(file, `auth info ${JSON.stringify(user)} does not exist`, {
      why: 'The context names a user that the file does not have. kubectl then asks for a user name and password; a component goes on as nobody.',
      fix:
        user === ''
          ? 'write user: with a name of the list under users: into the context'
          : `add ${user} under users:, or name another user in the context`,
      kubectlText: 'Please enter Username: error: EOF',
    });
  }
  const problems: string[] = [];
  const pem = (fields: Fields, name: string): KubeconfigPem | undefined => pemOf(fields, name, options);
  const ca = pem(clusterFields, 'certificate-authority');
  const cert = pem(userFields, 'client-certificate');
  const key = pem(userFields, 'client-key');
  checkCluster(clusterFields, cluster, ca, options, problems);
  checkUser(userFields, user, cert, key, options, problems);
  const insecure = clusterFields['insecure-skip-tls-verify'] === true;
  if (problems.length === 0 && insecure && ca)
    problems.push('specifying a root certificates file with the insecure flag is not allowed');
  if (problems.length > 0) {
    throw new KubeconfigError(file, problems.join('\n'), {
      fix: `edit ${file}: ${fixOf(problems[0] ?? '')}`,
      why: whyOf(problems[0] ?? ''),
    });
  }
  const serverName = text(clusterFields['tls-server-name']);
  const token = text(userFields['token']);
  return {
    context,
    cluster,
    user,
    namespace: text(chosen['namespace']) ?? 'default',
    // Without a scheme client-go dials plain HTTP (measured with kubectl 1.33).
    server: (server.includes('://') ? server : `http://${server}`).replace(/\/+$/, ''),
    insecure,
    ...(serverName === undefined ? {} : { serverName }),
    ...(ca ? { ca } : {}),
    // Without its certificate a key proves nothing: client-go then shows no certificate at all.
    ...(cert && key ? { cert, key } : {}),
    ...(token === undefined ? {} : { token }),
  };
}

/** What kubectl does without a usable context: it dials http://localhost:8080. */
function nowhere(file: string, detail: string, fix: string): KubeconfigError {
  return new KubeconfigError(
    file,
    'invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable',
    {
      fix: `edit ${file}: ${fix}`,
      why: `In ${file} ${detail}. Without a server kubectl dials http://localhost:8080, where nobody answers.`,
      kubectlText:
        'The connection to the server localhost:8080 was refused - did you specify the right host or port?',
    },
  );
}

/** What to change. */
function fixOf(problem: string): string {
  if (problem.includes('insecure flag')) return 'remove insecure-skip-tls-verify, and keep the CA';
  if (problem.includes('override')) return 'keep the file or the -data of it, not both';
  if (problem.includes('must be specified')) return 'add client-key: with the key of this certificate';
  if (problem.startsWith('more than one')) return 'keep one way to log in';
  return 'name a file that is there (relative paths begin at the kubeconfig’s own folder)';
}

/** Reasons for what surprises people. */
function whyOf(problem: string): string {
  if (problem.includes('insecure flag'))
    return 'insecure-skip-tls-verify says "do not check the server"; a CA says "check it with this". client-go refuses to guess which one was meant.';
  if (problem.includes('override'))
    return 'A file and embedded data for the same thing contradict each other; client-go refuses both.';
  if (problem.includes('must be specified'))
    return 'A certificate alone proves nothing: the client must sign with the private key that belongs to it.';
  return 'client-go opens every file that the kubeconfig names before it dials.';
}

function pemOf(fields: Fields, name: string, options: KubeconfigOptions): KubeconfigPem | undefined {
  const data = text(fields[`${name}-data`]);
  const path = text(fields[name]);
  if (data === undefined)
    return path === undefined ? undefined : { file: posix.resolve(posix.dirname(options.file), path) };
  const compact = data.replace(/[\r\n]/g, '');
  const bad =
    /[^A-Za-z0-9+/=]/.exec(compact)?.index ??
    (compact.length % 4 === 0 ? undefined : compact.length - (compact.length % 4));
  if (bad !== undefined) {
    throw new KubeconfigError(
      options.file,
      `error loading config file "${options.file}": illegal base64 data at input byte ${bad}`,
      { fix: `write ${name}-data anew: base64 -w0 FILE` },
    );
  }
  return { pem: Buffer.from(compact, 'base64').toString('utf8'), from: `${options.file} (${name}-data)` };
}

function checkCluster(
  fields: Fields,
  cluster: string,
  ca: KubeconfigPem | undefined,
  options: KubeconfigOptions,
  problems: string[],
): void {
  if (ca && 'pem' in ca && text(fields['certificate-authority']) !== undefined) {
    problems.push(
      `certificate-authority-data and certificate-authority are both specified for ${cluster}. certificate-authority-data will override.`,
    );
  }
  const failure = openFailure(ca, options);
  if (failure)
    problems.push(
      `unable to read certificate-authority ${failure.file} for ${cluster} due to ${failure.text}`,
    );
}

function checkUser(
  fields: Fields,
  user: string,
  cert: KubeconfigPem | undefined,
  key: KubeconfigPem | undefined,
  options: KubeconfigOptions,
  problems: string[],
): void {
  const methods = [
    ...((text(fields['token']) ?? text(fields['tokenFile'])) ? ['token'] : []),
    ...((text(fields['username']) ?? text(fields['password'])) ? ['basicAuth'] : []),
  ];
  if (cert) {
    if ('pem' in cert && text(fields['client-certificate']) !== undefined)
      problems.push(
        `client-cert-data and client-cert are both specified for ${user}. client-cert-data will override.`,
      );
    if (key && 'pem' in key && text(fields['client-key']) !== undefined)
      problems.push(
        `client-key-data and client-key are both specified for ${user}; client-key-data will override`,
      );
    if (!key)
      problems.push(
        `client-key-data or client-key must be specified for ${user} to use the clientCert authentication method.`,
      );
    const certFailure = openFailure(cert, options);
    if (certFailure)
      problems.push(`unable to read client-cert ${certFailure.file} for ${user} due to ${certFailure.text}`);
    const keyFailure = openFailure(key, options);
    if (keyFailure)
      problems.push(`unable to read client-key ${keyFailure.file} for ${user} due to ${keyFailure.text}`);
  }
  if (methods.length > 1)
    problems.push(
      `more than one authentication method found for ${user}; found [${methods.join(' ')}], only one is allowed`,
    );
}

const SYSTEM_TEXTS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  ENOTDIR: 'not a directory',
};

function openFailure(
  pem: KubeconfigPem | undefined,
  options: KubeconfigOptions,
): { file: string; text: string } | undefined {
  if (!pem || !('file' in pem) || !options.open) return undefined;
  try {
    options.open(pem.file);
    return undefined;
  } catch (error) {
    const reason = SYSTEM_TEXTS[codeOf(error) ?? ''] ?? 'input/output error';
    return { file: pem.file, text: `open ${pem.file}: ${reason}` };
  }
}
