import { expect, test } from 'vitest';
import { requestInfo } from '../../../components/apiserver/request-info.ts';

test.for([
  [
    'GET',
    '/api/v1/pods',
    { verb: 'list', group: '', version: 'v1', resource: 'pods', namespace: '', name: '' },
  ],
  ['GET', '/api/v1/pods?watch=true', { verb: 'watch', resource: 'pods' }],
  [
    'GET',
    '/api/v1/namespaces/default/pods/web',
    { verb: 'get', namespace: 'default', resource: 'pods', name: 'web' },
  ],
  ['GET', '/api/v1/namespaces/default/pods/web/log', { verb: 'get', name: 'web', subresource: 'log' }],
  [
    'POST',
    '/apis/apps/v1/namespaces/a/deployments',
    { verb: 'create', group: 'apps', resource: 'deployments', namespace: 'a' },
  ],
  [
    'PUT',
    '/apis/apps/v1/namespaces/a/deployments/w/status',
    { verb: 'update', name: 'w', subresource: 'status' },
  ],
  ['DELETE', '/api/v1/namespaces/a/pods', { verb: 'deletecollection', resource: 'pods' }],
  ['DELETE', '/api/v1/namespaces/a/pods/w', { verb: 'delete', name: 'w' }],
  ['GET', '/api/v1/namespaces/a', { verb: 'get', resource: 'namespaces', namespace: 'a', name: 'a' }],
  ['PUT', '/api/v1/namespaces/a/finalize', { resource: 'namespaces', name: 'a', subresource: 'finalize' }],
  ['GET', '/api/v1/nodes/n/proxy/a/b', { resource: 'nodes', name: 'n', subresource: 'proxy', rest: '/a/b' }],
  ['GET', '/api/v1/pods?fieldSelector=metadata.name%3Dweb', { verb: 'list', name: 'web' }],
  ['GET', '/healthz', { isResource: false, verb: 'get', path: '/healthz' }],
  ['GET', '/apis/apps/v1', { isResource: false, path: '/apis/apps/v1' }],
  ['GET', '/api/v1/namespaces/%zz/pods', { verb: 'list', namespace: '%zz' }],
] as const)('%s %s', ([method, url, wanted]) => {
  expect(requestInfo(method, url)).toMatchObject(wanted);
});
