/**
 * The whole catalogue over real sockets in both modes: exactly the stated connections fail as stated, everything else is
 * green, and a fix brings back a clean directory. Several labs side by side, each case in whichever is free.
 */
import { afterAll, describe, test } from 'vitest';
import { DEFAULT_CHOICES } from '../../../certs/identities.ts';
import { faults } from '../../../lab/faults/catalogue.ts';
import type { Fault, Scope } from '../../../lab/faults/fault.ts';
import { alike, byMode } from '../../../lab/faults/page.ts';
import { type Bench, openBench, tryFault } from './bench.ts';

const LABS = 2;
const CASE_MS = 200_000;

interface Case {
  readonly fault: Fault;
  readonly target: string;
  readonly name: string;
}

/**
 * One target of each kind for the first fault of a family; for the others two kinds, other ones each time.
 * In the other mode again, wherever it makes a difference, and once in any case.
 */
function casesOf(mode: 'require' | 'request'): Case[] {
  const settings = { 'kube-apiserver': { clientAuth: mode }, kubelet: { clientAuth: mode } };
  const scope: Scope = { choices: DEFAULT_CHOICES, workers: ['worker-1'], settings };
  const seen = new Set<string>();
  return faults.flatMap((fault, index) => {
    const kinds = alike(fault, scope).flatMap(([target]) => target ?? []);
    const first = !seen.has(fault.family);
    seen.add(fault.family);
    const chosen = first ? kinds : [0, 1].map((step) => kinds[(2 * index + step) % kinds.length] ?? '');
    const differing = chosen.filter((target) => {
      const { require, request } = byMode(fault, target, scope);
      return JSON.stringify(require) !== JSON.stringify(request);
    });
    const here = mode === 'require' ? chosen : differing.length > 0 ? differing : chosen.slice(0, 1);
    return [...new Set(here)]
      .filter((target) => target !== '')
      .map((target) => ({ fault, target, name: `${fault.id} on ${target}` }));
  });
}

describe.for(['require', 'request'] as const)('in mode %s', (clientAuth) => {
  const labs = openPool(clientAuth);
  afterAll(() => labs.close(), CASE_MS);

  test.concurrent.for(casesOf(clientAuth))('$name', { timeout: 1_800_000 }, ({ fault, target }) =>
    labs.use((bench) => tryFault(bench, fault, target)),
  );
});

/** A few labs; each is used by one case at a time, and thrown away when one has failed in it. */
function openPool(clientAuth: 'require' | 'request') {
  const free: (Bench | null)[] = Array.from({ length: LABS }, () => null);
  const waiting: (() => void)[] = [];
  return {
    async use(work: (bench: Bench) => Promise<void>): Promise<void> {
      while (free.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
      let bench = free.pop() ?? null;
      try {
        bench ??= await openBench({ clientAuth });
        await work(bench);
      } catch (error) {
        await bench?.close().catch(() => undefined);
        bench = null;
        throw error;
      } finally {
        free.push(bench);
        waiting.shift()?.();
      }
    },
    async close(): Promise<void> {
      for (const bench of free) await bench?.close();
    },
  };
}
