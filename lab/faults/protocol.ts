/** Protocol: what goes wrong before any certificate is looked at. */
import { existsSync } from 'node:fs';
import { LabError } from '../../certs/errors.ts';
import { hostPath } from '../../certs/hosts.ts';
import { PLACES } from '../../certs/identities.ts';
import { STATIC_PODS, type StaticPod } from '../config-files.ts';
import {
  kubeconfigClients,
  kubeconfigEdit,
  kubeletConfigEdit,
  manifestEdit,
  manifestMoved,
  serverOf,
} from './edits.ts';
import type { ChangeContext, Fault, FileChange, Stated } from './fault.ts';
import { inDir } from './mint.ts';
import { NEXT } from './outcome.ts';
import { diallers, gone, ownDial, refused, withoutStore, workerOf } from './reach.ts';
import { versions } from './versions.ts';

/** Nobody listens there: tcpmux, RFC 1078. */
const EMPTY_PORT = 1;
const PEER_PORT = { of: 2379, is: 2380 } as const;

/** A kubelet asks for its serving certificate, and has none of its own. */
const WITHOUT_SERVING = [
  { path: ['serverTLSBootstrap'], value: true },
  { path: ['tlsCertFile'], value: null },
  { path: ['tlsPrivateKeyFile'], value: null },
] as const;
const SERVING_LINK = `${PLACES.kubelet}/kubelet-server-current.pem`;

/** `https://127.0.0.1:2379` with another scheme or port, in --etcd-servers or in a kubeconfig. */
function dialElsewhere(context: ChangeContext, url: (before: URL) => string): FileChange {
  const { directory, target } = context;
  if (target === 'kube-apiserver') {
    const before = new URL(`https://127.0.0.1:${directory.ports.etcd ?? PEER_PORT.of}`);
    return manifestEdit(context, 'kube-apiserver', { 'etcd-servers': url(before) });
  }
  return kubeconfigEdit(context, target, (document) => {
    const before = serverOf(document);
    return before === null ? {} : { cluster: { server: url(before) } };
  });
}

function podOf(target: string): StaticPod {
  const found = STATIC_PODS.find((pod) => pod === target);
  if (!found) throw new LabError('INTERNAL', { what: `${target} is no static pod` });
  return found;
}

