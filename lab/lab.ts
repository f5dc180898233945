/**
 * A lab that runs: the lock of its directory, the cluster, the workload that it seeds, and the API that other
 * processes ask.
 */
import { LabError } from '../certs/errors.ts';
import type { InstanceId } from '../components/component.ts';
import { loadComponent } from '../components/registry.ts';
import { type ApiRoutes, serveApi } from './api.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { adminClient } from './consequences.ts';
import { type LabDirectory, readDirectory } from './directory.ts';
import { handshakeApi } from './handshake-api.ts';
import type { Journal } from './journal.ts';
import { takeLock } from './lock.ts';
import { CLIENT_AUTH_MODES, switchMode } from './mode.ts';
import { namesOf, resolveComponent, topologyOf } from './names.ts';
import { startNoise } from './noise.ts';
import { seedWorkload } from './seed.ts';
import { openSettings } from './settings.ts';
import { reportStatus } from './status.ts';
import type { Supervisor } from './supervisor.ts';
import { checkPorts } from './taken-ports.ts';
import { traceToJson } from './trace-json.ts';

/** What a lab is started with. */
export interface LabOptions {
  readonly dir: string;
  /** Whether to make deployment and service web; default true. */
  readonly seed?: boolean;
  readonly onLine?: (id: InstanceId, line: string) => void;
  /** To follow handshakes from the first moment on; a new one by default. */
  readonly journal?: Journal;
  /** Between two rounds of dialling; default: DESIGN section 6. */
  readonly roundMs?: number;
}

/** A lab that runs in this process. */
export interface Lab {
  readonly directory: LabDirectory;
  readonly cluster: Cluster;
  readonly api: { readonly url: string; readonly token: string };
  close(): Promise<void>;
}

/**
 * Node cuts small buffers from blocks of 8 KiB, and a small one that lives (a key, a message of a trace) keeps its whole
 * block: four megabytes for every hundred workers.
 */
const BLOCK_BYTES = 1024;

/**
 * Start a lab in a directory that `init` made.
 * @throws LabError LAB_RUNNING, PORT_IN_USE, DIR_INVALID, DIR_UNWRITABLE
 */
export async function startLab(options: LabOptions): Promise<Lab> {
  Buffer.poolSize = BLOCK_BYTES;
  const directory = readDirectory(options.dir);
  const lock = takeLock(directory.dir);
  let cluster: Cluster | undefined;
  try {
    await checkPorts(directory);
    const running = await startCluster({
      dir: directory.dir,
      topology: topologyOf(directory),
      settings: openSettings(directory),
      load: loadComponent,
      ...(options.onLine ? { onLine: options.onLine } : {}),
      ...(options.journal ? { journal: options.journal } : {}),
      ...(options.roundMs === undefined ? {} : { roundMs: options.roundMs }),
    });
    cluster = running;
    const seeded = options.seed === false ? undefined : seed(running);
    const noise = startNoise(directory, running);
    const api = await serveApi(routesOf(directory, running));
    lock.publish(api);
    return {
      directory,
      cluster: running,
      api: { url: api.url, token: api.token },
      close: async () => {
        noise.close();
        await api.close();
        await seeded;
        await running.close();
        lock.release();
      },
    };
  } catch (error) {
    await cluster?.close();
    lock.release();
    throw error;
  }
}

async function seed(cluster: Cluster): Promise<void> {
  const client = adminClient(cluster);
  try {
    await seedWorkload(client);
  } finally {
    await client.close();
  }
}

function routesOf(directory: LabDirectory, cluster: Cluster): ApiRoutes {
  const act = (work: (supervisor: Supervisor) => Promise<void>) => async (input: { body: unknown }) => {
    const id = resolveComponent(textField(input.body, 'component'), namesOf(directory));
    const supervisor = cluster.supervisor(id);
    if (!supervisor) throw new LabError('NAME_UNKNOWN', { what: `there is no component "${id}"` });
    await work(supervisor);
    return supervisor.state();
  };
  const handshakes = handshakeApi(cluster, () => namesOf(directory));
  return {
    routes: {
      'GET /status': () => reportStatus(directory, cluster),
      'GET /traces': async () => cluster.journal.traces().map(traceToJson),
      ...handshakes.routes,
      'POST /mode': async ({ body }) => {
        const clientAuth = CLIENT_AUTH_MODES.find((mode) => mode === textField(body, 'clientAuth'));
        if (!clientAuth) throw new LabError('USAGE', { what: 'a mode is require or request' });
        await switchMode(directory.dir, cluster, clientAuth);
        return { clientAuth };
      },
      'POST /components/start': act((one) => one.start()),
      'POST /components/stop': act((one) => one.stop()),
      'POST /components/restart': act((one) => one.restart()),
    },
    streams: {
      ...handshakes.streams,
      'GET /traces/follow': (send) =>
        cluster.journal.subscribe((event) => event.kind === 'trace' && send(traceToJson(event.trace))),
      'GET /events': (send) =>
        cluster.journal.subscribe((event) => event.kind === 'component' && send(event.event)),
    },
  };
}

/** A text of a JSON body, or an empty one. */
function textField(body: unknown, name: string): string {
  const value =
    typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' ? value : '';
}
