/** Which of a lab's ports another program holds, found out before anything is started. */
import { createServer } from 'node:net';
import { LabError } from '../certs/errors.ts';
import type { LabDirectory } from './directory.ts';

/** One port that cannot be had. */
export interface TakenPort {
  readonly component: string;
  readonly port: number;
}

/** Try every port that the configuration files name. */
export async function takenPorts({ ports }: Pick<LabDirectory, 'ports'>): Promise<TakenPort[]> {
  const wanted = [
    { component: 'kube-apiserver', port: ports.apiserver },
    { component: 'etcd', port: ports.etcd },
    ...Object.entries(ports.kubelets ?? {}).map(([worker, port]) => ({
      component: `kubelet@${worker}`,
      port,
    })),
  ];
  const tried = await Promise.all(
    wanted.map(async ({ component, port }) =>
      port === undefined || port === 0 || (await isFree(port)) ? undefined : { component, port },
    ),
  );
  return tried.filter((one) => one !== undefined);
}

/**
 * Refuse to go on when a port is taken.
 * @throws LabError PORT_IN_USE with every such port, and the way out
 */
export async function checkPorts(directory: Pick<LabDirectory, 'ports'>): Promise<void> {
  const taken = await takenPorts(directory);
  if (taken.length === 0) return;
  const list = taken.map(({ port, component }) => `${port} (${component})`).join(', ');
  throw new LabError('PORT_IN_USE', {
    what: `taken by another program: ${taken.length === 1 ? 'port' : 'ports'} ${list}`,
    fix: 'stop that program, or move this lab: npx mtls-lab up --port-base 0 (any free ports), --port-base 7000 …',
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => done(true)));
  });
}
