/**
 * One way to call things: `scheduler`, `kube-scheduler`, `scheduler.crt`, a path, a channel's id. Every command
 * that takes a name resolves it here; an unknown one gets "did you mean".
 */
import { basename } from 'node:path';
import { LabError } from '../certs/errors.ts';
import { nearest } from '../certs/nearest.ts';
import type { Channel, Instance } from './topology.ts';

/** Short names and habits. */
const SHORT = {
  apiserver: 'kube-apiserver',
  'api-server': 'kube-apiserver',
  scheduler: 'kube-scheduler',
  'controller-manager': 'kube-controller-manager',
  proxy: 'kube-proxy',
  admin: 'kubectl',
  laptop: 'kubectl',
} as const satisfies Record<string, string>;

/** Certificates and files whose base name is not that of the program that shows them. */
const SHOWN_BY = {
  'etcd-server': 'etcd',
  'apiserver-etcd-client': 'kube-apiserver',
  'apiserver-kubelet-client': 'kube-apiserver',
  'kubelet-client': 'kubelet',
} as const satisfies Record<string, string>;

/**
 * The instance that a name means. A worker's program without its host means the only one there is.
 * @throws LabError NAME_UNKNOWN with a near name, or with the list when several fit
 */
export function resolveComponent(name: string, instances: readonly Instance[]): string {
  const ids = instances.map(({ id }) => id);
  const wanted = programOf(name);
  const [program = '', host] = wanted.split('@');
  const fitting = ids.filter((id) => id === wanted || (host === undefined && id.split('@')[0] === program));
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  if (fitting.length > 1) {
    throw new LabError('NAME_UNKNOWN', {
      what: `"${name}" could be ${listed(fitting)}`,
      fix: `name one of them: ${only}`,
    });
  }
  const near = nearest(name, [...ids, ...Object.keys(SHORT)]);
  throw new LabError('NAME_UNKNOWN', {
    what: `there is no component "${name}"; there are ${listed(ids)}`,
    fix: near === undefined ? 'use one of these names' : `did you mean ${near}?`,
  });
}

/**
 * The channel that two names mean, or one channel id (`kube-scheduler->kube-apiserver`, also with `→`).
 * @throws LabError NAME_UNKNOWN
 */
export function resolveChannel(
  names: readonly string[],
  instances: readonly Instance[],
  channels: readonly Channel[],
): Channel {
  const [first = '', second = ''] = names.length === 1 ? (names[0] ?? '').split(/\s*(?:->|→)\s*/) : names;
  const client = resolveComponent(first, instances);
  const server = resolveComponent(second, instances);
  const found = channels.find((channel) => channel.client === client && channel.server === server);
  if (found) return found;
  const dialled = channels.filter((channel) => channel.client === client).map((channel) => channel.server);
  throw new LabError('NAME_UNKNOWN', {
    what: `${client} never dials ${server}`,
    fix:
      dialled.length === 0
        ? `${client} dials nobody; try ${channels[0]?.client} ${channels[0]?.server}`
        : `${client} dials ${listed(dialled)}`,
  });
}

/** `hosts/worker-1/…/kubelet.crt` -> `kubelet@worker-1`; `scheduler.crt`, `scheduler` -> `kube-scheduler`. */
function programOf(name: string): string {
  const [text = '', host] = name.split('@');
  const base = basename(text).replace(/(-key)?\.(crt|key|csr|pem|conf|yaml|config)$/, '');
  const fromPath = /(?:^|\/)(worker-\d+)\//.exec(text)?.[1];
  const short: Readonly<Record<string, string>> = { ...SHORT, ...SHOWN_BY };
  const program = short[base] ?? base;
  const at = host ?? fromPath;
  return at !== undefined && ['kubelet', 'kube-proxy'].includes(program) ? `${program}@${at}` : program;
}

function listed(names: readonly string[]): string {
  return names.length <= 12
    ? names.join(', ')
    : `${names.slice(0, 12).join(', ')} … (${names.length} in all)`;
}
