/** Settings that let a handshake succeed when it should not: nobody refuses, and that is what is wrong. */
import { kubeconfigClients, kubeconfigEdit, manifestEdit } from './edits.ts';
import type { Fault, FileChange, Situation, Stated } from './fault.ts';
import { impostors } from './impostors.ts';
import { days, minted } from './mint.ts';
import { letIn, nothing, ownDial, toKubelets } from './reach.ts';
import { rights } from './rights.ts';

function unverifiedKubelets(situation: Situation): Stated[] {
  return toKubelets(situation).map((channel) =>
    letIn(
      channel,
      `kube-apiserver does not verify the certificate of ${channel.server}`,
      'Whoever answers at that address is taken for the kubelet: it reads what you type into kubectl exec, and invents logs.',
    ),
  );
}

/** The API server without its kubelets' CA, as kubeadm sets it up. */
const NO_KUBELET_CA = { 'kubelet-certificate-authority': null } as const;

/** Who is not verified, and who is not asked. */
const openness = [
  {
    id: 'skip-verify',
    family: 'settings',
    title: 'its kubeconfig says insecure-skip-tls-verify: true',
    chain: 'client, verifies nothing -> whatever certificate the server shows',
    rule: 'client-go rest/config.go, TLSClientConfig.Insecure: "This should be used only for testing". crypto/tls, InsecureSkipVerify: any certificate, any name.',
    targets: kubeconfigClients,
    change: (context) => [
      kubeconfigEdit(context, context.target, () => ({
        cluster: {
          'certificate-authority': null,
          'certificate-authority-data': null,
          'insecure-skip-tls-verify': true,
        },
      })),
    ],
    outcomes: (situation) =>
      ownDial(situation).map((channel) =>
        letIn(
          channel,
          `${channel.client} does not verify the certificate of kube-apiserver`,
          'Anybody between the two can stand in for the API server: nothing would be noticed, not even an expired certificate.',
        ),
      ),
    harm: 'mtls-lab handshake kubectl kube-apiserver',
    realWorld: {
      texts: [
        nothing('https://github.com/kubernetes/kubernetes/issues/63164', 'it hides what is wrong'),
        {
          program: 'kubectl',
          text: 'error: specifying a root certificates file with the insecure flag is not allowed',
          source: 'https://github.com/okteto/okteto/issues/3124',
        },
      ],
      see: 'grep -rn insecure-skip-tls-verify /etc/kubernetes ~/.kube; shell aliases with --insecure-skip-tls-verify',
      mend: 'remove it, and write certificate-authority: with the cluster’s ca.crt',
    },
  },
  {
    id: 'kubelet-unverified',
    family: 'settings',
    title: 'it has no --kubelet-certificate-authority: kubelets are not verified',
    chain: 'API server, verifies nothing -> whatever certificate a kubelet shows',
    rule: 'pkg/kubelet/client/kubelet_client.go, makeTransport: without a CA, Insecure is true. kubeadm leaves the flag out, since its kubelets sign themselves.',
    targets: () => ['kube-apiserver'],
    change: (context) => [manifestEdit(context, 'kube-apiserver', NO_KUBELET_CA)],
    outcomes: unverifiedKubelets,
    harm: 'mtls-lab handshake kube-apiserver kubelet@worker-1',
    realWorld: {
      texts: [
        nothing('https://github.com/siderolabs/talos/issues/10394'),
        nothing('https://github.com/k3s-io/k3s/issues/785'),
      ],
      see: 'grep kubelet-certificate-authority /etc/kubernetes/manifests/kube-apiserver.yaml',
      mend: 'serverTLSBootstrap: true on kubelets, approve their CSRs, then --kubelet-certificate-authority=/etc/kubernetes/pki/ca.crt',
    },
  },
  {
    id: 'expired-accepted',
    family: 'settings',
    title:
      'its certificate ended yesterday, and the API server does not look: no --kubelet-certificate-authority',
    chain: 'API server, verifies nothing -> kubelet.crt, notAfter yesterday',
    rule: 'crypto/tls, Config.InsecureSkipVerify: with it dates are not looked at either.',
    targets: ({ workers }) => workers.map((worker) => `kubelet@${worker}`),
    change: async (context): Promise<readonly FileChange[]> => [
      ...(await minted(context, {
        template: { notBefore: days(context.now, -30), notAfter: days(context.now, -1) },
      })),
      manifestEdit(context, 'kube-apiserver', NO_KUBELET_CA),
    ],
    outcomes: (situation) =>
      unverifiedKubelets(situation).map((one) =>
        one.channel.endsWith(situation.target)
          ? { ...one, unsafe: `accepts a certificate of ${situation.target} that ended ` }
          : one,
      ),
    harm: 'mtls-lab kubectl logs deployment/web',
    realWorld: {
      texts: [nothing('https://github.com/kubernetes/kubeadm/issues/118')],
      see: 'openssl s_client -connect NODE:10250 </dev/null 2>/dev/null | openssl x509 -noout -enddate',
      mend: 'renew it (serverTLSBootstrap and kubectl certificate approve), and let the API server verify kubelets',
    },
  },
  {
    id: 'etcd-open',
    family: 'settings',
    title: 'it asks for no client certificate: --client-cert-auth=false, and no --trusted-ca-file',
    chain: 'anybody -> etcd: TLS, and no question who it is',
    rule: 'etcd client/pkg/transport/listener.go, ServerConfig: NoClientCert when neither flag is there.',
    targets: () => ['etcd'],
    change: (context) => [
      manifestEdit(context, 'etcd', { 'client-cert-auth': 'false', 'trusted-ca-file': null }),
    ],
    outcomes: (situation) =>
      situation.channels
        .filter(({ server }) => server === 'etcd')
        .map((channel) =>
          letIn(
            channel,
            'etcd asks for no client certificate',
            'Whoever reaches the port reads every secret, and writes himself an administrator, past the API server.',
          ),
        ),
    harm: 'curl --cacert mtls-lab/pki/ca.crt https://127.0.0.1:2379/v3/kv/range -d \'{"key":"AA==","range_end":"AA==","keys_only":true}\'',
    realWorld: {
      texts: [nothing('https://github.com/etcd-io/etcd/issues/3237')],
      see: 'etcdctl --endpoints=https://HOST:2379 --cacert=ca.crt get / --prefix --keys-only   without a certificate',
      mend: '--client-cert-auth=true and --trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt; then replace every secret',
    },
  },
  {
    id: 'etcd-auth-flag-off',
    family: 'settings',
    title: 'it says --client-cert-auth=false, and demands client certificates all the same',
    chain: 'no connection changes: --trusted-ca-file alone is enough',
    rule: 'etcd client/pkg/transport/listener.go, ServerConfig: "if info.TrustedCAFile != "" || info.ClientCertAuth": RequireAndVerifyClientCert. Measured with etcd 3.4.',
    targets: () => ['etcd'],
    change: (context) => [manifestEdit(context, 'etcd', { 'client-cert-auth': 'false' })],
    outcomes: () => [],
    harm: 'curl --cacert mtls-lab/pki/ca.crt https://127.0.0.1:2379/health',
    realWorld: {
      texts: [nothing('measured with etcd 3.4', 'it still demands a certificate, as --trusted-ca-file says')],
      see: 'grep -E "client-cert-auth|trusted-ca" /etc/kubernetes/manifests/etcd.yaml',
      mend: '--client-cert-auth=true: one removed line less would leave it open',
    },
  },
  {
    id: 'etcd-plain',
    family: 'settings',
    title: 'it speaks plain HTTP, and the API server knows: both URLs say http://',
    chain: 'API server, plain HTTP -> etcd: no TLS, no certificates, no refusal',
    rule: 'etcd Documentation, --listen-client-urls: http:// passes over --cert-file and --client-cert-auth. Kubernetes the Hard Way runs etcd so, on loopback.',
    targets: () => ['etcd'],
    change: (context) => {
      const url = `http://127.0.0.1:${context.directory.ports.etcd ?? 2379}`;
      return [
        manifestEdit(context, 'etcd', { 'listen-client-urls': url, 'advertise-client-urls': url }),
        manifestEdit(context, 'kube-apiserver', { 'etcd-servers': url }),
      ];
    },
    outcomes: (situation) =>
      situation.channels
        .filter(({ server }) => server === 'etcd')
        .map((channel) =>
          letIn(
            channel,
            'kube-apiserver speaks plain HTTP to etcd',
            'Whoever sees the wire reads every secret; whoever reaches the port writes.',
          ),
        ),
    harm: 'curl http://127.0.0.1:2379/v3/kv/range -d \'{"key":"AA==","range_end":"AA==","keys_only":true}\'',
    realWorld: {
      texts: [
        nothing('https://github.com/kelseyhightower/kubernetes-the-hard-way/blob/master/units/etcd.service'),
      ],
      see: 'grep etcd-servers /etc/kubernetes/manifests/kube-apiserver.yaml; tcpdump -A port 2379',
      mend: 'https:// in --listen-client-urls and --etcd-servers, with the certificates that lie there already',
    },
  },
] as const satisfies readonly Fault[];

/** The family. */
export const settings: readonly Fault[] = [...openness, ...rights, ...impostors];
