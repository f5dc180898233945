/**
 * kubelet: serves 10250 for the API server, and as a client of the API server speaks for its node and runs its pods.
 */
import { LabError } from '../../certs/errors.ts';
import type { ApiClient } from '../api/client.ts';
import { podSubnet } from '../api/pod-cidr.ts';
import { QUICK_ROUND_MS, startRounds } from '../api/rounds.ts';
import type { Component, Running, StartContext } from '../component.ts';
import { parseFlags } from '../flags.ts';
import { startTlsServer, type TlsServerEvent } from '../tls/server.ts';
import { createAdmit, tooOpen } from './auth.ts';
import { readKubeletConfig } from './config.ts';
import { KUBELET_FLAGS } from './flags.ts';
import { openIdentity } from './identity.ts';
import { startNodeVoice } from './node.ts';
import { startPods } from './pods.ts';
import { kubeletHttp } from './server.ts';

/** Missed rounds after which a node's lease has run out. Real: renewed every 10 s, counts for 40 s. */
const LEASE_ROUNDS = 4;
const PULL_MS = 200;

/** The real binary, as the lab runs it. */
export const kubelet: Component = {
  name: 'kubelet',
  role: 'both',
  flags: KUBELET_FLAGS,
  dependsOn: ['kube-apiserver'],
  start,
};

async function start(context: StartContext): Promise<Running> {
  const { host, settings, roundMs } = context;
  const flags = parseFlags('kubelet', KUBELET_FLAGS, context.argv);
  for (const flag of ['config', 'kubeconfig'] as const) {
    if (flags[flag] !== '') continue;
    throw new LabError('FLAG_INVALID', {
      what: `kubelet: --${flag} is not set`,
      fix: `add --${flag}=${flag === 'config' ? '/var/lib/kubelet/config.yaml' : '/etc/kubernetes/kubelet.conf'}`,
    });
  }
  const node = flags['hostname-override'] || host.name;
  const config = readKubeletConfig(host, flags.config, flags['cert-dir']);
  const identity = openIdentity({ context, flags, config, node });
  const { client, serving } = identity;
  client.klog('I', 'server.go:530', 'Kubelet version', { kubeletVersion: 'v1.33.0' });
  const pods = startPods({
    client,
    node,
    hostIP: flags['node-ip'],
    subnet: podSubnet(node),
    pullMs: PULL_MS,
  });
  const http = kubeletHttp({
    node,
    config,
    pods,
    admit: createAdmit({ client, config, node, cacheMs: roundMs }),
    now: () => host.now(),
    startedAtMs: host.now().getTime(),
  });
  const server = await startTlsServer({
    host,
    component: context.id,
    settings,
    port: config.port,
    certFile: serving.certFile,
    keyFile: serving.keyFile,
    certMayBeMissing: serving.mayBeMissing,
    flags: { cert: 'tlsCertFile', key: 'tlsPrivateKeyFile', ca: 'authentication.x509.clientCAFile' },
    ...(config.clientCAFile === '' ? {} : { clientCaFile: config.clientCAFile }),
    minVersion: config.tlsMinVersion,
    ...(config.tlsCipherSuites.length === 0 ? {} : { cipherSuites: config.tlsCipherSuites }),
    unsafe: tooOpen(context.id, config, settings.clientAuth),
    http1: http,
    log: (event) => logEvent(client, event),
  }).catch(async (error: unknown) => {
    await pods.close();
    await identity.close();
    throw error;
  });
  client.klog('I', 'server.go:180', 'Starting to listen', { address: '127.0.0.1', port: server.port });
  const voice = startNodeVoice(client, {
    name: node,
    address: flags['node-ip'],
    port: server.port,
    labels: Object.fromEntries(flags['node-labels'].map((label) => pair(label))),
    leaseMs: roundMs * LEASE_ROUNDS,
  });
  const rounds = startRounds(roundMs, async () => {
    if (!(await identity.ready())) return;
    client.newRound();
    await voice.round();
    pods.follow();
    await pods.retry();
    await identity.refresh();
    // Very many kubelets in one process: an idle connection each would be most of their memory.
    if (roundMs > QUICK_ROUND_MS) client.endRound();
  });
  client.onRotate(() => void rounds.now());
  return {
    id: context.id,
    endpoint: { url: server.url, port: server.port },
    files: () => [...client.files(), ...server.files()],
    problem: () => identity.problem(),
    dialNow: () => rounds.now(),
    close: async () => {
      await rounds.close();
      await pods.close();
      await identity.close();
      await server.close();
    },
  };
}

/** `a=b` as a pair. */
function pair(label: string): [string, string] {
  const [key = '', ...value] = label.split('=');
  return [key, value.join('=')];
}

/** The transport's news in the kubelet's words. */
function logEvent(client: ApiClient, event: TlsServerEvent): void {
  switch (event.kind) {
    case 'handshake-error':
      client.klog('I', 'log.go:245', `http: TLS handshake error from ${event.remote}: ${event.text}`);
      return;
    case 'loaded':
      client.klog('I', 'dynamic_cafile_content.go:211', LOADED[event.what].message, {
        name: `${LOADED[event.what].name}::${event.path}`,
      });
      return;
    case 'load-failed':
      client.klog('E', 'dynamic_cafile_content.go:166', 'Unhandled Error', {
        err: `key failed with : ${event.text}`,
        logger: 'UnhandledError',
        path: event.path,
      });
      return;
  }
}

const LOADED = {
  'serving-cert': { name: 'serving-cert', message: 'Loaded a new cert/key pair' },
  'client-ca': { name: 'client-ca-bundle', message: 'Loaded a new CA Bundle and Verifier' },
} as const;
