/** Identity: the handshake is fine, and the certificate says somebody who may not do that, or somebody who may do too much. */

import { deskFiles } from '../../certs/desk.ts';
import { readText } from '../../certs/files.ts';
import type { Channel } from '../topology.ts';
import { kubeconfigClients, kubeconfigEdit, manifestEdit } from './edits.ts';
import type { ChangeContext, Fault, FileChange, Scope, Situation, Stated } from './fault.ts';
import { copyOf, identityOf, leaves, minted, pairOn } from './mint.ts';
import { NEXT, succeeds } from './outcome.ts';
import { letIn, ownDial, withoutStore } from './reach.ts';

/** Certificates by which the API server knows its users. */
function users(scope: Scope): readonly string[] {
  return leaves(scope, 'clientAuth').filter(
    (id) => !['etcd-server', 'apiserver', 'apiserver-etcd-client', 'apiserver-kubelet-client'].includes(id),
  );
}

/** Those that get their rights by their group; a node needs its group besides its name. */
function members(scope: Scope): readonly string[] {
  return leaves(scope, 'clientAuth').filter((id) => identityOf(scope, id).organizations.length > 0);
}

/** TLS succeeds, the user is known, and may not do that. */
function forbidden({ id, client, server }: Channel): Stated {
  return {
    channel: id,
    layer: '403',
    by: 'server',
    code: 'FORBIDDEN',
    alert: null,
    clientText: server.startsWith('kubelet@')
      ? 'Error from server (Forbidden): Forbidden (user='
      : // A node that is refused may be told why instead of who it is.
        client.startsWith('kubelet@')
        ? ' is forbidden: '
        : ' is forbidden: User ',
    serverText: null,
    shows: NEXT,
  };
}

/** Connections on which the target is the client's certificate. */
function forbiddenUser({ channels, target }: Situation): Stated[] {
  return channels.filter(({ clientIdentity }) => clientIdentity === target).map(forbidden);
}

/** The kubelet that shows this client certificate. */
function kubeletOf(target: string): string {
  return target.replace('kubelet-client@', 'kubelet@');
}

/** The desk's pair of one identity in the place of another's. */
function borrowed(context: ChangeContext, lender: string): readonly FileChange[] {
  const { dir } = context.directory;
  const files = deskFiles(dir, identityOf(context.directory, lender));
  return pairOn(context, identityOf(context.directory, context.target), {
    cert: readText(files.cert),
    key: readText(files.key),
  });
}

const FORBIDDEN_LEASE = {
  program: 'kube-controller-manager',
  text: 'leases.coordination.k8s.io "kube-controller-manager" is forbidden: User "…" cannot get resource "leases" …',
  source: 'https://github.com/kodekloudhub/certified-kubernetes-administrator-course/issues/150',
} as const;

