/** Outcomes from before any certificate is looked at: nobody listens, nobody dials, nothing in common. */
import type { Channel } from '../topology.ts';
import { kubeconfigClients } from './edits.ts';
import type { RealWorld, Scope, Situation, Stated } from './fault.ts';
import { NEXT, succeeds } from './outcome.ts';

/** Everybody that dials: the API server (towards etcd), and whoever has a kubeconfig. */
export function diallers(scope: Scope): readonly string[] {
  return ['kube-apiserver', ...kubeconfigClients(scope)];
}

/** Everybody that serves. */
export function servers({ workers }: Scope): readonly string[] {
  return ['kube-apiserver', 'etcd', ...workers.map((worker) => `kubelet@${worker}`)];
}

/** The connection that a client's own URL is about. */
export function ownDial({ channels, target }: Situation): readonly Channel[] {
  return channels.filter(
    ({ client, server }) =>
      client === target && server === (target === 'kube-apiserver' ? 'etcd' : 'kube-apiserver'),
  );
}

/** Started anew and without its store, the API server knows no node whose kubelet it could dial. */
export function withoutStore({ channels, target }: Situation): Stated[] {
  return target === 'kube-apiserver'
    ? channels.filter(({ client, server }) => client === target && server !== 'etcd').map(untried)
    : [];
}

/** Both sides' TLS stacks have nothing in common: the server says so. */
export function nothingInCommon(
  { id }: Channel,
  code: 'PROTOCOL_VERSION' | 'NO_SHARED_CIPHER',
  serverText: string,
): Stated {
  const version = code === 'PROTOCOL_VERSION';
  return {
    channel: id,
    layer: 'tls',
    by: 'server',
    code,
    alert: version ? 70 : 40,
    clientText: `remote error: tls: ${version ? 'protocol version not supported' : 'handshake failure'}`,
    serverText,
    shows: NEXT,
  };
}

/** Nobody listens. */
export function refused({ id, client }: Channel): Stated {
  return {
    channel: id,
    layer: 'tcp',
    by: null,
    code: 'CONNECTION_REFUSED',
    alert: null,
    clientText:
      client === 'kubectl'
        ? ' was refused - did you specify the right host or port?'
        : 'connect: connection refused',
    serverText: null,
    shows: NEXT,
  };
}

/** The client does not run, or knows nobody whom it could dial. */
export function untried({ id }: Channel): Stated {
  return {
    channel: id,
    layer: 'untried',
    by: null,
    code: 'NOT_TRIED',
    alert: null,
    clientText: null,
    serverText: null,
    shows: NEXT,
  };
}

/** What an instance that does not run costs: it dials nobody, and nobody reaches it. */
export function gone({ channels }: Situation, instance: string): Stated[] {
  return channels.flatMap((channel) => {
    if (channel.client === instance) return [untried(channel)];
    return channel.server === instance ? [refused(channel)] : [];
  });
}

/**
 * It succeeds, and should not.
 * @param unsafe    a part of the sentence that is said about it
 * @param possible  what somebody can do now who could not before
 */
export function letIn(channel: Channel, unsafe: string, possible: string): Stated {
  return { ...succeeds(channel), stops: possible, unsafe };
}

/** `kubelet@worker-1` -> `worker-1`; empty for what runs on no worker. */
export function workerOf(instance: string): string {
  return instance.split('@')[1] ?? '';
}

/** The API server's connections to kubelets. */
export function toKubelets({ channels }: Situation): readonly Channel[] {
  return channels.filter(({ client, server }) => client === 'kube-apiserver' && server !== 'etcd');
}

/** Where nobody refuses, nobody prints anything. */
export function nothing(source: string, text = 'it is accepted'): RealWorld['texts'][number] {
  return { program: 'every program', text: `(nothing: ${text})`, source };
}
