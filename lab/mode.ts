/**
 * The mode of all servers that have two, `require` or `request`, changed while the lab runs: lab.yaml is edited as by
 * hand, the servers start again, and everybody dials anew.
 */
import type { ClientAuth } from '../components/component.ts';
import type { Cluster } from './cluster.ts';
import { readDirectory } from './directory.ts';
import { setClientAuth } from './init.ts';

/** The two modes. */
export const CLIENT_AUTH_MODES = ['require', 'request'] as const satisfies readonly ClientAuth[];

/**
 * Switch a running lab.
 * @returns when every client has dialled once
 * @throws  LabError DIR_INVALID, DIR_UNWRITABLE
 */
export async function switchMode(dir: string, cluster: Cluster, clientAuth: ClientAuth): Promise<void> {
  const named = Object.keys(readDirectory(dir).settings).filter((name) => /^kubelet@/.test(name));
  setClientAuth(dir, clientAuth, ['kube-apiserver', 'kubelet', ...named]);
  const servers = cluster.instances.filter(({ component }) => /^(kube-apiserver|kubelet)$/.test(component));
  await Promise.all(servers.map(({ id }) => cluster.supervisor(id)?.restart()));
  // Now, instead of at the next round.
  const dials = cluster.instances.map(({ id }) => cluster.supervisor(id)?.dialNow());
  await Promise.allSettled(dials);
}
