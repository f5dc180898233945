/**
 * Addresses and node ports of services, from --service-cluster-ip-range and --service-node-port-range.
 *
 * @see k8s.io/kubernetes pkg/registry/core/service/ipallocator, pkg/registry/core/service/storage/alloc.go
 */
import { randomInt } from 'node:crypto';
import { ensureObject, isObject, type KubeObject, listAt, textAt } from '../api/object.ts';
import { invalid } from '../api/status.ts';
import { wrong } from '../api/validate.ts';
import { addressAt, rangeOf } from './addresses.ts';
import type { Call } from './call.ts';
import { cachedObjects } from './read.ts';

const RANDOM_TRIES = 64;

/** Addresses promised but perhaps not in the cache yet, so that two requests never get the same. */
const promised = new WeakMap<object, Set<string>>();

/** Give a service its cluster IP and its node ports. */
export function admitService(call: Call, service: KubeObject): KubeObject {
  const copy = structuredClone(service);
  const spec = ensureObject(copy, 'spec');
  const type = textAt(spec, 'type');
  if (type === 'ExternalName') return copy;
  const others = cachedObjects(call, '').filter((one) => one.metadata.uid !== service.metadata.uid);
  if (textAt(spec, 'clusterIP') === '') spec['clusterIP'] = freeAddress(call, others);
  else refuseTaken(service, others, textAt(spec, 'clusterIP'));
  spec['clusterIPs'] = [textAt(spec, 'clusterIP')];
  if (type === 'NodePort' || type === 'LoadBalancer') {
    const taken = new Set(others.flatMap(nodePorts));
    for (const port of listAt(spec, 'ports')) if (isObject(port)) port['nodePort'] ||= freePort(call, taken);
  } else {
    for (const port of listAt(spec, 'ports')) if (isObject(port)) delete port['nodePort'];
  }
  return copy;
}

function refuseTaken(service: KubeObject, others: readonly KubeObject[], address: string): void {
  if (address === 'None') return;
  const kind = { group: '', resource: 'Service' };
  const { name = '' } = service.metadata;
  if (!others.some((one) => textAt(one, 'spec', 'clusterIP') === address)) return;
  const detail = `failed to allocate IP ${address}: provided IP is already allocated`;
  throw invalid(kind, name, [wrong('spec.clusterIPs', [address], detail)]);
}

function nodePorts(service: KubeObject): number[] {
  return listAt(service, 'spec', 'ports').map((port) => Number(isObject(port) ? (port['nodePort'] ?? 0) : 0));
}

function freeAddress(call: Call, others: readonly KubeObject[]): string {
  const { first, size } = rangeOf(call.api.flags['service-cluster-ip-range']);
  const mine = promised.get(call.api) ?? new Set();
  promised.set(call.api, mine);
  const taken = new Set([...mine, ...others.map((one) => textAt(one, 'spec', 'clusterIP'))]);
  // Offset 1 is the service kubernetes, 10 is kube-dns by custom.
  for (let tried = 0; tried < RANDOM_TRIES; tried++) {
    const address = addressAt(first, 16 + randomInt(Math.max(1, size - 18)));
    if (taken.has(address)) continue;
    if (mine.size > size / 4) mine.clear();
    mine.add(address);
    return address;
  }
  throw invalid({ group: '', resource: 'Service' }, '', [
    wrong('spec.clusterIPs', [], 'failed to allocate a serviceIP: range is full'),
  ]);
}

function freePort(call: Call, taken: Set<number>): number {
  const [low = 30_000, high = 32_767] = call.api.flags['service-node-port-range'].split('-').map(Number);
  for (let tried = 0; tried < RANDOM_TRIES; tried++) {
    const port = randomInt(low, high + 1);
    if (taken.has(port)) continue;
    taken.add(port);
    return port;
  }
  return low;
}
