/** From a fault's statement to the outcome on every connection that it stops, under the policies of the directory. */
import { costOf } from '../consequences.ts';
import { settingsOf } from '../directory.ts';
import { type Channel, channelsOf } from '../topology.ts';
import type { Fault, Scope, Stated } from './fault.ts';
import { LATER, NEXT, printsForUsers } from './outcome.ts';

/** What one connection comes to, and what that costs. */
export interface ExpectedOutcome extends Stated {
  readonly stops: string;
}

/**
 * Connections that a fault stops or makes unsafe; all others stay ok.
 * @param target  one of the fault's targets
 */
export function expectedOutcomes(fault: Fault, target: string, scope: Scope): ExpectedOutcome[] {
  const channels = channelsOf({ workers: scope.workers, apiserverClient: scope.choices.apiserverClient });
  const stated = fault.outcomes({
    scope,
    target,
    channels,
    policyOf: (server) => settingsOf(scope, server).clientAuth,
  });
  const order = channels.map(({ id }) => id);
  return [...stated, ...knockOn(stated, channels)]
    .filter(({ layer, unsafe, shows }) => layer !== 'ok' || unsafe !== undefined || shows.startsWith('after'))
    .map((one) => ({ ...one, stops: one.stops ?? defaultCost(one, channels) }))
    .sort((a, b) => order.indexOf(a.channel) - order.indexOf(b.channel));
}

/** What the failure of the connection costs; nothing where it succeeds. */
function defaultCost({ channel, layer }: Stated, channels: readonly Channel[]): string {
  const ends = channels.find(({ id }) => id === channel);
  return layer === 'ok' || ends === undefined ? '' : costOf(ends);
}

/** What follows from the stated outcomes, before a restart and after. */
function knockOn(stated: readonly Stated[], channels: readonly Channel[]): Stated[] {
  const moments = [...new Set(stated.map(({ shows }) => (shows === LATER ? NEXT : shows)))];
  return moments.flatMap((shows) => {
    const now = stated.filter((one) => one.shows === shows || one.shows === LATER);
    return [...withoutEtcd(now, channels), ...withoutReview(now, channels)];
  });
}

/**
 * Without etcd the API server answers its clients 500, each of them whom it lets in. What it knows by heart it still tells:
 * lists and watches, and who may do what.
 */
function withoutEtcd(stated: readonly Stated[], channels: readonly Channel[]): Stated[] {
  const store = stated.find(({ channel, layer }) => channel === 'kube-apiserver->etcd' && layer !== 'ok');
  if (store === undefined) return [];
  return channels
    .filter(({ id, server }) => server === 'kube-apiserver' && !isStated(stated, id))
    .map(({ id, client }) => ({
      ...unavailable(id, store.shows),
      clientText: printsForUsers(client)
        ? 'Error from server (InternalError)'
        : 'rpc error: code = Unavailable desc = ',
    }));
}

/** A kubelet that the API server refuses, or the reverse, may let nobody in once it has forgotten the last answer. */
function withoutReview(stated: readonly Stated[], channels: readonly Channel[]): Stated[] {
  return channels
    .filter(({ id, server }) => {
      const asks = stated.find(({ channel }) => channel === `${server}->kube-apiserver`);
      return (
        server.startsWith('kubelet@') && !isStated(stated, id) && asks !== undefined && asks.layer !== 'ok'
      );
    })
    .map(({ id }) => ({
      ...unavailable(id, LATER),
      clientText: 'Error from server (InternalError): Authorization error (user=',
    }));
}

function unavailable(channel: string, shows: Stated['shows']): Stated {
  return {
    channel,
    layer: 'http',
    by: 'server',
    code: 'BACKEND_UNAVAILABLE',
    alert: null,
    clientText: null,
    serverText: null,
    shows,
  };
}

function isStated(stated: readonly Stated[], id: string): boolean {
  return stated.some(({ channel }) => channel === id);
}

/** One outcome in a few words. */
export function outcomeText({ layer, by, alert }: Pick<Stated, 'layer' | 'by' | 'alert'>): string {
  switch (layer) {
    case 'ok':
      return 'succeeds';
    case 'tls':
      return `refused in TLS by the ${by}${alert === null ? '' : `, alert ${alert}`}`;
    case 'tcp':
      return 'nobody answers';
    case 'untried':
      return 'is not tried';
    default:
      return `TLS succeeds, then HTTP ${layer === 'http' ? '5xx' : layer}`;
  }
}