/** The family. */
export const protocol = [
  {
    id: 'http-url',
    family: 'protocol',
    title: 'its URL says http:// where the server speaks TLS',
    chain: 'client, plain "GET /…" -> TLS port: the first byte is no TLS record',
    rule: 'RFC 8446 section 5.1: a connection begins with a record of type handshake (22). Go net/http server.go, conn.serve: a plain request is answered 400 and hung up on.',
    targets: diallers,
    change: (context) => [dialElsewhere(context, ({ host }) => `http://${host}`)],
    outcomes: (situation) => [
      ...withoutStore(situation),
      ...ownDial(situation).map(
        (channel): Stated => ({
          channel: channel.id,
          layer: 'tls',
          by: 'server',
          code: 'NOT_TLS',
          alert: null,
          clientText:
            channel.server === 'etcd'
              ? 'error reading server preface: EOF'
              : 'the server rejected our request for an unknown reason',
          serverText:
            channel.server === 'etcd'
              ? 'tls: first record does not look like a TLS handshake'
              : 'client sent an HTTP request to an HTTPS server',
          shows: NEXT,
        }),
      ),
    ],
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'Error from server (BadRequest): the server rejected our request for an unknown reason',
          source: 'measured',
        },
        {
          program: 'kube-apiserver',
          text: 'Client sent an HTTP request to an HTTPS server.',
          source: 'https://github.com/kubernetes/kubernetes/issues/71878',
        },
        {
          program: 'etcd',
          text: 'rejected connection … "tls: first record does not look like a TLS handshake"',
          source: 'https://github.com/etcd-io/etcd/issues/9917',
        },
      ],
      see: "kubectl config view --minify -o jsonpath='{.clusters[0].cluster.server}'; grep etcd-servers /etc/kubernetes/manifests/kube-apiserver.yaml",
      mend: 'write https:// in the kubeconfig, or in --etcd-servers',
    },
  },
  {
    id: 'plain-server',
    family: 'protocol',
    title: 'it listens without TLS, and its clients speak TLS',
    chain: 'client, ClientHello -> port that speaks plain HTTP',
    rule: 'etcd Documentation, --listen-client-urls: http:// serves without TLS, and --cert-file is passed over.',
    targets: () => ['etcd'],
    change: (context) => [
      manifestEdit(context, 'etcd', {
        'listen-client-urls': `http://127.0.0.1:${context.directory.ports.etcd ?? PEER_PORT.of}`,
      }),
    ],
    outcomes: ({ channels }) =>
      channels
        .filter(({ server }) => server === 'etcd')
        .map(({ id }) => ({
          channel: id,
          layer: 'tls',
          by: 'server',
          code: 'NOT_TLS',
          alert: null,
          clientText: 'transport: authentication handshake failed: EOF',
          serverText: null,
          shows: NEXT,
        })),
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'etcdctl',
          text: 'connection error: desc = "transport: authentication handshake failed: EOF"',
          source: 'measured with etcd 3.4',
        },
        {
          program: 'kubectl',
          text: 'Unable to connect to the server: http: server gave HTTP response to HTTPS client',
          source: 'https://github.com/kubernetes/kubernetes/issues/65078',
        },
      ],
      see: 'curl -s http://127.0.0.1:2379/version   answers where TLS should be',
      mend: 'write https:// into --listen-client-urls and --advertise-client-urls of the manifest',
    },
  },
  {
    id: 'wrong-port',
    family: 'protocol',
    title: 'it dials a port on which nobody listens',
    chain: 'client -> closed port: TCP reset, no TLS at all',
    rule: 'RFC 9293 section 3.10.7.1: a closed port answers SYN with RST. etcd serves clients on 2379; 2380 is for its peers.',
    targets: diallers,
    change: (context) => [
      dialElsewhere(context, (url) => {
        url.port = String(Number(url.port) === PEER_PORT.of ? PEER_PORT.is : EMPTY_PORT);
        return url.origin;
      }),
    ],
    outcomes: (situation) => [...withoutStore(situation), ...ownDial(situation).map(refused)],
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?',
          source: 'measured',
        },
        {
          program: 'kube-apiserver',
          text: 'connect: connection refused',
          source: 'https://github.com/omkar-shelke25/cka-killercoda',
        },
      ],
      see: 'ss -ltnp | grep -E "2379|6443", beside the port in the kubeconfig or in --etcd-servers',
      mend: 'write the port on which the server listens: 6443 for the API server, 2379 for etcd',
    },
  },
  {
    id: 'insecure-with-ca',
    family: 'protocol',
    title: 'its kubeconfig says both: verify with this CA, and do not verify',
    chain: 'no connection: the client refuses its own configuration',
    rule: 'client-go transport/transport.go, TLSConfigFor: insecure-skip-tls-verify and certificate-authority exclude each other.',
    targets: kubeconfigClients,
    change: (context) => [
      kubeconfigEdit(context, context.target, () => ({ cluster: { 'insecure-skip-tls-verify': true } })),
    ],
    outcomes: (situation) =>
      ownDial(situation).map(({ id }) => ({
        channel: id,
        layer: 'untried',
        by: 'client',
        code: 'KUBECONFIG_INVALID',
        alert: null,
        clientText: 'specifying a root certificates file with the insecure flag is not allowed',
        serverText: null,
        shows: NEXT,
      })),
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'error: specifying a root certificates file with the insecure flag is not allowed',
          source: 'https://github.com/okteto/okteto/issues/3124',
        },
      ],
      see: 'kubectl config view --minify   shows both lines under cluster:',
      mend: 'remove insecure-skip-tls-verify, and keep the CA; never the other way round',
    },
  },
  {
    id: 'unknown-cipher',
    family: 'protocol',
    title: 'a cipher suite in its manifest is misspelt, and it does not start',
    chain: 'no server: the flag is refused at the start, nobody listens',
    rule: 'k8s.io/component-base cli/flag/ciphersuites_flag.go, TLSCipherSuites: an unknown name is an error at the start.',
    targets: () => ['kube-apiserver'],
    change: (context) => [
      manifestEdit(context, 'kube-apiserver', {
        'tls-cipher-suites': 'TLS_ECDHE_RSA_AES_128_GCM_SHA256',
      }),
    ],
    outcomes: (situation) => gone(situation, situation.target),
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kube-apiserver',
          text: "Cipher suite TLS_AES_128_GCM_SHA256 not supported or doesn't exist",
          source: 'https://github.com/k3s-io/cluster-api-k3s/issues/17',
        },
      ],
      see: 'crictl ps -a | grep kube-apiserver; crictl logs ID   (kubectl cannot help: nobody answers)',
      mend: 'spell the suite as in the IANA registry: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    },
  },
  {
    id: 'server-down',
    family: 'protocol',
    title: 'it does not run: its manifest was moved out of the folder',
    chain: 'client -> closed port: TCP reset, no TLS at all',
    rule: 'k8s pkg/kubelet/config/file.go: a kubelet stops the static pod whose manifest goes.',
    targets: () => STATIC_PODS,
    change: (context) => manifestMoved(context, podOf(context.target)),
    outcomes: (situation) => gone(situation, situation.target),
    harm: 'mtls-lab kubectl scale deployment web --replicas=3',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?',
          source: 'measured',
        },
        {
          program: 'kube-apiserver',
          text: 'transport: Error while dialing: dial tcp 127.0.0.1:2379: connect: connection refused',
          source: 'https://github.com/omkar-shelke25/cka-killercoda',
        },
      ],
      see: 'crictl ps | grep -E "etcd|kube-"; ls /etc/kubernetes/manifests; ss -ltn',
      mend: 'move the manifest back into /etc/kubernetes/manifests',
    },
  },
  {
    id: 'serving-csr-pending',
    family: 'protocol',
    title: 'it asks the cluster for its serving certificate, and nobody has approved the request',
    chain: 'API server -> kubelet: ClientHello, and no certificate to answer it with',
    rule: 'pkg/kubelet/certificate/kubelet.go, NewKubeletServerCertificateManager: with serverTLSBootstrap the kubelet serves what its request brought, and no controller approves kubernetes.io/kubelet-serving.',
    targets: ({ workers }) => workers.map((worker) => `kubelet@${worker}`),
    change: (context) => {
      const worker = workerOf(context.target);
      const current = hostPath(context.directory.dir, worker, SERVING_LINK);
      return [
        kubeletConfigEdit(context, worker, WITHOUT_SERVING),
        // What an earlier request brought would be served.
        ...(existsSync(current)
          ? [{ path: inDir(context.directory.dir, current), vanish: true } as const]
          : []),
      ];
    },
    outcomes: ({ channels, target }) =>
      channels
        .filter(({ server }) => server === target)
        .map(({ id }) => ({
          channel: id,
          layer: 'tls',
          by: 'server',
          code: 'NO_SERVING_CERTIFICATE',
          alert: 80,
          clientText: 'remote error: tls: internal error',
          serverText: 'no serving certificate available for the kubelet',
          shows: NEXT,
        })),
    harm: 'mtls-lab kubectl logs deployment/web',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'remote error: tls: internal error',
          source: 'https://github.com/kubernetes/kubernetes/issues/73356',
        },
        {
          program: 'kubelet',
          text: 'no serving certificate available for the kubelet',
          source: 'https://github.com/syself/cluster-api-provider-hetzner/issues/920',
        },
      ],
      see: 'kubectl get csr   shows a request of signer kubernetes.io/kubelet-serving that is Pending',
      mend: 'kubectl certificate approve NAME, after a look at its names; or let an approver do it for every node',
    },
  },
  ...versions,
] as const satisfies readonly Fault[];
