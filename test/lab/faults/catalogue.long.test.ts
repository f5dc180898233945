/**
 * The whole catalogue over real sockets in both modes: exactly the stated connections fail as stated, everything else is
 * green, and a fix brings back a clean directory. Several labs side by side, each case in whichever is free.
 */
import { afterAll, beforeAll, describe, test } from 'vitest';
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
  const cases = casesOf(clientAuth);
  const results = cases.map(() => deferred());
  for (const { promise } of results) promise.catch(() => undefined);
  const labs: Promise<void>[] = [];
  let closing = false;

  beforeAll(() => {
    let next = 0;
    const work = async (): Promise<void> => {
      let bench: Bench | undefined;
      while (next < cases.length && !closing) {
        const at = next++;
        const one = cases[at];
        try {
          bench ??= await openBench({ clientAuth });
          if (one) await tryFault(bench, one.fault, one.target);
          results[at]?.resolve();
        } catch (error) {
          results[at]?.reject(error);
          // What is left of a case that failed must not fail the next one.
          await bench?.close().catch(() => undefined);
          bench = undefined;
        }
      }
      await bench?.close();
    };
    for (let lab = 0; lab < LABS; lab++) labs.push(work());
  });
  afterAll(async () => {
    closing = true;
    await Promise.all(labs);
  }, CASE_MS);

  test.for(cases.map((one, at) => ({ ...one, at })))(
    '$name',
    { timeout: 1_800_000 },
    ({ at }) => results[at]?.promise,
  );
});

/** Promise.withResolvers, which Node 20 does not have. */
function deferred(): {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
} {
  let settle: { resolve(): void; reject(error: unknown): void } = { resolve: () => {}, reject: () => {} };
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}
