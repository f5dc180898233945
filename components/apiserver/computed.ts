/**
 * Resources that are computed when asked for: component statuses, and the numbers behind `kubectl top`.
 *
 * The numbers are SIMULATED: a formula over names and time, since no container runs.
 *
 * @see k8s.io/kubernetes pkg/registry/core/componentstatus, k8s.io/metrics pkg/apis/metrics/v1beta1
 */

import { messageOf } from '../../certs/errors.ts';
import { type KubeObject, kubeTime, listAt, textAt } from '../api/object.ts';
import { etcdFolder, resource } from '../api/resources.ts';
import { notFound } from '../api/status.ts';
import { type Call, sendObject } from './call.ts';
import { matcherOf, sendList } from './read.ts';
import type { Pipeline } from './server.ts';
import { groupResource } from './store.ts';

const NODES = resource('', 'nodes');
const PODS = resource('', 'pods');
const WINDOW_SECONDS = 15;
const WAVE_SECONDS = 300;

/** Answer get or list of a computed resource. */
export async function serveComputed(pipeline: Pipeline, call: Call): Promise<void> {
  const all = call.resource.kind === 'ComponentStatus' ? await componentStatuses(pipeline) : metrics(call);
  const { info } = call;
  if (info.verb === 'get') {
    const found = all.find((one) => one.metadata.name === info.name);
    if (!found) throw notFound(groupResource(call.resource), info.name);
    return sendObject(call, 200, found);
  }
  const { matches } = matcherOf(call);
  return sendList(call, { resourceVersion: '' }, all.filter(matches));
}

async function componentStatuses({ health }: Pipeline): Promise<KubeObject[]> {
  const etcd = await health.askEtcd().then(
    () => ({ type: 'Healthy', status: 'True', message: 'ok' }),
    (error: unknown) => ({ type: 'Healthy', status: 'False', message: messageOf(error) }),
  );
  return [
    {
      kind: 'ComponentStatus',
      apiVersion: 'v1',
      metadata: { name: 'etcd-0' },
      conditions: [etcd],
    },
  ];
}

function metrics(call: Call): KubeObject[] {
  const { cache } = call.api.store;
  const now = call.api.now();
  const common = { timestamp: kubeTime(now), window: `${WINDOW_SECONDS}s` };
  if (call.resource.kind === 'NodeMetrics') {
    return cache.list(etcdFolder(NODES)).map(({ object }) => ({
      kind: 'NodeMetrics',
      apiVersion: 'metrics.k8s.io/v1beta1',
      metadata: {
        name: object.metadata.name ?? '',
        labels: object.metadata.labels ?? {},
        creationTimestamp: kubeTime(now),
      },
      ...common,
      usage: usage(object.metadata.name ?? '', now, 120, 900),
    }));
  }
  const folder = etcdFolder(PODS) + (call.info.namespace === '' ? '' : `${call.info.namespace}/`);
  return cache
    .list(folder)
    .filter(({ object }) => textAt(object, 'status', 'phase') === 'Running')
    .map(({ object }) => ({
      kind: 'PodMetrics',
      apiVersion: 'metrics.k8s.io/v1beta1',
      metadata: {
        name: object.metadata.name ?? '',
        namespace: object.metadata.namespace ?? '',
        labels: object.metadata.labels ?? {},
        creationTimestamp: kubeTime(now),
      },
      ...common,
      containers: listAt(object, 'spec', 'containers').map((one) => ({
        name: textAt(one, 'name'),
        usage: usage(`${object.metadata.name}/${textAt(one, 'name')}`, now, 2, 12),
      })),
    }));
}

/** Simulated: a base that depends on the name, and a slow wave. */
function usage(
  name: string,
  now: Date,
  milliCpu: number,
  mebibytes: number,
): { cpu: string; memory: string } {
  const seed = [...name].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 997, 7) / 997;
  const wave = Math.sin((now.getTime() / 1000 / WAVE_SECONDS + seed) * 2 * Math.PI);
  const cpu = milliCpu * (1 + seed / 2 + wave / 4);
  const memory = mebibytes * (1 + seed / 2 + wave / 20);
  return { cpu: `${Math.round(cpu * 1_000_000)}n`, memory: `${Math.round(memory * 1024)}Ki` };
}
