/**
 * Faults of the verifier: its bundle of trusted CAs or its clock. Whoever verifies on that host refuses good certificates.
 *
 * On a connection the client judges first: where both sides would refuse, the client does.
 */
import { identities } from '../../certs/identities.ts';
import { type Channel, instancesOf } from '../topology.ts';
import type { Scope, Situation, Stated } from './fault.ts';
import { type Flaw, refusedByClient, refusedByServer, unauthorized } from './outcome.ts';

/** Every copy of a CA's certificate: `ca@laptop`, `ca@worker-1`, `etcd-ca@control-plane`. */
export function bundles({ choices }: Scope): readonly string[] {
  return identities(choices)
    .filter(({ kind }) => kind === 'ca')
    .flatMap(({ id, copies }) => copies.map(({ host }) => `${id}@${host}`));
}

/** The machine on which a program runs. */
export function hostOf(instance: string, { workers }: Scope): string {
  return instancesOf(workers).find(({ id }) => id === instance)?.host ?? 'control-plane';
}

/** With which copies the two sides of a connection verify each other. */
export function bundlesOf({ client, server }: Channel, scope: Scope): { client: string; server: string } {
  const ca = server === 'etcd' && scope.choices.cas === 'separate' ? 'etcd-ca' : 'ca';
  return { client: `${ca}@${hostOf(client, scope)}`, server: `${ca}@${hostOf(server, scope)}` };
}

/** The target is a bundle: everything that is verified with it is refused. */
export function refusedWithBundle(situation: Situation, flaw: Flaw): Stated[] {
  const { scope, target } = situation;
  return refusedWhere(situation, flaw, (channel) => {
    const { client, server } = bundlesOf(channel, scope);
    return { client: client === target, server: server === target };
  });
}

/** The target is a host, or the cluster: everything that is verified there is refused. */
export function refusedOnHost(situation: Situation, flaw: Flaw): Stated[] {
  const { scope, target } = situation;
  return refusedWhere(situation, flaw, ({ client, server }) => ({
    client: target === 'cluster' || hostOf(client, scope) === target,
    server: target === 'cluster' || hostOf(server, scope) === target,
  }));
}

/** Connections on which a side refuses what the other shows. */
export function refusedWhere(
  { channels, policyOf }: Situation,
  flaw: Flaw,
  refuses: (channel: Channel) => { readonly client: boolean; readonly server: boolean },
): Stated[] {
  return channels.flatMap((channel): Stated[] => {
    const { client, server } = refuses(channel);
    if (client) return [refusedByClient(channel.id, flaw)];
    if (!server) return [];
    return [
      policyOf(channel.server) === 'require'
        ? refusedByServer(channel.id, flaw)
        : unauthorized(channel, flaw),
    ];
  });
}
