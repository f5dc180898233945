/**
 * kube-controller-manager: deployments, replica sets, nodes, endpoints, namespaces, garbage, certificate requests.
 * A pure client of the API server; it works only while it holds its leader lease.
 */
import { randomUUID } from 'node:crypto';
import { LabError } from '../../certs/errors.ts';
import { createApiClient } from '../api/client.ts';
import { fileState, hashFile } from '../api/credentials.ts';
import { startLeader } from '../api/leader.ts';
import { startRounds } from '../api/rounds.ts';
import type { Component, FileState, Running, StartContext } from '../component.ts';
import { type FlagValues, parseFlags } from '../flags.ts';
import type { Host } from '../host.ts';
import { startControl } from './control.ts';
import { startDeployments } from './deployment.ts';
import { startEndpoints } from './endpoints.ts';
import { CONTROLLER_MANAGER_FLAGS } from './flags.ts';
import { startGarbageCollector } from './garbage.ts';
import { startNamespaces } from './namespaces.ts';
import { startNodeMonitor } from './node-lifecycle.ts';
import { startReplicaSets } from './replica-set.ts';
import { startSigningRequests } from './signing-requests.ts';

type Flags = FlagValues<typeof CONTROLLER_MANAGER_FLAGS>;

/** Files besides the kubeconfig's that this component uses. */
const FILE_FLAGS = ['root-ca-file', 'cluster-signing-cert-file', 'cluster-signing-key-file'] as const;
const LEASE_ROUNDS = 2;

/** The real binary, as the lab runs it. */
export const kubeControllerManager: Component = {
  name: 'kube-controller-manager',
  role: 'client',
  flags: CONTROLLER_MANAGER_FLAGS,
  dependsOn: ['kube-apiserver'],
  start,
};

async function start(context: StartContext): Promise<Running> {
  const { host, settings, roundMs } = context;
  const flags = parseFlags('kube-controller-manager', CONTROLLER_MANAGER_FLAGS, context.argv);
  checkFlags(host, flags);
  const client = createApiClient({
    host,
    component: context.id,
    kubeconfig: flags.kubeconfig,
    settings,
    roundMs,
    log: context.log,
  });
  client.klog('I', 'controllermanager.go:188', 'Starting', { version: 'v1.33.0' });
  const leaseMs = Math.max(flags['leader-elect-lease-duration'], roundMs * LEASE_ROUNDS);
  const leader = startLeader(client, 'kube-controller-manager', `${host.name}_${randomUUID()}`, leaseMs);
  const control = startControl(client, roundMs, () => leader.leads() || !flags['leader-elect']);
  startDeployments(control);
  startReplicaSets(control);
  startEndpoints(control);
  startNamespaces(control, host, flags['root-ca-file']);
  startGarbageCollector(control);
  const nodes = startNodeMonitor(control, flags['node-monitor-grace-period']);
  const requests = startSigningRequests(control, {
    host,
    certFile: flags['cluster-signing-cert-file'],
    keyFile: flags['cluster-signing-key-file'],
    maxMs: flags['cluster-signing-duration'],
  });
  const held = heldFiles(host, flags);
  const rounds = startRounds(roundMs, async () => {
    client.newRound();
    if (flags['leader-elect']) await leader.round();
    else await client.request('GET', '/version');
    control.resume();
    await nodes.check();
    await requests.clean();
  });
  /** Silence of nodes is looked for twice in a round. */
  const monitor = setInterval(() => void nodes.check(), roundMs / 2);
  client.onRotate(() => void rounds.now());
  return {
    id: context.id,
    endpoint: null,
    files: () => [...client.files(), ...held()],
    dialNow: () => rounds.now(),
    close: async () => {
      clearInterval(monitor);
      await rounds.close();
      await leader.release();
      await control.close();
      await client.close();
    },
  };
}

function checkFlags(host: Host, flags: Flags): void {
  if (flags.kubeconfig === '') {
    throw new LabError('FLAG_INVALID', {
      what: 'kube-controller-manager: --kubeconfig is not set',
      fix: 'add --kubeconfig=/etc/kubernetes/controller-manager.conf',
    });
  }
  const rootCa = flags['root-ca-file'];
  if (rootCa !== '' && hashFile(host, rootCa) === null) {
    throw new LabError('FILE_MISSING', {
      what: `error parsing root-ca-file at ${rootCa}: open ${rootCa}: no such file or directory`,
      fix: `put the CA's certificate at ${rootCa} on ${host.name}, or remove --root-ca-file`,
    });
  }
}

/** What the process holds of the files that flags name: their hashes at the start. */
function heldFiles(host: Host, flags: Flags): () => readonly FileState[] {
  const files = FILE_FLAGS.flatMap((flag) =>
    flags[flag] === '' ? [] : { path: flags[flag], flag: `--${flag}` },
  );
  const hashes = files.map((file) => hashFile(host, file.path));
  return () => files.map((file, index) => fileState(host, file, hashes[index] ?? null));
}
