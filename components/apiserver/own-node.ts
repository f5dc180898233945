/**
 * The control plane's own machine: no kubelet runs there, so the API server speaks for it.
 *
 * Its node is Ready, its lease is kept, and each static-pod manifest on its disk has a mirror pod in kube-system,
 * as a kubelet would have it. Refreshed every round.
 *
 * @see kubelet pkg/kubelet/pod/mirror_client.go, pkg/kubelet/kubelet_node_status.go
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { messageOf } from '../../certs/errors.ts';
import { applyDefaults } from '../api/defaults.ts';
import {
  at,
  isObject,
  type Json,
  type KubeObject,
  kubeMicroTime,
  kubeTime,
  listAt,
  objectAt,
  textAt,
} from '../api/object.ts';
import { apiVersionOf, etcdFolder, etcdKey, type Resource, resource } from '../api/resources.ts';
import { StatusError } from '../api/status.ts';
import type { ApiServer } from './server-context.ts';

const NODES = resource('', 'nodes');
const PODS = resource('', 'pods');
const LEASES = resource('coordination.k8s.io', 'leases');
const MANIFESTS = '/etc/kubernetes/manifests';
const SYSTEM = 'kube-system';
const NODE_LEASES = 'kube-node-lease';
const LEASE_SECONDS = 40;
const ANNOTATION = 'kubernetes.io/config.';
const ROLE = 'node-role.kubernetes.io/control-plane';
const CAPACITY = { cpu: '4', 'ephemeral-storage': '41152736Ki', memory: '8145872Ki', pods: '110' } as const;
const CONDITIONS = [
  ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
] as const;

/** Bring node, lease and mirror pods up to date. Never rejects: what fails is tried again next round. */
export async function refreshOwnNode(api: ApiServer): Promise<void> {
  if (!api.store.cache.ready() || api.store.problem() !== null) return;
  try {
    const node = await ensureNode(api);
    await Promise.all([renewLease(api, node), refreshMirrors(api, node)]);
  } catch (error) {
    api.log('W', 'kubelet_node_status.go:106', 'Unable to register node with API server', {
      err: messageOf(error),
    });
  }
}

async function ensureNode(api: ApiServer): Promise<KubeObject> {
  const { name } = api.context.host;
  const known = api.store.cache.get(etcdKey(NODES, '', name))?.object;
  if (known) return keepReady(api, known);
  const now = kubeTime(api.now());
  return make(api, NODES, '', name, {
    metadata: {
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        [ROLE]: '',
        'node.kubernetes.io/exclude-from-external-load-balancers': '',
      },
    },
    spec: { taints: [{ effect: 'NoSchedule', key: ROLE }] },
    status: {
      addresses: [
        { type: 'InternalIP', address: api.flags['advertise-address'] || '127.0.0.1' },
        { type: 'Hostname', address: name },
      ],
      capacity: { ...CAPACITY },
      allocatable: { ...CAPACITY },
      conditions: CONDITIONS.map(([type, status, reason, message]) => ({
        type,
        status,
        lastHeartbeatTime: now,
        lastTransitionTime: now,
        reason,
        message,
      })),
      daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
      nodeInfo: {
        architecture: 'amd64',
        bootID: randomUUID(),
        containerRuntimeVersion: 'simulated://1.0',
        kernelVersion: '6.1.0-lab',
        kubeProxyVersion: '',
        kubeletVersion: 'v1.33.0',
        machineID: randomUUID().replaceAll('-', ''),
        operatingSystem: 'linux',
        osImage: 'mTLS Lab (simulated)',
        systemUUID: randomUUID(),
      },
    },
  });
}

/** A node that was marked while nobody spoke for it comes back. */
async function keepReady(api: ApiServer, node: KubeObject): Promise<KubeObject> {
  const ready = listAt(node, 'status', 'conditions').find((one) => textAt(one, 'type') === 'Ready');
  if (textAt(ready, 'status') === 'True') return node;
  const now = kubeTime(api.now());
  const { name = '' } = node.metadata;
  return api.store.update({ resource: NODES, namespace: '', name }, (current) => ({
    ...current,
    status: {
      ...objectAt(current, 'status'),
      conditions: CONDITIONS.map(([type, status, reason, message]) => ({
        type,
        status,
        lastHeartbeatTime: now,
        lastTransitionTime: now,
        reason,
        message,
      })),
    },
  }));
}

async function renewLease(api: ApiServer, node: KubeObject): Promise<void> {
  const { name = '', uid = '' } = node.metadata;
  const renewTime = kubeMicroTime(api.now());
  if (!api.store.cache.get(etcdKey(LEASES, NODE_LEASES, name))) {
    await make(api, LEASES, NODE_LEASES, name, {
      metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] },
      spec: { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime },
    });
    return;
  }
  await api.store.update({ resource: LEASES, namespace: NODE_LEASES, name }, (lease) => ({
    ...lease,
    spec: { ...objectAt(lease, 'spec'), renewTime },
  }));
}

