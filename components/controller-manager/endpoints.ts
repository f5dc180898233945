/**
 * endpointslice-controller and endpoints-controller: which pods stand behind a service.
 */
import { createHash } from 'node:crypto';
import { type Endpoint, type EndpointSlice, keyOf, type Pod, type Service, selects } from '../api/kinds.ts';
import { type Control, ownedBy, unlessStatus } from './control.ts';
import { isReady } from './replica-set.ts';

const NAME_LABEL = 'kubernetes.io/service-name';
const MANAGER_LABEL = 'endpointslice.kubernetes.io/managed-by';
const MANAGER = 'endpointslice-controller.k8s.io';

type SlicePort = NonNullable<EndpointSlice['ports']>[number];

/**
 * Run the controllers. One slice per service; a real cluster cuts at 100 endpoints.
 * @see pkg/controller/endpointslice/endpointslice_controller.go; staging/src/k8s.io/endpointslice/reconciler.go
 */
export function startEndpoints(control: Control): void {
  const { client, copies } = control;

  const queue = control.queue('endpoint_slice', async (key) => {
    const service = copies.services.get(key);
    if (!service?.spec.selector || service.metadata.deletionTimestamp !== undefined) return;
    const { namespace = 'default', name } = service.metadata;
    const pods = copies.pods
      .list()
      .filter(
        (pod) =>
          pod.metadata.namespace === namespace &&
          serves(pod) &&
          selects(service.spec.selector, pod.metadata.labels),
      )
      .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
    const endpoints = pods.map(endpointOf);
    const ports = portsOf(service, pods[0]);
    await writeSlice(service, namespace, endpoints, ports);
    await writeEndpoints(service, namespace, name, pods, ports);
  });

  const writeSlice = async (
    service: Service,
    namespace: string,
    endpoints: readonly Endpoint[],
    ports: readonly SlicePort[],
  ): Promise<void> => {
    const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
    const found = copies.slices
      .list()
      .find(
        (one) =>
          one.metadata.namespace === namespace && one.metadata.labels?.[NAME_LABEL] === service.metadata.name,
      );
    const labels = { [NAME_LABEL]: service.metadata.name, [MANAGER_LABEL]: MANAGER };
    if (found) {
      const before = JSON.stringify([found.endpoints, found.ports ?? []]);
      if (before === JSON.stringify([endpoints, ports])) return;
      await client.request('PUT', `${path}/${found.metadata.name}`, { ...found, endpoints, ports });
      return;
    }
    const suffix = createHash('sha256')
      .update(service.metadata.uid ?? '')
      .digest('hex')
      .slice(0, 5);
    const body = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${service.metadata.name}-${suffix}`,
        namespace,
        labels,
        ownerReferences: [ownedBy(service, 'v1', 'Service')],
      },
      addressType: 'IPv4',
      endpoints,
      ports,
    };
    await unlessStatus(client.request('POST', path, body), 409);
  };

  const writeEndpoints = async (
    service: Service,
    namespace: string,
    name: string,
    pods: readonly Pod[],
    ports: readonly SlicePort[],
  ): Promise<void> => {
    const address = (pod: Pod) => ({
      ip: pod.status?.podIP ?? '',
      nodeName: pod.spec.nodeName ?? '',
      targetRef: refOf(pod),
    });
    const ready = pods.filter((pod) => isReady(pod) && !leaving(pod)).map(address);
    const others = pods.filter((pod) => !isReady(pod) && !leaving(pod)).map(address);
    const subset = {
      ...(ready.length > 0 ? { addresses: ready } : {}),
      ...(others.length > 0 ? { notReadyAddresses: others } : {}),
      ports,
    };
    const subsets = ready.length + others.length > 0 ? [subset] : [];
    const text = JSON.stringify(subsets);
    const key = keyOf(service);
    if (written.get(key) === text) return;
    const path = `/api/v1/namespaces/${namespace}/endpoints`;
    const body = { apiVersion: 'v1', kind: 'Endpoints', metadata: { name, namespace }, subsets };
    try {
      await client.request('PUT', `${path}/${name}`, body);
    } catch {
      await client.request('POST', path, body);
    }
    written.set(key, text);
  };
  /** What was last written as Endpoints; they are not followed. */
  const written = new Map<string, string>();

  control.on('services', ({ type, object }) => {
    if (type !== 'deleted') {
      queue.add(keyOf(object));
      return;
    }
    written.delete(keyOf(object));
    const { namespace, name } = object.metadata;
    void unlessStatus(
      client.request('DELETE', `/api/v1/namespaces/${namespace}/endpoints/${name}`),
      404,
    ).catch(() => undefined);
  });
  control.on('pods', ({ object, old }) => {
    if (object.status?.podIP === undefined && old?.status?.podIP === undefined) return;
    for (const service of copies.services.list()) {
      if (service.metadata.namespace !== object.metadata.namespace) continue;
      if (selects(service.spec.selector, object.metadata.labels)) queue.add(keyOf(service));
    }
  });
  control.on('slices', ({ type, object }) => {
    const name = object.metadata.labels?.[NAME_LABEL];
    if (type === 'deleted' && name !== undefined) queue.add(`${object.metadata.namespace}/${name}`);
  });
}

function serves(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return pod.status?.podIP !== undefined && phase !== 'Succeeded' && phase !== 'Failed';
}

function leaving(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

function endpointOf(pod: Pod): Endpoint {
  const serving = isReady(pod);
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: { ready: serving && !leaving(pod), serving, terminating: leaving(pod) },
    targetRef: refOf(pod),
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
  };
}

function refOf(pod: Pod): Record<string, string> {
  const { name, namespace = 'default', uid = '' } = pod.metadata;
  return { kind: 'Pod', namespace, name, uid };
}

/** A target port by name is looked up in a pod's containers. */
function portsOf(service: Service, pod: Pod | undefined): readonly SlicePort[] {
  return (service.spec.ports ?? []).map(({ name = '', port, targetPort = port, protocol = 'TCP' }) => {
    const named = pod?.spec.containers
      .flatMap((container) => container.ports ?? [])
      .find((one) => one.name === targetPort)?.containerPort;
    return { name, port: typeof targetPort === 'number' ? targetPort : (named ?? port), protocol };
  });
}
