/** A thousand handshakes, half of them refused: memory and descriptors stay flat. */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { clientLeaf, connectAndAsk, OTHER_CA, openBench, until } from '../../support/tls-bench.ts';

test('a thousand handshakes leave no socket, descriptor or memory behind', async () => {
  const bench = openBench();
  bench.put('stranger', clientLeaf({ by: OTHER_CA }));
  const server = await bench.serve();
  const round = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const who = i % 2 === 0 ? 'client' : 'stranger';
      const { status, error } = await connectAndAsk(
        bench.options(server, { cert: { file: `/pki/${who}.crt` }, key: { file: `/pki/${who}.key` } }),
      );
      expect(status ?? error?.outcome.alert?.number).toBe(i % 2 === 0 ? 200 : 48);
      bench.traces.length = 0;
      bench.events.length = 0;
    }
  };
  await round(500);
  global.gc?.();
  const descriptors = readdirSync('/proc/self/fd').length;
  const heap = process.memoryUsage().heapUsed;
  await round(1000);
  global.gc?.();
  await until('sockets are closed', () => readdirSync('/proc/self/fd').length <= descriptors + 2);
  // Without --expose-gc some garbage is still there: a leak of a trace per handshake would be 30 MB.
  expect(process.memoryUsage().heapUsed - heap).toBeLessThan(25_000_000);
  await bench.close();
});
