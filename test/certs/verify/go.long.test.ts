/**
 * Every vector, shown to real kubectl of three Go lines. The answers are test/golden/go-*.json, against which
 * verify.test.ts holds the verdict in every run; `-u` records them anew.
 */
import { expect, test } from 'vitest';
import { askGo } from '../../support/go-client.ts';
import { requireKubectl } from '../../support/tools.ts';
import { derOf } from './vector.ts';
import { GO_RELEASES, VECTORS, withoutNow } from './vectors.ts';

test.for(Object.entries(GO_RELEASES))('Go %s answers as recorded', async ([go, release], context) => {
  const kubectl = requireKubectl(context, release);
  const answers: Record<string, string | null> = {};
  for (const vector of VECTORS.filter(({ notAskable }) => notAskable !== true)) {
    const question = {
      chain: derOf(vector.chain),
      roots: derOf(vector.roots),
      name: vector.host ?? 'localhost',
    };
    answers[vector.name] = withoutNow(await askGo(kubectl, question));
  }
  await expect(`${JSON.stringify(answers, null, 2)}\n`).toMatchFileSnapshot(`../../golden/go-${go}.json`);
});
