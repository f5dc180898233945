import { expect, test } from 'vitest';
import {
  alreadyExists,
  conflict,
  forbidden,
  forbiddenPath,
  invalid,
  notFound,
  type StatusError,
  unauthorized,
} from '../../../components/api/status.ts';

const PODS = { group: '', resource: 'pods' };
const DEPLOYMENTS = { group: 'apps', resource: 'deployments' };

/** Bodies as the real server sends them, letter for letter. */
test.for([
  [
    unauthorized(),
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}',
  ],
  [
    notFound(PODS, 'web'),
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods \\"web\\" not found","reason":"NotFound","details":{"name":"web","kind":"pods"},"code":404}',
  ],
  [
    forbidden(
      { group: '', resource: 'nodes' },
      '',
      'User "system:anonymous" cannot list resource "nodes" in API group "" at the cluster scope',
    ),
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"nodes is forbidden: User \\"system:anonymous\\" cannot list resource \\"nodes\\" in API group \\"\\" at the cluster scope","reason":"Forbidden","details":{"kind":"nodes"},"code":403}',
  ],
  [
    forbidden(DEPLOYMENTS, 'web', 'no'),
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"deployments.apps \\"web\\" is forbidden: no","reason":"Forbidden","details":{"name":"web","group":"apps","kind":"deployments"},"code":403}',
  ],
  [
    forbiddenPath('system:anonymous', 'get', '/'),
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"forbidden: User \\"system:anonymous\\" cannot get path \\"/\\"","reason":"Forbidden","details":{},"code":403}',
  ],
] as const)('%s', ([error, body]) => {
  expect(JSON.stringify((error as StatusError).status)).toBe(body);
});

test.for([
  [alreadyExists(PODS, 'web'), 'pods "web" already exists'],
  [
    conflict(DEPLOYMENTS, 'web'),
    'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest version and try again',
  ],
  [
    invalid({ group: '', resource: 'Pod' }, 'Web', [
      { type: 'invalid', field: 'metadata.name', value: 'Web', detail: 'no' },
    ]),
    'Pod "Web" is invalid: metadata.name: Invalid value: "Web": no',
  ],
  [
    invalid({ group: 'apps', resource: 'Deployment' }, 'web', [
      { type: 'required', field: 'spec.selector', detail: '' },
      { type: 'required', field: 'spec.template.spec.containers', detail: '' },
    ]),
    'Deployment.apps "web" is invalid: [spec.selector: Required value, spec.template.spec.containers: Required value]',
  ],
] as const)('says %s', ([error, message]) => {
  expect((error as StatusError).status.message).toBe(message);
});
