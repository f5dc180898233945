/** One end's record of a connection: what a trace keeps of it, and what it lets go. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { decide } from '../../../certs/verify/verify.ts';
import { openHost } from '../../../components/host.ts';
import { beginHalf } from '../../../components/tls/half.ts';
import type { Trace } from '../../../components/tls/trace.ts';
import { judge } from '../../../components/tls/verdict.ts';
import { emptyFolder } from '../../support/lab-directory.ts';
import { CA, serverLeaf } from '../../support/tls-bench.ts';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A connection that is over: its trace, and something that only the connection itself held. */
function finished(): { trace: Trace; held: WeakRef<object> } {
  const held = { socket: 'of the connection' };
  const half = beginHalf({
    host: openHost(emptyFolder('half')),
    side: 'client',
    component: 'kube-scheduler',
    peer: 'kube-apiserver',
    ends: { localAddress: '', localPort: 0, remoteAddress: '', remotePort: 0 },
    clientAuth: null,
    certFile: null,
    caFile: null,
    onMessage: () => void held.socket,
  });
  const input = {
    chain: [serverLeaf().der],
    roots: [CA.der],
    purpose: 'serverAuth',
    name: { kind: 'dns', value: 'elsewhere' },
    time: new Date(),
  } as const;
  half.judged(judge(input), input);
  expect(half.trace().client?.verdictText).toBe(decide(input).text);
  half.closed();
  return { trace: half.trace(), held: new WeakRef(held) };
}

test('a trace keeps nothing of its connection alive, and still puts its findings into words', async () => {
  const { trace, held } = finished();
  // What a WeakRef was asked for lives until the end of the turn.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  expect(held.deref()).toBeUndefined();
  expect(trace.client?.findings.find(({ passed }) => !passed)?.code).toBe('CERT_NAME_MISMATCH');
});
