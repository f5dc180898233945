/** One vector of every code, shown to real kubectl: the recorded answers are alive. */
import { expect, test } from 'vitest';
import { verify } from '../../../certs/verify/verify.ts';
import { askGo } from '../../support/go-client.ts';
import { requireKubectl } from '../../support/tools.ts';
import { derOf, type Vector } from './vector.ts';
import { GO_RELEASES, VECTORS, withoutNow } from './vectors.ts';

const samples = new Map<string, Vector>();
for (const vector of VECTORS) {
  const isFree = vector.notAskable !== true && vector.otherwise === undefined;
  if (isFree && !samples.has(String(vector.code))) samples.set(String(vector.code), vector);
}

test.for([...samples.values()])('kubectl and verify say the same: $name', async (vector, context) => {
  const kubectl = requireKubectl(context, GO_RELEASES['1.24']);
  const [chain, roots, name] = [derOf(vector.chain), derOf(vector.roots), vector.host ?? 'localhost'];
  const verdict = verify({
    chain,
    roots,
    purpose: 'serverAuth',
    name: { kind: 'dns', value: name },
    time: new Date(),
  });
  expect(withoutNow(verdict.text)).toBe(withoutNow(await askGo(kubectl, { chain, roots, name })));
});

test('every code that a chain can have is asked about', () => {
  const codes = new Set(
    VECTORS.filter(({ otherwise }) => otherwise === undefined).map(({ code }) => String(code)),
  );
  expect(new Set(samples.keys())).toEqual(codes);
});
