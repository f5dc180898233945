/** Certificates and tokens, when the server asks as Kubernetes does: the handshake succeeds, then 401 or 403. */
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCluster, type TestCluster } from '../../support/cluster.ts';
import { temporaryLab } from '../../support/lab-directory.ts';

const NODES = '/api/v1/nodes';

describe('in request mode', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startCluster({
      settings: { clientAuth: 'request' },
      apiserverFlags: ['--enable-bootstrap-token-auth=true', '--token-auth-file=/etc/kubernetes/tokens.csv'],
      prepare: (dir) => {
        writeFileSync(
          join(dir, 'hosts/control-plane/etc/kubernetes/tokens.csv'),
          'static-token,jane,1,"dev,system:masters"\n',
        );
      },
    });
  });

  afterAll(() => cluster?.close());

  test('nobody is system:anonymous and gets 403', async () => {
    const answer = await cluster.call('nobody', 'GET', NODES);
    expect(answer.status).toBe(403);
    expect(answer.text).toBe(
      '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"nodes is forbidden: User \\"system:anonymous\\" cannot list resource \\"nodes\\" in API group \\"\\" at the cluster scope","reason":"Forbidden","details":{"kind":"nodes"},"code":403}\n',
    );
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });

  test.for([
    ['/healthz', 200],
    ['/livez', 200],
    ['/readyz', 200],
    ['/version', 200],
    ['/api', 403],
    ['/apis', 403],
  ] as const)('nobody reading %s gets %s', async ([path, status]) => {
    expect((await cluster.call('nobody', 'GET', path)).status).toBe(status);
  });

  test('a certificate of a foreign CA gets 401 on every path, and the log says why', async () => {
    const other = await temporaryLab();
    for (const file of ['crt', 'key']) {
      copyFileSync(join(other, `pki/admin.${file}`), join(cluster.dir, `pki/foreign.${file}`));
    }
    for (const path of [NODES, '/healthz']) {
      const answer = await cluster.call('foreign', 'GET', path);
      expect(answer.status).toBe(401);
      expect(answer.text).toBe(
        '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}\n',
      );
    }
    expect(cluster.logs.join('\n')).toMatch(
      /E\d{4} \S+ +1 authentication\.go:\d+\] "Unable to authenticate the request" err="\[x509: certificate signed by unknown authority.*, verifying certificate SN=\d+, SKID=.*, AKID=.* failed: x509: certificate signed by unknown authority.*\]"/,
    );
  });

  test('a service account token names its account; a token that is wrong is 401, not anonymous', async () => {
    const path = '/api/v1/namespaces/default/serviceaccounts/default/token';
    const issued = await cluster.call('admin', 'POST', path, { spec: { expirationSeconds: 600 } });
    expect(issued.status).toBe(201);
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const { token } = issued.body.status;
    const review = await cluster.call(
      'nobody',
      'POST',
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      {},
      bearer(token),
    );
    expect(review.body.status.userInfo).toMatchObject({
      username: 'system:serviceaccount:default:default',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    });
    expect((await cluster.call('nobody', 'GET', NODES, undefined, bearer(`${token}x`))).status).toBe(401);
    const body = { spec: { token } };
    const known = await cluster.call('admin', 'POST', '/apis/authentication.k8s.io/v1/tokenreviews', body);
    expect(known.body.status).toMatchObject({ authenticated: true });
  });

  test('static and bootstrap tokens are known', async () => {
    const who = async (token: string) =>
      (
        await cluster.call(
          'nobody',
          'POST',
          '/apis/authentication.k8s.io/v1/selfsubjectreviews',
          {},
          { authorization: `Bearer ${token}` },
        )
      ).body.status?.userInfo;
    expect(await who('static-token')).toMatchObject({
      username: 'jane',
      groups: ['dev', 'system:masters', 'system:authenticated'],
    });
    const stringData = {
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-authentication': 'true',
      'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token',
    };
    const secret = {
      metadata: { name: 'bootstrap-token-abcdef' },
      type: 'bootstrap.kubernetes.io/token',
      stringData,
    };
    await cluster.call('admin', 'POST', '/api/v1/namespaces/kube-system/secrets', secret);
    await cluster.call('admin', 'GET', '/api/v1/namespaces/kube-system/secrets');
    expect(await who('abcdef.0123456789abcdef')).toMatchObject({
      username: 'system:bootstrap:abcdef',
      groups: [
        'system:bootstrappers',
        'system:bootstrappers:kubeadm:default-node-token',
        'system:authenticated',
      ],
    });
    expect(await who('abcdef.0000000000000000')).toBeUndefined();
  });
});

test('with --anonymous-auth=false nobody gets 401', async () => {
  const cluster = await startCluster({
    settings: { clientAuth: 'request' },
    apiserverFlags: ['--anonymous-auth=false'],
  });
  try {
    expect((await cluster.call('nobody', 'GET', '/healthz')).status).toBe(401);
    expect((await cluster.call('admin', 'GET', '/healthz')).status).toBe(200);
  } finally {
    await cluster.close();
  }
});
