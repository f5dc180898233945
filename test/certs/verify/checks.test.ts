/** The table of checks: each row passing, failing alone, and failing beside every other one. */
import { expect, test } from 'vitest';
import { CHECKS, type Check } from '../../../certs/verify/checks.ts';
import { type Verdict, verify } from '../../../certs/verify/verify.ts';
import { requireTool } from '../../support/tools.ts';
import { acceptsVector } from './openssl-program.ts';
import { derOf, type Vector } from './vector.ts';
import { FAULT_VECTORS, FAULTS, PAIR_VECTORS } from './vectors-pairs.ts';

const ROWS: readonly Check[] = CHECKS;

function ask(vector: Vector): Verdict {
  const host = vector.host ?? 'localhost';
  return verify({
    chain: derOf(vector.chain),
    roots: derOf(vector.roots),
    purpose: 'serverAuth',
    name: { kind: host === '127.0.0.1' ? 'ip' : 'dns', value: host },
    time: new Date(),
  });
}

test('every row of the table has a fault of its own', () => {
  const faults = new Set(FAULTS.map(({ stage, code }) => `${stage} ${code}`));
  expect([...faults]).toEqual(expect.arrayContaining(ROWS.map(({ stage, code }) => `${stage} ${code}`)));
});

test('every row of the table passes where there is no fault', () => {
  const [healthy] = FAULT_VECTORS;
  if (!healthy) throw new Error('no vector');
  const { findings } = ask(healthy);
  expect(findings.every(({ passed }) => passed)).toBe(true);
  const passed = findings.map(({ code }) => code);
  // Constraints and policies are told of only where a CA sets them.
  const told = ROWS.map(({ code }) => code).filter(
    (code) => code !== 'CERT_POLICY_INVALID' && code !== 'CERT_NAME_CONSTRAINT',
  );
  expect(passed).toEqual(expect.arrayContaining(told));
});

const FAULTY = [...FAULT_VECTORS, ...PAIR_VECTORS].filter(({ faults }) => faults.length > 0);

test.for(FAULTY)('$name: $code, and the other one is told, too', (vector) => {
  const verdict = ask(vector);
  expect(verdict.code).toBe(vector.code);
  const failed = verdict.findings.filter(({ passed }) => !passed).map(({ code }) => code);
  expect(failed[0]).toBe(vector.code);
  const [first, second] = vector.faults;
  // Of a certificate that cannot be read nothing else is known.
  if (second === undefined || first?.stage === 'parse' || isHidden(vector)) return;
  expect(failed.slice(1)).toContain(second.code);
});

/** What cannot be seen: a path that was not found has no end to look at, and without SANs no constraint is broken. */
function isHidden({ faults: [first, second] }: (typeof FAULT_VECTORS)[number]): boolean {
  if (first?.code === 'CERT_NO_SANS') return second?.code === 'CERT_NAME_CONSTRAINT';
  return first?.stage === 'chain' && (second?.stage === 'chain' || second?.stage === 'policy');
}

test.for(FAULT_VECTORS)('openssl verify about $name', (vector, context) => {
  const program = requireTool(context, 'openssl');
  const excuses = vector.faults.filter(({ opensslAccepts }) => opensslAccepts !== undefined);
  expect(acceptsVector(program, vector)).toBe(excuses.length === vector.faults.length);
});
