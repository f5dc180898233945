/** Settings, continued: whom a server lets do what, and whom it does not even ask. */
import { kubeletConfigEdit, labYamlEdit, manifestEdit } from './edits.ts';
import type { Fault } from './fault.ts';
import { NEXT } from './outcome.ts';
import { letIn, nothing, toKubelets, workerOf } from './reach.ts';

const OPEN_KUBELET = [
  { path: ['authentication', 'anonymous', 'enabled'], value: true },
  { path: ['authorization', 'mode'], value: 'AlwaysAllow' },
] as const;

/** Part of the family settings. */
export const rights = [
  {
    id: 'kubelet-open',
    family: 'settings',
    title: 'its kubelet lets everybody in: anonymous: enabled, authorization mode AlwaysAllow',
    chain: 'anybody (strict: any certificate of the CA) -> kubelet: no question what he may',
    rule: 'pkg/kubelet/server/auth.go and cmd/kubelet/app/auth.go, BuildAuthz: AlwaysAllow asks nobody. These were the defaults of the flags.',
    targets: ({ workers }) => workers.map((worker) => `kubelet@${worker}`),
    change: (context) => [kubeletConfigEdit(context, workerOf(context.target), OPEN_KUBELET)],
    outcomes: (situation) =>
      toKubelets(situation)
        .filter(({ server }) => server === situation.target)
        .map((channel) =>
          letIn(
            channel,
            'read logs and run commands in its pods',
            'Whoever reaches port 10250 runs commands in every pod of the node, with the rights of its service accounts.',
          ),
        ),
    harm: 'curl -k --cert mtls-lab/pki/scheduler.crt --key mtls-lab/pki/scheduler.key https://127.0.0.1:10250/pods',
    realWorld: {
      texts: [
        nothing('https://github.com/kubernetes/kubernetes/issues/38784'),
        nothing('https://github.com/kubernetes/kops/issues/2790', 'uid=0(root) came back'),
      ],
      see: 'curl -sk https://NODE:10250/pods | head -c 100; grep -A2 -E "anonymous|authorization" /var/lib/kubelet/config.yaml',
      mend: 'anonymous.enabled: false, authorization.mode: Webhook, restart the kubelet; close the port to pods',
    },
  },
  {
    id: 'always-allow',
    family: 'settings',
    title: 'it allows everybody everything: --authorization-mode=AlwaysAllow',
    chain: 'any certificate of the CA -> API server: known, and allowed everything',
    rule: 'pkg/kubeapiserver/options/authorization.go: AlwaysAllow is the default of the flag.',
    targets: () => ['kube-apiserver'],
    change: (context) => [manifestEdit(context, 'kube-apiserver', { 'authorization-mode': 'AlwaysAllow' })],
    outcomes: ({ channels }) =>
      channels
        .filter(({ server }) => server === 'kube-apiserver')
        .map((channel) =>
          letIn(
            channel,
            'allows everybody whom it lets in everything',
            'kube-proxy reads every secret and deletes every node; in the mode as Kubernetes does the anonymous may too.',
          ),
        ),
    harm: 'kubectl --kubeconfig=mtls-lab/hosts/worker-1/var/lib/kube-proxy/kubeconfig.conf get secrets -A',
    realWorld: {
      texts: [nothing('https://kubernetes.io/docs/reference/access-authn-authz/authorization/')],
      see: 'grep authorization-mode /etc/kubernetes/manifests/kube-apiserver.yaml; kubectl auth can-i "*" "*" --as=nobody',
      mend: '--authorization-mode=Node,RBAC',
    },
  },
  {
    id: 'no-node-authorizer',
    family: 'settings',
    title: 'it does not know the Node authorizer: --authorization-mode=RBAC',
    chain: 'kubelet, CN=system:node:NAME -> API server: known, and without any right',
    rule: 'plugin/pkg/auth/authorizer/node: nodes get their rights here; since 1.8 RBAC binds nothing to system:nodes.',
    targets: () => ['kube-apiserver'],
    change: (context) => [manifestEdit(context, 'kube-apiserver', { 'authorization-mode': 'RBAC' })],
    outcomes: ({ channels }) =>
      channels
        .filter(({ client, server }) => server === 'kube-apiserver' && client.startsWith('kubelet@'))
        .map(({ id }) => ({
          channel: id,
          layer: '403',
          by: 'server',
          code: 'FORBIDDEN',
          alert: null,
          clientText: 'is forbidden: User \\"system:node:',
          serverText: null,
          shows: NEXT,
        })),
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kube-apiserver',
          text: 'RBAC DENY: user "system:node:…" groups ["system:nodes" "system:authenticated"] cannot "get" resource "nodes"',
          source: 'https://github.com/kubernetes/kubernetes/issues/61511',
        },
        {
          program: 'kubelet',
          text: 'Failed to list *v1.Pod: pods is forbidden: User "system:nodes" cannot list pods at the cluster scope',
          source: 'https://github.com/kubernetes/kubernetes/issues/52711',
        },
      ],
      see: 'kubectl get nodes; grep authorization-mode /etc/kubernetes/manifests/kube-apiserver.yaml',
      mend: '--authorization-mode=Node,RBAC',
    },
  },
  {
    id: 'no-client-ca',
    family: 'settings',
    title: 'it was told no CA for its clients, asks for no certificate, and knows nobody',
    chain: 'client, is not asked -> server: TLS succeeds, and everybody is anonymous',
    rule: 'staging/src/k8s.io/apiserver/pkg/server/secure_serving.go: RequestClientCert only when there is a client CA.',
    targets: ({ workers }) => ['kube-apiserver', ...workers.map((worker) => `kubelet@${worker}`)],
    change: (context) => [
      context.target === 'kube-apiserver'
        ? manifestEdit(context, 'kube-apiserver', { 'client-ca-file': null })
        : kubeletConfigEdit(context, workerOf(context.target), [
            { path: ['authentication', 'x509', 'clientCAFile'], value: null },
          ]),
    ],
    outcomes: ({ channels, target }) =>
      channels
        .filter(({ server }) => server === target)
        .map(({ id }) =>
          target === 'kube-apiserver'
            ? {
                channel: id,
                layer: '403',
                by: 'server',
                code: 'FORBIDDEN',
                alert: null,
                clientText: 'orbidden',
                serverText: null,
                shows: NEXT,
              }
            : {
                channel: id,
                layer: '401',
                by: 'server',
                code: 'UNAUTHENTICATED',
                alert: null,
                clientText: 'error: You must be logged in to the server',
                serverText: null,
                shows: NEXT,
              },
        ),
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'nodes is forbidden: User "system:anonymous" cannot list resource "nodes" in API group "" at the cluster scope',
          source: 'https://github.com/kubernetes/client-go/issues/542',
        },
        {
          program: 'kubectl',
          text: 'error: unable to upgrade connection: Unauthorized',
          source: 'https://github.com/kubesphere/kubesphere/issues/3900',
        },
      ],
      see: 'openssl s_client -connect HOST:6443 </dev/null | grep -A3 "client certificate CA names"   (No client certificate CA names sent)',
      mend: '--client-ca-file=/etc/kubernetes/pki/ca.crt; on a kubelet authentication.x509.clientCAFile',
    },
  },
  {
    id: 'only-asks',
    family: 'settings',
    title: 'it only asks for a client certificate, in place of demanding one (lab.yaml: clientAuth: request)',
    chain: 'client with no certificate, or a bad one -> TLS succeeds, HTTP answers 401 or 403',
    rule: 'staging/src/k8s.io/apiserver/pkg/server/secure_serving.go: tls.RequestClientCert. So every real API server and kubelet does; the lab’s strict mode is stricter.',
    targets: ({ workers, settings }) =>
      ['kube-apiserver', ...workers.map((worker) => `kubelet@${worker}`)].filter((server) => {
        const own = settings[server]?.clientAuth ?? settings[server.split('@')[0] ?? '']?.clientAuth;
        return (own ?? 'require') === 'require';
      }),
    change: (context) => [labYamlEdit(context.target, { clientAuth: 'request' })],
    outcomes: () => [],
    harm: 'curl -k https://127.0.0.1:6443/api',
    realWorld: {
      texts: [
        {
          program: 'curl',
          text: 'forbidden: User "system:anonymous" cannot get path "/api"',
          source: 'https://github.com/kubernetes/client-go/issues/542',
        },
      ],
      see: 'curl -k https://HOST:6443/version   answers without any certificate',
      mend: 'on a real cluster there is nothing to mend: this is how it is; --anonymous-auth=false answers 401',
    },
  },
] as const satisfies readonly Fault[];
