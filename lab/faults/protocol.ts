/** Protocol: what goes wrong before any certificate is looked at. */
import { LabError } from '../../certs/errors.ts';
import { STATIC_PODS, type StaticPod } from '../config-files.ts';
import { instancesOf } from '../topology.ts';
import {
  kubeconfigEdit,
  kubeletConfigEdit,
  labYamlEdit,
  manifestEdit,
  manifestMoved,
  serverOf,
} from './edits.ts';
import type { ChangeContext, Fault, FileChange, Stated } from './fault.ts';
import { NEXT } from './outcome.ts';
import {
  diallers,
  gone,
  nothingInCommon,
  ownDial,
  refused,
  servers,
  untried,
  withoutStore,
} from './reach.ts';

/** Nobody listens there: tcpmux, RFC 1078. */
const EMPTY_PORT = 1;
const PEER_PORT = { of: 2379, is: 2380 } as const;

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

/** Suites for keys of the other kind: every one is known to the server, none fits its certificate. */
function unfitSuites({ directory }: Pick<ChangeContext, 'directory'>): readonly string[] {
  const kind = directory.choices.key === 'rsa-2048' ? 'ECDSA' : 'RSA';
  return [`TLS_ECDHE_${kind}_WITH_AES_128_GCM_SHA256`, `TLS_ECDHE_${kind}_WITH_AES_256_GCM_SHA384`];
}

function workerOf(instance: string): string {
  return instance.split('@')[1] ?? '';
}

function podOf(target: string): StaticPod {
  const found = STATIC_PODS.find((pod) => pod === target);
  if (!found) throw new LabError('INTERNAL', { what: `${target} is no static pod` });
  return found;
}

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
    id: 'old-tls',
    family: 'protocol',
    title: 'it speaks nothing newer than TLS 1.1 (lab.yaml: tlsMaxVersion)',
    chain: 'ClientHello with [1.1, 1.0] against a peer from 1.2 on: alert 70',
    rule: 'RFC 8446 section 4.2.1 and RFC 8996: TLS 1.0 and 1.1 are retired; Kubernetes and etcd begin at 1.2 (apiserver pkg/server/secure_serving.go, MinVersion).',
    targets: (scope) => instancesOf(scope.workers).map(({ id }) => id),
    change: ({ target }) => [labYamlEdit(target, { tlsMaxVersion: 'TLSv1.1' })],
    outcomes: ({ channels, target }) =>
      channels.flatMap((channel) => {
        if (channel.client === target)
          return target === 'kube-apiserver' && channel.server !== 'etcd'
            ? // Started anew without its store, it knows no node that it could dial.
              [untried(channel)]
            : [
                nothingInCommon(
                  channel,
                  'PROTOCOL_VERSION',
                  'tls: client offered only unsupported versions: [302 301]',
                ),
              ];
        if (channel.server !== target) return [];
        return [
          nothingInCommon(
            channel,
            'PROTOCOL_VERSION',
            'tls: client offered only unsupported versions: [304 303]',
          ),
        ];
      }),
    harm: 'mtls-lab handshake kubectl kube-apiserver',
    realWorld: {
      texts: [
        { program: 'kubectl', text: 'remote error: tls: protocol version not supported', source: 'measured' },
        {
          program: 'etcd',
          text: 'rejected connection from "127.0.0.1:34994" (error "tls: client offered only unsupported versions: [302 301]", ServerName "")',
          source: 'measured with etcd 3.4 and openssl s_client -tls1_1',
        },
        {
          program: 'kube-apiserver',
          text: 'http: TLS handshake error from …: tls: client offered only unsupported versions: [300]',
          source: 'https://github.com/kubernetes/kubernetes/issues/70411',
        },
      ],
      see: 'openssl s_client -connect HOST:6443 -tls1_2 </dev/null | grep Protocol; the same with -tls1_1 ends in alert 70',
      mend: 'update the old client (a Java 7, a Python 2, an F5 monitor); never lower the server',
    },
  },
  {
    id: 'no-common-version',
    family: 'protocol',
    title: 'it speaks TLS 1.2 at most, and its server was told to begin at 1.3',
    chain: 'ClientHello with [1.2] against --tls-min-version=VersionTLS13: alert 70',
    rule: 'RFC 8446 section 4.2.1: a server that shares no version with the client aborts with protocol_version.',
    targets: diallers,
    change: (context) => [
      context.target === 'kube-apiserver'
        ? manifestEdit(context, 'etcd', { 'tls-min-version': 'TLS1.3' })
        : manifestEdit(context, 'kube-apiserver', { 'tls-min-version': 'VersionTLS13' }),
      labYamlEdit(context.target, { tlsMaxVersion: 'TLSv1.2' }),
    ],
    outcomes: (situation) => [
      ...withoutStore(situation),
      ...ownDial(situation).map((channel) =>
        nothingInCommon(channel, 'PROTOCOL_VERSION', 'tls: client offered only unsupported versions: [303]'),
      ),
    ],
    harm: 'mtls-lab handshake kubectl kube-apiserver',
    realWorld: {
      texts: [
        {
          program: 'kube-apiserver',
          text: 'http: TLS handshake error from …: tls: client offered only unsupported versions: [303]',
          source: 'measured',
        },
        { program: 'curl', text: 'tlsv1 alert protocol version', source: 'measured' },
      ],
      see: 'grep tls-min-version /etc/kubernetes/manifests/kube-apiserver.yaml',
      mend: 'update the client; until then set --tls-min-version=VersionTLS12',
    },
  },
  {
    id: 'no-common-cipher',
    family: 'protocol',
    title: 'its cipher suites are for keys of the other kind, and it speaks TLS 1.2 at most',
    chain:
      'ClientHello with suites for RSA and ECDSA; the server may use only those that do not fit its key: alert 40',
    rule: 'RFC 5246 section 7.4.1.3: a server that finds no acceptable suite aborts with handshake_failure. An ECDHE_ECDSA suite needs an ECDSA certificate, ECDHE_RSA an RSA one; TLS 1.3 suites name no key.',
    targets: servers,
    change: (context) => {
      const { target } = context;
      const suites = unfitSuites(context);
      return [
        target === 'etcd'
          ? manifestEdit(context, 'etcd', { 'cipher-suites': suites.join(',') })
          : target === 'kube-apiserver'
            ? manifestEdit(context, 'kube-apiserver', { 'tls-cipher-suites': suites.join(',') })
            : kubeletConfigEdit(context, workerOf(target), [{ path: ['tlsCipherSuites'], value: suites }]),
        labYamlEdit(target, { tlsMaxVersion: 'TLSv1.2' }),
      ];
    },
    outcomes: ({ channels, target }) =>
      channels
        .filter(({ server }) => server === target)
        .map((channel) =>
          nothingInCommon(
            channel,
            'NO_SHARED_CIPHER',
            'tls: no cipher suite supported by both client and server',
          ),
        ),
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kube-apiserver',
          text: 'http: TLS handshake error from …: tls: no cipher suite supported by both client and server',
          source: 'https://github.com/gardener/gardener/issues/1252',
        },
        {
          program: 'kubectl',
          text: 'remote error: tls: handshake failure',
          source: 'https://github.com/gravitational/gravity/issues/2181',
        },
      ],
      see: 'grep cipher-suites /etc/kubernetes/manifests/*.yaml; openssl x509 -in apiserver.crt -noout -text | grep "Public Key Algorithm"',
      mend: 'list suites of both families, or none: Go chooses well by itself',
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
] as const satisfies readonly Fault[];
