/**
 * The kubelet as the voice of its node: registration, status, and the lease that says it is alive.
 */
import { randomUUID } from 'node:crypto';
import { messageOf } from '../../certs/errors.ts';
import { isStatus } from '../api/api-error.ts';
import type { ApiClient } from '../api/client.ts';
import { type Condition, type Lease, microTime, type Node, timestamp } from '../api/kinds.ts';

/** What the node is. */
export interface NodeFacts {
  readonly name: string;
  readonly address: string;
  /** The kubelet's port. */
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
  /** How long the lease counts, milliseconds. */
  readonly leaseMs: number;
}

/** The node's voice. */
export interface NodeVoice {
  /** One round: the lease, and when due the status. Logs what goes wrong; never rejects. */
  round(): Promise<void>;
  /** The node as last seen; undefined before it is registered. */
  node(): Node | undefined;
}

/** Rounds between two reports of an unchanged status. The real kubelet: nodeStatusReportFrequency. */
const STATUS_ROUNDS = 6;
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

/** Conditions of a healthy node. pkg/kubelet/nodestatus/setters.go. */
const CONDITIONS = [
  ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
] as const;

const CAPACITY = { cpu: '4', 'ephemeral-storage': '41152736Ki', memory: '8145872Ki', pods: '110' };

/**
 * Speak for a node.
 * @see pkg/kubelet/kubelet_node_status.go, registerWithAPIServer and tryUpdateNodeStatus;
 *      component-helpers apimachinery/lease/controller.go
 */
export function startNodeVoice(client: ApiClient, facts: NodeFacts): NodeVoice {
  const node = facts.name;
  const systemUuid = randomUUID();
  let seen: Node | undefined;
  let lease: Lease | undefined;
  let untilStatus = 0;

  const status = (old: Node | undefined): Node['status'] => {
    const now = timestamp(client.now());
    return {
      addresses: [
        { type: 'InternalIP', address: facts.address },
        { type: 'Hostname', address: node },
      ],
      conditions: CONDITIONS.map(([type, value, reason, message]): Condition => {
        const before = old?.status?.conditions?.find((one) => one.type === type);
        const changed = before?.status !== value;
        const lastTransitionTime = changed ? now : (before?.lastTransitionTime ?? now);
        return { type, status: value, lastHeartbeatTime: now, lastTransitionTime, reason, message };
      }),
      daemonEndpoints: { kubeletEndpoint: { Port: facts.port } },
      capacity: CAPACITY,
      allocatable: CAPACITY,
      nodeInfo: {
        machineID: systemUuid.replaceAll('-', ''),
        systemUUID: systemUuid,
        bootID: systemUuid,
        kernelVersion: '6.1.0-lab',
        osImage: 'mTLS Lab (simulated)',
        containerRuntimeVersion: 'simulated://1.0',
        kubeletVersion: 'v1.33.0',
        kubeProxyVersion: '',
        operatingSystem: 'linux',
        architecture: 'amd64',
      },
    };
  };

  const register = async (): Promise<Node | undefined> => {
    client.klog('I', 'kubelet_node_status.go:75', 'Attempting to register node', { node });
    const labels = {
      'beta.kubernetes.io/arch': 'amd64',
      'beta.kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/hostname': node,
      'kubernetes.io/os': 'linux',
      ...facts.labels,
    };
    const body = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: node, labels },
      status: status(undefined),
    };
    try {
      const created = await client.request<Node>('POST', '/api/v1/nodes', body);
      client.klog('I', 'kubelet_node_status.go:78', 'Successfully registered node', { node });
      return created;
    } catch (error) {
      if (!isStatus(error, 409)) {
        client.klog('E', 'kubelet_node_status.go:107', 'Unable to register node with API server', {
          err: messageOf(error),
          node,
        });
        return undefined;
      }
    }
    client.klog('I', 'kubelet_node_status.go:124', 'Node was previously registered', { node });
    return report();
  };

  /** Read the node and write its status. */
  const report = async (): Promise<Node | undefined> => {
    try {
      const old = await client.request<Node>('GET', `/api/v1/nodes/${node}`);
      const patch = { status: status(old) };
      const extras = { contentType: 'application/merge-patch+json' };
      return await client.request<Node>('PATCH', `/api/v1/nodes/${node}/status`, patch, extras);
    } catch (error) {
      if (isStatus(error, 404)) seen = undefined;
      client.klog('E', 'kubelet_node_status.go:548', 'Error updating node status, will retry', {
        err: `error getting node "${node}": ${messageOf(error)}`,
      });
      return undefined;
    }
  };

  const renew = async (): Promise<void> => {
    const spec = {
      holderIdentity: node,
      leaseDurationSeconds: Math.max(1, Math.ceil(facts.leaseMs / 1000)),
      renewTime: microTime(client.now()),
    };
    const metadata = {
      name: node,
      namespace: 'kube-node-lease',
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid: seen?.metadata.uid ?? '' }],
    };
    if (lease) {
      lease = await client.request<Lease>('PUT', `${LEASES}/${node}`, { ...lease, spec });
      return;
    }
    const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
    try {
      lease = await client.request<Lease>('POST', LEASES, body);
    } catch (error) {
      if (!isStatus(error, 409)) throw error;
      const old = await client.request<Lease>('GET', `${LEASES}/${node}`);
      lease = await client.request<Lease>('PUT', `${LEASES}/${node}`, { ...old, spec });
    }
  };

  return {
    node: () => seen,
    round: async () => {
      if (!seen) {
        seen = await register();
        if (!seen) return;
        untilStatus = STATUS_ROUNDS;
      }
      const known = lease !== undefined;
      try {
        await renew();
      } catch (error) {
        lease = undefined;
        untilStatus = 0;
        const [source, message] = known
          ? ['controller.go:195', 'Failed to update lease']
          : ['controller.go:145', 'Failed to ensure lease exists, will retry'];
        const interval = known ? {} : { interval: '7s' };
        client.klog('E', source, message, { err: messageOf(error), ...interval });
        return;
      }
      untilStatus -= 1;
      if (untilStatus <= 0) {
        seen = (await report()) ?? seen;
        untilStatus = STATUS_ROUNDS;
      }
    },
  };
}
