/** Protocol: two TLS stacks that share no version, or no cipher suite. */
import { instancesOf } from '../topology.ts';
import { kubeletConfigEdit, labYamlEdit, manifestEdit } from './edits.ts';
import type { ChangeContext, Fault } from './fault.ts';
import { diallers, nothingInCommon, ownDial, servers, untried, withoutStore, workerOf } from './reach.ts';

/** Suites for keys of the other kind: every one is known to the server, none fits its certificate. */
function unfitSuites({ directory }: Pick<ChangeContext, 'directory'>): readonly string[] {
  const kind = directory.choices.key === 'rsa-2048' ? 'ECDSA' : 'RSA';
  return [`TLS_ECDHE_${kind}_WITH_AES_128_GCM_SHA256`, `TLS_ECDHE_${kind}_WITH_AES_256_GCM_SHA384`];
}

/** Part of the family protocol. */
export const versions = [
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
        nothingInCommon(channel, 'PROTOCOL_VERSION', 'tls: client offered only unsupported versions: [303'),
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
] as const satisfies readonly Fault[];
