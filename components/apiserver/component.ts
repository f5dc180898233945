/**
 * kube-apiserver: everything in the cluster talks to it, and it alone talks to etcd.
 */
import { setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import { messageOf } from '../../certs/errors.ts';
import { hashFile } from '../api/credentials.ts';
import type { Component, FileState, Running, StartContext } from '../component.ts';
import { parseFlags } from '../flags.ts';
import { startTlsServer, type TlsServerEvent } from '../tls/server.ts';
import { openAuthorizer } from './authorizer.ts';
import { bootstrap, isBegun } from './bootstrap.ts';
import { dialOptionsOf, openEtcd } from './etcd-gateway.ts';
import { APISERVER_FLAGS, type ApiserverFlags } from './flags.ts';
import { knownKubelets } from './kubelet-address.ts';
import { checkKubelet } from './kubelet-health.ts';
import { admit, createApp, type Pipeline } from './server.ts';
import { type ApiServer, klogger } from './server-context.ts';
import { openStore } from './store.ts';
import { openTokens } from './tokens.ts';

/** The component, as the lab starts it. */
export const kubeApiserver: Component = {
  name: 'kube-apiserver',
  role: 'both',
  flags: APISERVER_FLAGS,
  dependsOn: ['etcd'],
  start,
};

/** How long a start waits for etcd to hold what every cluster needs. */
const FIRST_TRY_MS = 3000;

const PLAIN_CODEC = {
  encode: (_key: string, json: string) => Buffer.from(json, 'utf8'),
  decode: (_key: string, value: Buffer) => value.toString('utf8'),
};

async function start(context: StartContext): Promise<Running> {
  const flags = parseFlags('kube-apiserver', APISERVER_FLAGS, context.argv);
  const log = klogger(context);
  const closing = new AbortController();
  // Every open watch listens.
  setMaxListeners(0, closing.signal);
  const etcd = openEtcd({ servers: flags['etcd-servers'], dial: dialOptionsOf(context, flags) });
  const codec = flags['encryption-provider-config']
    ? (await import('./encryption.ts')).openEncryption(context.host, flags['encryption-provider-config'])
    : PLAIN_CODEC;
  let bootstrapped = false;
  let tried = (): void => undefined;
  const firstTry = new Promise<void>((resolve) => {
    tried = resolve;
    setTimeout(resolve, FIRST_TRY_MS).unref();
  });
  const port = { now: flags['secure-port'] };
  let refreshing: Promise<void> | undefined;
  const ownNode = (): Promise<void> => {
    refreshing ??= refresh().finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  };
  const refresh = async (): Promise<void> => {
    const { prepareManifests, refreshOwnNode } = await import('./own-node.ts');
    await prepareManifests();
    await refreshOwnNode(api);
  };
  const fill = (): void => {
    if (!isBegun(store)) bootstrapped = false;
    bootstrap(api, port.now).then(
      () => {
        bootstrapped = true;
        tried();
        return ownNode();
      },
      (error: unknown) => {
        log('W', 'storage_rbac.go:240', `unable to initialize: ${messageOf(error)}`);
        tried();
        if (!closing.signal.aborted) setTimeout(fill, context.roundMs).unref();
      },
    );
  };
  const store = openStore({
    etcd,
    codec,
    onFresh: () => fill(),
    onLink: (problem) => {
      logLink(log, flags, problem);
      if (problem) tried();
    },
    onUnreadable: (key, text) => log('E', 'watcher.go:342', 'failed to decode', { key, err: text }),
  });
  const api: ApiServer = {
    context,
    flags,
    store,
    closing: closing.signal,
    now: () => context.host.now(),
    log,
  };
  const authorizer = openAuthorizer(api);
  const pipeline: Pipeline = {
    api,
    tokens: openTokens(api),
    authorizer,
    health: { api, askEtcd: () => etcd.health(), isBootstrapped: () => bootstrapped },
    address: () => `127.0.0.1:${port.now}`,
  };
  const http1 = createServer(createApp(pipeline));
  http1.on('upgrade', (request, socket, head) => {
    import('./kubelet-upgrade.ts')
      .then(({ serveUpgrade }) => serveUpgrade(api, () => admit(pipeline, request), request, socket, head))
      .catch(() => socket.destroy());
  });
  let serving: Awaited<ReturnType<typeof startTlsServer>>;
  try {
    serving = await startTlsServer(tlsOptions(context, flags, http1, log));
  } catch (error) {
    closing.abort();
    await store.close();
    await etcd.close();
    throw error;
  }
  port.now = serving.port;
  const round = setInterval(() => {
    dialNow()
      .then(() => (bootstrapped ? ownNode() : undefined))
      .catch((error: unknown) => log('W', 'round.go:1', messageOf(error)));
  }, context.roundMs);

  async function dialNow(): Promise<void> {
    etcd.rotate();
    const toEtcd = etcd.health().catch((error: unknown) => logLink(log, flags, messageOf(error)));
    await Promise.all([toEtcd, ...knownKubelets(api).map((kubelet) => checkKubelet(api, kubelet))]);
  }

  // Clients that come before the RBAC objects are there would be told 403.
  await firstTry;
  return {
    id: context.id,
    endpoint: { url: serving.url, port: serving.port },
    files: () => [...serving.files(), ...clientFiles(context, flags)],
    dialNow,
    async close() {
      clearInterval(round);
      closing.abort();
      await serving.close();
      await store.close();
      await etcd.close();
    },
  };
}

/** The files of its two client sides. The transport looks at them before every dial: what lies there is in use. */
const CLIENT_FILE_FLAGS = [
  'etcd-cafile',
  'etcd-certfile',
  'etcd-keyfile',
  'kubelet-certificate-authority',
  'kubelet-client-certificate',
  'kubelet-client-key',
] as const satisfies readonly (keyof ApiserverFlags)[];

function clientFiles({ host }: StartContext, flags: ApiserverFlags): FileState[] {
  return CLIENT_FILE_FLAGS.filter((flag) => flags[flag] !== '').map((flag) => {
    const hash = hashFile(host, flags[flag]);
    const problem = hash === null ? `open ${flags[flag]}: no such file or directory` : null;
    return { path: flags[flag], flag: `--${flag}`, inProcess: hash, onDisk: hash, problem };
  });
}

function tlsOptions(context: StartContext, flags: ApiserverFlags, http1: Server, log: ApiServer['log']) {
  return {
    host: context.host,
    component: context.id,
    settings: context.settings,
    port: flags['secure-port'],
    certFile: flags['tls-cert-file'],
    keyFile: flags['tls-private-key-file'],
    flags: { cert: '--tls-cert-file', key: '--tls-private-key-file', ca: '--client-ca-file' },
    ...(flags['client-ca-file'] ? { clientCaFile: flags['client-ca-file'] } : {}),
    minVersion: flags['tls-min-version'] === 'VersionTLS13' ? ('TLSv1.3' as const) : ('TLSv1.2' as const),
    ...(flags['tls-cipher-suites'].length > 0 ? { cipherSuites: flags['tls-cipher-suites'] } : {}),
    unsafe: flags['authorization-mode'].includes('AlwaysAllow')
      ? [`${context.id} allows everybody whom it lets in everything (--authorization-mode=AlwaysAllow)`]
      : [],
    http1,
    log: (event: TlsServerEvent) => logTls(log, event),
  };
}

/** The transport's news in the real program's words. */
function logTls(log: ApiServer['log'], event: TlsServerEvent): void {
  switch (event.kind) {
    case 'handshake-error':
      log('I', 'log.go:245', `http: TLS handshake error from ${event.remote}: ${event.text}`);
      return;
    case 'loaded': {
      const what =
        event.what === 'serving-cert' ? 'Loaded a new cert/key pair' : 'Loaded a new CA Bundle and Verifier';
      const source =
        event.what === 'serving-cert' ? 'dynamic_serving_content.go:195' : 'dynamic_cafile_content.go:211';
      const name = event.what === 'serving-cert' ? 'serving-cert' : 'client-ca-bundle';
      log('I', source, what, { name: `${name}::${event.path}` });
      return;
    }
    case 'load-failed':
      log('E', 'dynamic_serving_content.go:144', 'Failed to load', { name: event.path, err: event.text });
  }
}

function logLink(log: ApiServer['log'], flags: ApiserverFlags, problem: string | null): void {
  if (problem === null) return;
  const address = flags['etcd-servers'][0]?.replace(/^https?:\/\//, '') ?? '';
  const words = /desc = (.*)$/s.exec(problem)?.[1] ?? problem;
  const err = words.startsWith('connection error: desc = ')
    ? words
    : `connection error: desc = ${JSON.stringify(words)}`;
  log(
    'W',
    'logging.go:55',
    `[core] [Channel #1 SubChannel #2] grpc: addrConn.createTransport failed to connect to {Addr: ${JSON.stringify(address)}, ServerName: ${JSON.stringify(address)}, }. Err: ${err}`,
  );
}
