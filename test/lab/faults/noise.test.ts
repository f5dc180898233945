/** Noise: a caller that means nothing leaves its line in the log, and every connection goes on. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTextIfAny } from '../../../certs/files.ts';
import { readDirectory } from '../../../lab/directory.ts';
import { applyFault, fixTarget } from '../../../lab/faults/engine.ts';
import type { Fault } from '../../../lab/faults/fault.ts';
import { noise } from '../../../lab/faults/noise.ts';
import { logPath } from '../../../lab/log-files.ts';
import { type Bench, becomes, openBench } from './bench.ts';

const LINES = {
  'lb-probe': ['kube-apiserver', /http: TLS handshake error from 127\.0\.0\.1:\d+: EOF/],
  'port-scan': [
    'etcd',
    /"msg":"rejected connection on client endpoint".*first record does not look like a TLS handshake/,
  ],
  'old-probe': [
    'kubelet@worker-1',
    /http: TLS handshake error from 127\.0\.0\.1:\d+: tls: client offered only unsupported versions: \[\]/,
  ],
} as const;

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({});
}, 60_000);
afterAll(() => bench.close());

test.for(Object.keys(LINES) as (keyof typeof LINES)[])(
  '%s is a line in the log and nothing else',
  {
    timeout: 60_000,
  },
  async (id) => {
    const [target, line] = LINES[id];
    const fault: Fault | undefined = noise.find((one) => one.id === id);
    if (!fault) throw new Error(`no fault ${id}`);
    const directory = readDirectory(bench.dir);
    const host = target.split('@')[1] ?? 'control-plane';
    const log = (): string => readTextIfAny(logPath(bench.dir, target, host)) ?? '';
    expect(log()).not.toMatch(line);
    await applyFault(directory, fault, target);
    await expect.poll(log, { timeout: 20_000 }).toMatch(line);
    await becomes(bench, []);
    expect(bench.lab.cluster.supervisor(target)?.state().restarts).toBe(0);
    await fixTarget(directory, target);
    expect(readDirectory(bench.dir).noise).toEqual({});
  },
);