async function refreshMirrors(api: ApiServer, node: KubeObject): Promise<void> {
  const nodeName = node.metadata.name ?? '';
  const wanted = readManifests(api);
  const present = api.store.cache
    .list(`${etcdFolder(PODS)}${SYSTEM}/`)
    .map((entry) => entry.object)
    .filter((pod) => textAt(pod, 'spec', 'nodeName') === nodeName && mirrorHash(pod) !== '');
  for (const pod of present) {
    const { name = '' } = pod.metadata;
    const manifest = wanted.find((one) => `${one.name}-${nodeName}` === name);
    if (manifest?.pod === null) continue;
    if (manifest && manifest.hash === mirrorHash(pod) && pod.metadata.deletionTimestamp === undefined)
      continue;
    await api.store.update({ resource: PODS, namespace: SYSTEM, name }, () => null).catch(ignoreMissing);
  }
  for (const { name, hash, pod } of wanted) {
    const full = `${name}-${nodeName}`;
    if (pod === null || present.some((one) => one.metadata.name === full && mirrorHash(one) === hash))
      continue;
    await make(api, PODS, SYSTEM, full, mirrorOf(api, node, pod, hash)).catch(ignoreTaken);
  }
}

interface FoundManifest {
  readonly name: string;
  readonly hash: string;
  /** null: the file cannot be read as a pod; what runs goes on. */
  readonly pod: KubeObject | null;
}

const parsed = new Map<string, FoundManifest>();

function readManifests(api: ApiServer): FoundManifest[] {
  const folder = api.context.host.path(MANIFESTS);
  let files: string[];
  try {
    files = readdirSync(folder).filter((file) => /\.(ya?ml|json)$/.test(file) && !file.startsWith('.'));
  } catch {
    return [];
  }
  return files.flatMap((file) => {
    const base = file.replace(/\.\w+$/, '');
    try {
      const text = readFileSync(`${folder}/${file}`, 'utf8');
      const hash = createHash('md5').update(text).digest('hex');
      const known = parsed.get(hash);
      if (known) return [known];
      const found = parseManifest(text, base, hash);
      if (parsed.size > 64) parsed.clear();
      parsed.set(hash, found);
      return [found];
    } catch {
      return [{ name: base, hash: '', pod: null }];
    }
  });
}

let parseYaml: (text: string) => unknown = () => undefined;

/** Load the YAML parser; called once before the first round. */
export async function prepareManifests(): Promise<void> {
  parseYaml = (await import('yaml')).parse;
}

function parseManifest(text: string, base: string, hash: string): FoundManifest {
  const pod = parseYaml(text);
  if (!isObject(pod) || pod['kind'] !== 'Pod' || !isObject(pod['metadata']))
    return { name: base, hash, pod: null };
  return { name: textAt(pod, 'metadata', 'name') || base, hash, pod: pod as KubeObject };
}

function mirrorHash(pod: KubeObject): string {
  return String(at(pod, 'metadata', 'annotations', `${ANNOTATION}mirror`) ?? '');
}

function mirrorOf(api: ApiServer, node: KubeObject, manifest: KubeObject, hash: string): Partial<KubeObject> {
  const now = kubeTime(api.now());
  const { name: nodeName = '', uid = '' } = node.metadata;
  const address = api.flags['advertise-address'] || '127.0.0.1';
  const spec = objectAt(manifest, 'spec');
  const done = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];
  return {
    metadata: {
      labels: { ...manifest.metadata.labels },
      annotations: {
        ...manifest.metadata.annotations,
        [`${ANNOTATION}hash`]: hash,
        [`${ANNOTATION}mirror`]: hash,
        [`${ANNOTATION}seen`]: now,
        [`${ANNOTATION}source`]: 'file',
      },
      ownerReferences: [{ apiVersion: 'v1', controller: true, kind: 'Node', name: nodeName, uid }],
    },
    spec: {
      ...spec,
      nodeName,
      priority: 2_000_001_000,
      preemptionPolicy: 'PreemptLowerPriority',
      tolerations: [{ effect: 'NoExecute', operator: 'Exists' }],
    },
    status: {
      phase: 'Running',
      conditions: done.map((type) => ({
        type,
        status: 'True',
        lastProbeTime: null,
        lastTransitionTime: now,
      })),
      hostIP: address,
      hostIPs: [{ ip: address }],
      podIP: address,
      podIPs: [{ ip: address }],
      startTime: now,
      qosClass: 'Burstable',
      containerStatuses: listAt(spec, 'containers').map(
        (one): Json => ({
          name: textAt(one, 'name'),
          image: textAt(one, 'image'),
          imageID: '',
          containerID: `simulated://${createHash('sha256').update(hash).digest('hex')}`,
          ready: true,
          started: true,
          restartCount: 0,
          lastState: {},
          state: { running: { startedAt: now } },
        }),
      ),
    },
  };
}

function make(
  api: ApiServer,
  kind: Resource,
  namespace: string,
  name: string,
  parts: Partial<KubeObject>,
): Promise<KubeObject> {
  const object = {
    apiVersion: apiVersionOf(kind.group, kind.version),
    kind: kind.kind,
    ...parts,
    metadata: {
      name,
      ...(namespace === '' ? {} : { namespace }),
      ...parts.metadata,
      uid: randomUUID(),
      creationTimestamp: kubeTime(api.now()),
    },
  } as KubeObject;
  return api.store.create({ resource: kind, namespace, name }, applyDefaults(object));
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof StatusError && error.code === 404)) throw error;
}

function ignoreTaken(error: unknown): void {
  if (!(error instanceof StatusError && error.code === 409)) throw error;
}
