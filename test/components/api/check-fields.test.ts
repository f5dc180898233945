import * as models from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { checkFields } from '../../../components/api/check-fields.ts';
import type { KubeObject } from '../../../components/api/object.ts';
import { isPlain, mergeKeyOf, objectType } from '../../../components/api/schema.ts';

const pod = (spec: unknown) =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec }) as KubeObject;

test.for([
  [
    'an unknown field',
    { containers: [{ name: 'a', imagee: 'b' }] },
    ['unknown field "spec.containers[0].imagee"'],
    null,
  ],
  [
    'a text for a list',
    { containers: 'a' },
    [],
    'json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container',
  ],
  [
    'a text for a number',
    { activeDeadlineSeconds: 'x' },
    [],
    'json: cannot unmarshal string into Go struct field PodSpec.spec.activeDeadlineSeconds of type int32',
  ],
  ['quantities as numbers', { containers: [{ name: 'a', resources: { limits: { cpu: 1 } } }] }, [], null],
] as const)('%s is found', ([, spec, unknown, mistyped]) => {
  expect(checkFields('', pod(spec))).toMatchObject({ unknown, mistyped });
});

test('what is unknown is dropped, what is null counts as absent', () => {
  const { object } = checkFields('', pod({ nodeName: null, color: 'red', hostNetwork: true }));
  expect(object['spec']).toEqual({ hostNetwork: true });
});

test('kinds without a description pass', () => {
  const object = { apiVersion: 'x/v1', kind: 'Thing', metadata: {}, any: 1 } as KubeObject;
  expect(checkFields('x', object).object).toBe(object);
});

test.for([
  ['Pod', ['spec', 'containers', 'ports'], 'containerPort'],
  ['Deployment', ['spec', 'template', 'spec', 'containers', 'env'], 'name'],
  ['Service', ['spec', 'ports'], 'port'],
  ['Pod', ['spec', 'tolerations'], undefined],
  ['ConfigMap', ['data', 'containers'], undefined],
] as const)('%s %s merges by %s', ([kind, path, key]) => {
  expect(mergeKeyOf(kind, path)).toBe(key);
});

/** The public client library knows the same fields. */
test.for([
  'Pod',
  'PodSpec',
  'Container',
  'Node',
  'NodeStatus',
  'ServiceSpec',
  'DeploymentSpec',
  'CertificateSigningRequestSpec',
  'LeaseSpec',
  'PolicyRule',
])('%s has the fields of the client library', (type) => {
  const model = (models as unknown as Record<string, { getAttributeTypeMap(): { baseName: string }[] }>)[
    `V1${type}`
  ];
  const fields = objectType(type);
  expect([...(fields?.keys() ?? [])].sort()).toEqual(
    model
      ?.getAttributeTypeMap()
      .map((one) => one.baseName)
      .sort(),
  );
  for (const field of fields?.values() ?? [])
    expect(isPlain(field.type) || objectType(field.type)).toBeTruthy();
});
