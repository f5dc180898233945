/**
 * Choosing ports: Kubernetes' own where they are free, else the next free one, and saying so.
 */
import { createServer, type Server } from 'node:net';
import { LabError } from '../certs/errors.ts';
import { type Choices, workerNames } from '../certs/identities.ts';

/** Where each server listens. */
export interface Ports {
  readonly apiserver: number;
  readonly etcd: number;
  /** By worker. */
  readonly kubelets: Readonly<Record<string, number>>;
}

/** A port that was wanted and taken. */
export interface MovedPort {
  /** `kube-apiserver`, `etcd`, `kubelet@worker-1`. */
  readonly component: string;
  readonly wanted: number;
  readonly got: number;
}

/** Kubernetes' own ports, and the same as offsets from `--port-base`. */
const PLAN = {
  apiserver: { port: 6443, offset: 0 },
  etcd: { port: 2379, offset: 1 },
  /** The first worker's; the next ones follow. */
  kubelet: { port: 10_250, offset: 10 },
} as const;

/**
 * Choose ports that are free now.
 * @param portBase  null: the real defaults; 0: any; else offsets from it
 * @param keep      ports of workers that exist already
 */
export async function choosePorts(
  choices: Choices,
  portBase: number | null,
  keep: Partial<Ports> = {},
): Promise<{ ports: Ports; moved: readonly MovedPort[] }> {
  const moved: MovedPort[] = [];
  const taken = new Set<number>([
    ...(keep.apiserver === undefined ? [] : [keep.apiserver]),
    ...(keep.etcd === undefined ? [] : [keep.etcd]),
    ...Object.values(keep.kubelets ?? {}),
  ]);
  const held: Server[] = [];
  const choose = async (
    component: string,
    plan: { port: number; offset: number },
    add = 0,
  ): Promise<number> => {
    const wanted = portBase === 0 ? 0 : (portBase === null ? plan.port : portBase + plan.offset) + add;
    const { server, port } = await holdFrom(wanted, taken);
    held.push(server);
    taken.add(port);
    if (wanted !== 0 && port !== wanted) moved.push({ component, wanted, got: port });
    return port;
  };
  try {
    const apiserver = keep.apiserver ?? (await choose('kube-apiserver', PLAN.apiserver));
    const etcd = keep.etcd ?? (await choose('etcd', PLAN.etcd));
    const kubelets: Record<string, number> = {};
    for (const [index, worker] of workerNames(choices).entries()) {
      kubelets[worker] = keep.kubelets?.[worker] ?? (await choose(`kubelet@${worker}`, PLAN.kubelet, index));
    }
    return { ports: { apiserver, etcd, kubelets }, moved };
  } finally {
    await Promise.all(held.map(release));
  }
}

/** Listen on the wanted port, or on the next one that is free. */
async function holdFrom(
  wanted: number,
  taken: ReadonlySet<number>,
): Promise<{ server: Server; port: number }> {
  for (let port = wanted; port <= 65_535; port++) {
    if (port !== 0 && taken.has(port)) continue;
    const server = await hold(port);
    if (server) return { server, port: portOf(server) };
    if (port === 0) break;
  }
  throw new LabError('PORT_IN_USE', {
    what: `no free port from ${wanted} on`,
    fix: 'choose another range with --port-base P, or --port-base 0 for any free ports',
  });
}

function hold(port: number): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(error);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function release(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
