/** The file that `capture` writes of a lab that runs, failures included, as tshark reads it. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Trace } from '../../../components/tls/trace.ts';
import { callLab } from '../../../lab/api.ts';
import { traceFromJson } from '../../../lab/trace-json.ts';
import { callCli } from '../../support/cli.ts';
import { openTestLab, type TestLab } from '../../support/lab.ts';
import { requireTool } from '../../support/tools.ts';

let bench: TestLab;
let file = '';
let card = '';
let traces: readonly Trace[] = [];
const cli = (...args: string[]) => callCli([...args, '--dir', bench.dir]);

/** Both versions, accepted and refused by either side. */
beforeAll(async () => {
  bench = await openTestLab();
  file = join(bench.dir, 'lab.pcapng');
  const shake = async (client: string, server: string): Promise<void> => {
    await cli('handshake', client, server, '--tls', '1.2');
    await cli('handshake', client, server, '--tls', '1.3');
  };
  await cli('break', 'unknown-ca', 'scheduler', '--json');
  await cli('break', 'expired', 'kubelet@worker-1', '--json');
  // The lab remembers the last few of every connection: those that count come last.
  await shake('kube-apiserver', 'etcd');
  await shake('kube-scheduler', 'kube-apiserver');
  await shake('kube-apiserver', 'kubelet@worker-1');
  card = (await cli('handshake', 'kube-apiserver', 'kubelet@worker-1')).stdout;
  const { code } = await cli('capture', '-o', file);
  expect(code).toBe(0);
  const told = await callLab({ dir: bench.dir, shownDir: bench.dir }, 'GET /traces');
  traces = (told as unknown[]).map(traceFromJson);
}, 60_000);
afterAll(() => bench.close());

function tshark(program: string, filter: string, names: readonly string[]): string[][] {
  const wanted = names.flatMap((name) => ['-e', name]);
  const out = execFileSync(
    program,
    ['-r', file, '-Y', filter, '-T', 'fields', '-E', 'separator=|', ...wanted],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('|'));
}

test('the card of a refusal by the client has the word of the server, too', () => {
  expect(card).toContain('kube-apiserver refused kubelet@worker-1: its certificate kubelet.crt');
  expect(card).toContain('KUBELET@WORKER-1 CHECKED apiserver-kubelet-');
});

test('tshark finds nothing malformed, no trouble in TCP, and nothing to warn of', (context) => {
  const program = requireTool(context, 'tshark');
  const filter = '_ws.malformed || tcp.analysis.flags || _ws.expert.severity >= 6291456';
  expect(tshark(program, filter, ['frame.number', '_ws.expert.message'])).toEqual([]);
});

test('tshark reads the alerts of our traces, and decrypts what came before them', (context) => {
  const program = requireTool(context, 'tshark');
  const theirs = tshark(program, 'tls.alert_message.desc > 0', [
    'tcp.srcport',
    'tcp.dstport',
    'tls.alert_message.desc',
  ]);
  const ours = new Map(
    traces.map(({ clientAddress, serverAddress, outcome }) => [
      [clientAddress.port, serverAddress.port].sort().join(),
      outcome.alert?.number,
    ]),
  );
  expect(theirs.length).toBeGreaterThanOrEqual(4);
  const numbers = theirs.map(([from, to, alert]) => {
    expect(ours.get([Number(from), Number(to)].sort().join())).toBe(Number(alert));
    return Number(alert);
  });
  // The API server refuses the scheduler, and a kubelet is refused by the API server: by Go's alerts.
  expect(numbers).toEqual(expect.arrayContaining([48, 42]));
  const refused = traces.filter(({ outcome }) => outcome.layer === 'tls' && outcome.alert !== null);
  expect(new Set(refused.map(({ protocol }) => protocol))).toEqual(new Set(['TLSv1.2', 'TLSv1.3']));
});

test('tshark opens the requests inside, and every connection has its sentence', (context) => {
  const program = requireTool(context, 'tshark');
  const rows = tshark(program, 'tcp', ['tcp.stream', 'http.request.uri', 'frame.comment']);
  expect(rows.filter(([, uri]) => uri !== '').length).toBeGreaterThan(3);
  const comments = rows.flatMap(([stream, , comment]) => (comment === '' ? [] : [[stream, comment]]));
  expect(new Set(comments.map(([stream]) => stream))).toEqual(new Set(rows.map(([stream]) => stream)));
  expect(comments.map(([, comment]) => comment)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(
        /^kube-apiserver refused kube-scheduler: its certificate scheduler\.crt, "system:kube-scheduler", is issued by "CN=foreign-ca"/,
      ),
      expect.stringMatching(
        /^kube-apiserver refused kubelet@worker-1: its certificate kubelet\.crt, "system:node:worker-1", ended at/,
      ),
    ]),
  );
});
