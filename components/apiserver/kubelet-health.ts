/**
 * One fresh connection to a kubelet per round, so that a broken certificate on that channel shows soon.
 *
 * The real API server dials kubelets only when somebody wants logs or exec.
 */
import { request } from 'node:http';
import { dialKubelet, type KubeletAddress } from './kubelet-address.ts';
import type { ApiServer } from './server-context.ts';

const ANSWER_TIMEOUT_MS = 5_000;

/** Dial, GET /healthz, close. Never rejects: the outcome is in the connection's trace. */
export async function checkKubelet(api: ApiServer, kubelet: KubeletAddress): Promise<void> {
  const connection = await dialKubelet(api, kubelet).catch(() => undefined);
  if (!connection) return;
  await new Promise<void>((resolve) => {
    const { socket } = connection;
    const over = (): void => {
      socket.destroy();
      resolve();
    };
    const outgoing = request({
      createConnection: () => socket,
      path: '/healthz',
      timeout: ANSWER_TIMEOUT_MS,
      headers: { host: kubelet.authority, connection: 'close' },
    });
    outgoing.once('response', (answer) => {
      answer.resume();
      answer.once('close', over);
    });
    outgoing.once('timeout', over);
    outgoing.once('error', over);
    outgoing.end();
  });
}
