import { expect, test } from 'vitest';
import type { Json, KubeObject } from '../../../components/api/object.ts';
import { applyPatch } from '../../../components/api/patch.ts';

const base = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' } };
const JSON_PATCH = 'application/json-patch+json';
const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const container = (name: string, more: object = {}) => ({ name, ...more });

const cases: readonly { name: string; type: string; spec: Json; patch: unknown; wanted: Json }[] = [
  {
    name: 'JSON patch adds, replaces, moves, copies and removes',
    type: JSON_PATCH,
    spec: { a: 1, list: [1, 2], gone: true },
    patch: [
      { op: 'test', path: '/spec/a', value: 1 },
      { op: 'replace', path: '/spec/a', value: 2 },
      { op: 'add', path: '/spec/list/-', value: 3 },
      { op: 'add', path: '/spec/list/0', value: 0 },
      { op: 'copy', from: '/spec/a', path: '/spec/b' },
      { op: 'move', from: '/spec/gone', path: '/spec/kept~1here' },
      { op: 'remove', path: '/spec/list/1' },
    ],
    wanted: { a: 2, list: [0, 2, 3], b: 2, 'kept/here': true },
  },
  {
    name: 'merge patch merges objects, replaces lists, removes by null',
    type: MERGE,
    spec: { a: { b: 1, c: 2 }, list: [1, 2] },
    patch: { spec: { a: { b: null, d: 3 }, list: [9] } },
    wanted: { a: { c: 2, d: 3 }, list: [9] },
  },
  {
    name: 'strategic patch merges containers by name',
    type: STRATEGIC,
    spec: { containers: [container('a', { image: 'x' }), container('b', { image: 'y' })] },
    patch: { spec: { containers: [container('b', { image: 'z' }), container('c', { image: 'w' })] } },
    wanted: {
      containers: [
        container('a', { image: 'x' }),
        container('b', { image: 'z' }),
        container('c', { image: 'w' }),
      ],
    },
  },
  {
    name: 'strategic patch deletes a list item by directive',
    type: STRATEGIC,
    spec: { containers: [container('a'), container('b')] },
    patch: { spec: { containers: [{ $patch: 'delete', name: 'a' }] } },
    wanted: { containers: [container('b')] },
  },
  {
    name: 'strategic patch replaces a list on demand',
    type: STRATEGIC,
    spec: { containers: [container('a'), container('b')] },
    patch: { spec: { containers: [{ $patch: 'replace' }, container('c')] } },
    wanted: { containers: [container('c')] },
  },
  {
    name: 'strategic patch puts items in the order given',
    type: STRATEGIC,
    spec: { containers: [container('a'), container('b')] },
    patch: { spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }], containers: [] } },
    wanted: { containers: [container('b'), container('a')] },
  },
  {
    name: 'strategic patch replaces lists that have no merge key',
    type: STRATEGIC,
    spec: { tolerations: [{ key: 'a' }] },
    patch: { spec: { tolerations: [{ key: 'b' }] } },
    wanted: { tolerations: [{ key: 'b' }] },
  },
  {
    name: 'strategic patch keeps only the keys that are retained',
    type: STRATEGIC,
    spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } },
    patch: { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
    wanted: { strategy: { type: 'Recreate' } },
  },
];

test.for(cases)('$name', ({ type, spec, patch, wanted }) => {
  const object = { ...base, spec } as KubeObject;
  const before = structuredClone(object);
  expect(applyPatch(type, object, patch, 'Pod')['spec']).toEqual(wanted);
  expect(object).toEqual(before);
});

test.for([
  ['a failed test', [{ op: 'test', path: '/metadata/name', value: 'other' }]],
  ['a missing path', [{ op: 'remove', path: '/spec/nothing' }]],
  ['an unknown operation', [{ op: 'jump', path: '/spec' }]],
  ['an index beyond the list', [{ op: 'add', path: '/spec/list/9', value: 1 }]],
] as const)('JSON patch with %s is refused with 422', ([, patch]) => {
  const object: KubeObject = { ...base, spec: { list: [] } };
  expect(() => applyPatch(JSON_PATCH, object, patch, 'Pod')).toThrow(
    expect.objectContaining({ status: expect.objectContaining({ code: 422 }) }),
  );
});
