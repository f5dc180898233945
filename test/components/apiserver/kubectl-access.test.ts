/** Who may do what, as the real kubectl shows it: whoami, can-i, --as, tokens, certificate requests, RBAC. */
import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { createCsr } from '../../../certs/csr.ts';
import { kubectlFor } from '../../support/kubectl.ts';
import { describeKubectl } from '../../support/kubectl-list.ts';
import { openWholeCluster, type WholeCluster } from '../../support/whole-cluster.ts';

let cluster: WholeCluster;

function request(name: string, organizations: readonly string[] = []): string {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = createCsr({ subject: { commonName: name, organizations } }, keys);
  const spec = {
    request: Buffer.from(pem).toString('base64'),
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: ['client auth'],
  };
  return JSON.stringify({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec,
  });
}

describeKubectl({
  async open(settings) {
    cluster = await openWholeCluster({ settings, start: ['etcd', 'kube-apiserver'] });
    return cluster;
  },
  tests(release) {
    test('auth whoami shows what the certificate says', async (context) => {
      const { stdout } = await kubectlFor(context, cluster.dir, release)(['auth', 'whoami']);
      expect(stdout).toMatch(/Username +kubernetes-admin\n/);
      expect(stdout).toMatch(/Groups +\[kubeadm:cluster-admins system:authenticated\]/);
    });

    test('auth can-i says yes and no', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      expect(await kubectl(['auth', 'can-i', 'create', 'pods'])).toMatchObject({ code: 0, stdout: 'yes\n' });
      expect(await kubectl(['auth', 'can-i', 'create', 'pods', '--as=jane'])).toMatchObject({
        code: 1,
        stdout: 'no\n',
      });
      expect((await kubectl(['auth', 'can-i', '--list'])).stdout).toMatch(/\*\.\* +\[\] +\[\] +\[\*\]/);
    });

    test('--as acts as somebody else, with their rights', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      const refused = await kubectl(['get', 'nodes', '--as=jane']);
      expect(refused.stderr).toContain(
        'Error from server (Forbidden): nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope',
      );
      await kubectl(['create', 'clusterrole', 'lister', '--verb=list', '--resource=nodes']);
      await kubectl(['create', 'clusterrolebinding', 'lister', '--clusterrole=lister', '--user=jane']);
      expect((await kubectl(['get', 'nodes', '--as=jane'])).stdout).toContain('control-plane');
      await kubectl(['delete', 'clusterrolebinding/lister', 'clusterrole/lister']);
    });

    test('create token makes a token that names its service account', async (context) => {
      const { stdout } = await kubectlFor(context, cluster.dir, release)(['create', 'token', 'default']);
      const claims = JSON.parse(Buffer.from(stdout.split('.')[1] ?? '', 'base64url').toString('utf8'));
      expect(claims.sub).toBe('system:serviceaccount:default:default');
    });

    test('a certificate request is pending, then approved; another is denied', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      for (const name of ['jane', 'joe']) await kubectl(['create', '-f', '-'], request(name));
      expect((await kubectl(['get', 'csr'])).stdout).toMatch(
        /jane +\S+ +kubernetes\.io\/kube-apiserver-client +kubernetes-admin +<none> +Pending/,
      );
      expect((await kubectl(['certificate', 'approve', 'jane'])).stdout).toContain('jane approved');
      expect((await kubectl(['certificate', 'deny', 'joe'])).stdout).toContain('joe denied');
      const { stdout } = await kubectl(['get', 'csr']);
      expect(stdout).toMatch(/jane .* Approved/);
      expect(stdout).toMatch(/joe .* Denied/);
      expect((await kubectl(['describe', 'csr', 'jane'])).stdout).toMatch(/Status: +Approved/);
      await kubectl(['delete', 'csr', 'jane', 'joe']);
    });

    test('a request for system:masters is refused', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      const { stderr } = await kubectl(['create', '-f', '-'], request('root', ['system:masters']));
      expect(stderr).toContain(
        'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
      );
    });
  },
  last(release) {
    test('without its binding the admin is known and may do nothing', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      expect((await kubectl(['delete', 'clusterrolebinding', 'kubeadm:cluster-admins'])).code).toBe(0);
      expect((await kubectl(['get', 'nodes'])).stderr).toBe(
        'Error from server (Forbidden): nodes is forbidden: User "kubernetes-admin" cannot list resource "nodes" in API group "" at the cluster scope\n',
      );
      expect((await kubectl(['auth', 'whoami'])).stdout).toContain('kubernetes-admin');
    });
  },
});
