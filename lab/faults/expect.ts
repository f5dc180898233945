/** From a fault's statement to the outcome on every connection that it stops, under the policies of the directory. */
import { settingsOf } from '../directory.ts';
import { type Channel, channelsOf } from '../topology.ts';
import type { Fault, Scope, Stated } from './fault.ts';
import { printsForUsers } from './outcome.ts';

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
    .map((one) => ({ ...one, stops: one.stops ?? '' }))
    .sort((a, b) => order.indexOf(a.channel) - order.indexOf(b.channel));
}

/** Without etcd the API server answers its clients 500, each of them whom it lets in. */
function knockOn(stated: readonly Stated[], channels: readonly Channel[]): Stated[] {
  const store = stated.find(({ channel, layer }) => channel === 'kube-apiserver->etcd' && layer !== 'ok');
  if (store === undefined) return [];
  const own = new Set(stated.map(({ channel }) => channel));
  return channels
    .filter(({ id, server }) => server === 'kube-apiserver' && !own.has(id))
    .map(({ id, client }) => ({
      channel: id,
      layer: 'http',
      by: 'server',
      code: 'BACKEND_UNAVAILABLE',
      alert: null,
      clientText: printsForUsers(client)
        ? 'Error from server (InternalError)'
        : 'rpc error: code = Unavailable desc = ',
      serverText: null,
      shows: store.shows,
    }));
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