export const identity = [
  {
    id: 'wrong-cn',
    family: 'identity',
    title: 'the Common Name is that of nobody whom the cluster knows: jane',
    chain: 'ca (trusted) -> leaf, CN=jane',
    rule: 'staging/src/k8s.io/apiserver/pkg/authentication/request/x509/x509.go, CommonNameUserConversion: the user is the Common Name.',
    targets: (scope) =>
      users(scope).filter((id) => id.startsWith('kubelet-client@') || !members(scope).includes(id)),
    change: (context) =>
      minted(context, {
        template: {
          subject: {
            organizations: identityOf(context.directory, context.target).organizations,
            commonName: 'jane',
          },
        },
      }),
    outcomes: forbiddenUser,
    harm: 'mtls-lab kubectl scale deployment web --replicas=3',
    realWorld: {
      texts: [
        FORBIDDEN_LEASE,
        { ...FORBIDDEN_LEASE, source: 'https://github.com/kubernetes/kubernetes/issues/47695' },
      ],
      see: 'kubectl --kubeconfig FILE auth whoami',
      mend: 'issue it with the component’s own name: kubeadm init phase kubeconfig scheduler',
    },
  },
  {
    id: 'wrong-group',
    family: 'identity',
    title: 'the Organization is a group without any rights: developers',
    chain: 'ca (trusted) -> leaf, O=developers',
    rule: 'staging/src/k8s.io/apiserver/pkg/authentication/request/x509/x509.go, CommonNameUserConversion: the groups are the Organizations.',
    targets: members,
    change: (context) =>
      minted(context, {
        template: {
          subject: {
            organizations: ['developers'],
            commonName: identityOf(context.directory, context.target).commonName,
          },
        },
      }),
    outcomes: forbiddenUser,
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'Error from server (Forbidden): Forbidden (user=kube-apiserver-kubelet-client, verb=get, resource=nodes, subresource=proxy)',
          source: 'https://github.com/kubernetes/kubernetes/issues/56277',
        },
      ],
      see: 'kubectl auth whoami; openssl x509 -in FILE -noout -subject',
      mend: 'issue it with O=kubeadm:cluster-admins (nodes: system:nodes), or bind the group that it has',
    },
  },
  {
    id: 'wrong-node-name',
    family: 'identity',
    title: 'the kubelet’s client certificate is that of another node: other-node',
    chain: 'ca (trusted) -> leaf, CN=system:node:other-node, O=system:nodes',
    rule: 'plugin/pkg/auth/authorizer/node/node_authorizer.go: a node may read and write its own objects only.',
    targets: (scope) => members(scope).filter((id) => id.startsWith('kubelet-client@')),
    change: (context) =>
      minted(context, {
        template: { subject: { organizations: ['system:nodes'], commonName: 'system:node:other-node' } },
      }),
    outcomes: (situation) => [
      ...forbiddenUser(situation),
      // Any node may ask who may do what: the kubelet still lets the API server in.
      ...situation.channels.filter(({ server }) => server === kubeletOf(situation.target)).map(succeeds),
    ],
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kubelet',
          text: 'nodes "rocky" is forbidden: User "system:node:localhost.localdomain" cannot get resource "nodes" …: node \'localhost.localdomain\' cannot read \'rocky\', only its own Node object',
          source: 'https://github.com/portainer/kubesolo/issues/56',
        },
      ],
      see: 'openssl x509 -in /var/lib/kubelet/pki/kubelet-client-current.pem -noout -subject, beside hostname',
      mend: 'set the hostname or --hostname-override right, delete the certificate, kubeadm join again',
    },
  },
  {
    id: 'borrowed-cert',
    family: 'identity',
    title: 'it shows the certificate of kube-proxy',
    chain: 'ca (trusted) -> kube-proxy.crt, shown by another program',
    rule: 'RBAC, plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go: kube-proxy may list services, endpoints and nodes, and nothing else.',
    targets: (scope) =>
      leaves(scope, 'clientAuth').filter((id) => ['scheduler', 'controller-manager', 'admin'].includes(id)),
    change: (context) => borrowed(context, 'kube-proxy'),
    outcomes: forbiddenUser,
    harm: 'mtls-lab kubectl scale deployment web --replicas=3',
    realWorld: {
      texts: [FORBIDDEN_LEASE],
      see: 'openssl x509 -noout -subject -in FILE   of each kubeconfig’s client-certificate',
      mend: 'put its own certificate back into its kubeconfig: kubeadm init phase kubeconfig scheduler',
    },
  },
  {
    id: 'system-masters',
    family: 'identity',
    title: 'it is a member of system:masters, who may do everything for ever',
    chain: 'ca (trusted) -> leaf, O=system:masters',
    rule: 'staging/src/k8s.io/apiserver/pkg/authorization/authorizerfactory, NewPrivilegedGroups: asked before RBAC; no binding can be taken away.',
    targets: users,
    change: (context) => {
      const { commonName, organizations } = identityOf(context.directory, context.target);
      return minted(context, {
        template: { subject: { organizations: [...organizations, 'system:masters'], commonName } },
      });
    },
    outcomes: ({ channels, target }) =>
      channels
        .filter(({ clientIdentity }) => clientIdentity === target)
        .map((channel) =>
          letIn(
            channel,
            'is let in as a member of system:masters',
            'It reads every secret and deletes every node, and no change of RBAC can stop it.',
          ),
        ),
    harm: 'mtls-lab certs',
    realWorld: {
      texts: [
        {
          program: 'every program',
          text: '(nothing: it is accepted, and there is no revocation)',
          source: 'https://github.com/kubernetes/kubernetes/issues/81111',
        },
      ],
      see: 'openssl x509 -in FILE -noout -subject; kubectl auth can-i "*" "*" --kubeconfig FILE',
      mend: 'issue it without the group; a certificate that is already out is good until it ends or the CA is replaced',
    },
  },
  {
    id: 'no-client-cert',
    family: 'identity',
    title: 'its configuration names no client certificate',
    chain: 'client, empty Certificate message -> server that asks for one',
    rule: 'RFC 8446 section 4.4.2.4: a server may go on without a client certificate, or answer certificate_required.',
    targets: (scope) => ['kube-apiserver', ...kubeconfigClients(scope)],
    change: (context) =>
      context.target === 'kube-apiserver'
        ? [manifestEdit(context, 'kube-apiserver', { 'etcd-certfile': null, 'etcd-keyfile': null })]
        : [
            kubeconfigEdit(context, context.target, () => ({
              user: { 'client-certificate': null, 'client-key': null },
            })),
          ],
    outcomes: (situation) => [
      ...ownDial(situation).map(
        (channel): Stated =>
          situation.policyOf(channel.server) === 'require'
            ? {
                channel: channel.id,
                layer: 'tls',
                by: 'server',
                code: 'CERT_MISSING',
                alert: 116,
                clientText: 'remote error: tls: certificate required',
                serverText: "tls: client didn't provide a certificate",
                shows: NEXT,
              }
            : forbidden(channel),
      ),
      ...withoutStore(situation),
    ],
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'nodes is forbidden: User "system:anonymous" cannot list resource "nodes" in API group "" at the cluster scope',
          source: 'https://github.com/kubernetes-client/javascript/issues/2157',
        },
        {
          program: 'etcd',
          text: 'rejected connection … error "tls: client didn\'t provide a certificate"',
          source: 'https://github.com/kragniz/python-etcd3/issues/1229',
        },
        {
          program: 'etcdctl',
          text: 'context deadline exceeded',
          source: 'https://github.com/mmumshad/kubernetes-the-hard-way/issues/33',
        },
      ],
      see: 'kubectl config view --raw -o jsonpath="{.users[0].user}"; kubectl auth whoami says system:anonymous',
      mend: 'add client-certificate and client-key; for etcd --etcd-certfile and --etcd-keyfile',
    },
  },
  {
    id: 'wrong-client-cert',
    family: 'identity',
    title: 'the API server shows kubelets the certificate that is meant for etcd',
    chain: 'ca (trusted) -> apiserver-etcd-client.crt, no Organization -> shown to kubelets',
    rule: 'pkg/kubelet/server/auth.go: a kubelet asks the API server whether this user may use nodes/proxy.',
    targets: ({ choices }) =>
      choices.apiserverClient === 'dedicated' && choices.cas === 'single' ? ['kube-apiserver'] : [],
    change: (context) => {
      const { cert, key } = copyOf(identityOf(context.directory, 'apiserver-etcd-client'));
      return [
        manifestEdit(context, 'kube-apiserver', {
          'kubelet-client-certificate': cert,
          'kubelet-client-key': key,
        }),
      ];
    },
    outcomes: ({ channels }) => channels.filter(({ server }) => server.startsWith('kubelet@')).map(forbidden),
    harm: 'mtls-lab kubectl logs deployment/web',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'Error from server (Forbidden): Forbidden (user=kube-apiserver-kubelet-client, verb=get, resource=nodes, subresource=proxy)',
          source: 'https://github.com/kubernetes/kubernetes/issues/56277',
        },
      ],
      see: 'grep kubelet-client-certificate /etc/kubernetes/manifests/kube-apiserver.yaml',
      mend: '--kubelet-client-certificate=/etc/kubernetes/pki/apiserver-kubelet-client.crt and its key',
    },
  },
] as const satisfies readonly Fault[];
