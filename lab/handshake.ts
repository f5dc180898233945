/** One fresh handshake between two components, and its trace when both sides have decided. */
import { LabError } from '../certs/errors.ts';
import type { Trace } from '../components/tls/trace.ts';
import type { Cluster } from './cluster.ts';
import type { Channel } from './topology.ts';

const LIMIT_MS = 8000;

/**
 * Let the client dial now.
 * @returns the newest decided connection that began after the call
 * @throws  LabError LAB_NOT_RUNNING when the client does not run, NOT_TRIED when it did not dial that server
 */
export async function freshHandshake(cluster: Cluster, channel: Channel): Promise<Trace> {
  const client = cluster.supervisor(channel.client);
  const state = client?.state();
  if (!client || state?.phase !== 'running') {
    throw new LabError('LAB_NOT_RUNNING', {
      what: `${channel.client} does not run${state?.problem ? `: ${state.problem.what}` : ''}`,
      fix: `npx mtls-lab start ${channel.client}`,
    });
  }
  const known = new Set(cluster.journal.traces(channel.id).map(({ id }) => id));
  const decided = (): Trace | undefined =>
    cluster.journal
      .traces(channel.id)
      .findLast((trace) => !known.has(trace.id) && cluster.journal.isDecided(trace));
  const dialled = client.dialNow().catch(() => undefined);
  const deadline = performance.now() + LIMIT_MS;
  return new Promise((resolve, reject) => {
    const finish = (): boolean => {
      const trace = decided();
      if (trace === undefined) return false;
      stop();
      resolve(trace);
      return true;
    };
    const leave = cluster.journal.subscribe((event) => {
      if (event.kind === 'trace' && event.trace.channel === channel.id) finish();
    });
    const timer = setInterval(() => {
      if (finish() || performance.now() < deadline) return;
      stop();
      reject(notTried(channel));
    }, 50);
    function stop(): void {
      leave();
      clearInterval(timer);
    }
    // A refusal that comes after the client was done still changes the outcome: look once more when all is over.
    void dialled.then(finish);
  });
}

function notTried({ client, server }: Channel): LabError {
  return new LabError('NOT_TRIED', {
    what: `${client} did not dial ${server} within ${LIMIT_MS / 1000} s`,
    why:
      client === 'kube-apiserver'
        ? 'The API server dials a kubelet when it needs one, and knows only those that have registered their node.'
        : 'A client dials in rounds.',
    fix: 'npx mtls-lab status   shows what is in the way',
  });
}
