import { expect, test } from 'vitest';
import type { KubeObject } from '../../../components/api/object.ts';
import {
  nameInFieldSelector,
  parseFieldSelector,
  parseLabelSelector,
} from '../../../components/api/selectors.ts';

const pod: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', labels: { app: 'web', size: '3' } },
  spec: { nodeName: 'worker-1' },
  status: { phase: 'Running' },
};

test.for([
  ['app=web', true],
  ['app==web,size=3', true],
  ['app!=web', false],
  ['other!=web', true],
  ['app in (web, api)', true],
  ['app notin (web)', false],
  ['other notin (web)', true],
  ['app', true],
  ['!app', false],
  ['!other', true],
  ['size>2', true],
  ['size<2', false],
  ['', true],
] as const)('label selector "%s" is %s', ([text, wanted]) => {
  expect(parseLabelSelector(text)(pod)).toBe(wanted);
});

test.for(['app=(', '=x', 'app in web'] as const)('label selector "%s" is refused', (text) => {
  expect(() => parseLabelSelector(text)).toThrow(/unable to parse requirement/);
});

test.for([
  ['metadata.name=web', true],
  ['metadata.name!=web', false],
  ['spec.nodeName=worker-1,status.phase=Running', true],
  ['spec.nodeName=', false],
  ['spec.hostNetwork=false', true],
] as const)('field selector "%s" is %s', ([text, wanted]) => {
  expect(parseFieldSelector(text, 'pods', '/v1')(pod)).toBe(wanted);
});

test('a field that no selector knows is refused by name', () => {
  expect(() => parseFieldSelector('spec.color=red', 'pods', '/v1')).toThrow(
    'Unable to find "/v1, Resource=pods" that match label selector "", field selector "spec.color=red": field label not supported: spec.color',
  );
});

test('finds the name in a field selector', () => {
  expect(nameInFieldSelector('status.phase=Running,metadata.name=web')).toBe('web');
  expect(nameInFieldSelector('status.phase=Running')).toBeUndefined();
});
