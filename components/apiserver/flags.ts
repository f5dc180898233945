/**
 * kube-apiserver's flags. All that kubeadm writes into its manifest are accepted; those that matter here act.
 *
 * @see kube-apiserver command-line reference, v1.33; apiserver pkg/server/options/*.go
 */
import type { FlagTable, FlagValues } from '../flags.ts';

const text = (help: string, fallback = '') => ({ type: 'string', default: fallback, help }) as const;
const texts = (help: string, fallback: readonly string[] = []) =>
  ({ type: 'strings', default: fallback, help }) as const;
const yesNo = (help: string, fallback: boolean) => ({ type: 'bool', default: fallback, help }) as const;
const whole = (help: string, fallback: number) => ({ type: 'int', default: fallback, help }) as const;
const duration = (help: string, fallbackMs: number) =>
  ({ type: 'durationMs', default: fallbackMs, help }) as const;

export const APISERVER_FLAGS = {
  // Serving
  'secure-port': whole(
    'port of HTTPS with authentication and authorization; 0 is not allowed by the real one',
    6443,
  ),
  'bind-address': text('address to listen on; the lab listens on loopback only', '0.0.0.0'),
  'advertise-address': text('address under which members of the cluster reach this server'),
  'tls-cert-file': { ...text('serving certificate, with intermediates after it'), reload: 'watched' },
  'tls-private-key-file': { ...text('private key of --tls-cert-file'), reload: 'watched' },
  'tls-min-version': text('VersionTLS12 or VersionTLS13', 'VersionTLS12'),
  'tls-cipher-suites': texts('IANA names, for TLS 1.2; those of TLS 1.3 cannot be chosen'),
  'tls-sni-cert-key': texts('further certificate and key pairs, by name; accepted, not used'),
  'cert-dir': text('where self-signed certificates would go; the lab makes none', '/var/run/kubernetes'),
  'disable-http2-serving': yesNo('serve HTTP/1.1 only', false),
  // Authentication
  'client-ca-file': { ...text('who may sign client certificates'), reload: 'watched' },
  'anonymous-auth': yesNo('requests without credentials are system:anonymous; otherwise 401', true),
  'token-auth-file': { ...text('static tokens: token,user,uid,"group1,group2"'), reload: 'at-start' },
  'enable-bootstrap-token-auth': yesNo(
    'accept secrets of type bootstrap.kubernetes.io/token in kube-system',
    false,
  ),
  'requestheader-client-ca-file': text('front proxy CA; accepted, no front proxy in the lab'),
  'requestheader-allowed-names': texts('names of the front proxy'),
  'requestheader-username-headers': texts('headers with the user name'),
  'requestheader-group-headers': texts('headers with groups'),
  'requestheader-extra-headers-prefix': texts('prefixes of headers with extra'),
  'requestheader-uid-headers': texts('headers with the uid'),
  'proxy-client-cert-file': text('certificate of the aggregator as a client; accepted'),
  'proxy-client-key-file': text('key of --proxy-client-cert-file; accepted'),
  'service-account-issuer': texts('issuer of service account tokens', [
    'https://kubernetes.default.svc.cluster.local',
  ]),
  'service-account-key-file': {
    ...texts('public keys that verify service account tokens'),
    reload: 'at-start',
  },
  'service-account-signing-key-file': { ...text('private key that signs them'), reload: 'at-start' },
  'service-account-max-token-expiration': duration('longest life of a token; 0: as asked', 0),
  'api-audiences': texts('audiences of this server; default the issuer'),
  // Authorization and admission
  'authorization-mode': texts('Node, RBAC, AlwaysAllow, AlwaysDeny', ['AlwaysAllow']),
  'enable-admission-plugins': texts('plugins besides the default ones: NodeRestriction'),
  'disable-admission-plugins': texts('default plugins to leave out'),
  'allow-privileged': yesNo('allow privileged containers', false),
  // etcd
  'etcd-servers': texts('URLs of etcd'),
  'etcd-cafile': { ...text('who may sign etcd servers'), reload: 'at-start' },
  'etcd-certfile': { ...text('client certificate towards etcd'), reload: 'each-handshake' },
  'etcd-keyfile': { ...text('key of --etcd-certfile'), reload: 'each-handshake' },
  'etcd-prefix': text('prefix of all keys; only /registry here', '/registry'),
  'etcd-healthcheck-timeout': duration('how long /readyz waits for etcd', 2_000),
  'storage-backend': text('etcd3'),
  'storage-media-type': text('stored form; the lab stores JSON', 'application/vnd.kubernetes.protobuf'),
  'encryption-provider-config': {
    ...text('EncryptionConfiguration for secrets in etcd'),
    reload: 'at-start',
  },
  // Kubelets
  'kubelet-certificate-authority': {
    ...text('who may sign kubelets; empty: kubelets are NOT verified'),
    reload: 'at-start',
  },
  'kubelet-client-certificate': { ...text('client certificate towards kubelets'), reload: 'each-handshake' },
  'kubelet-client-key': { ...text('key of --kubelet-client-certificate'), reload: 'each-handshake' },
  'kubelet-preferred-address-types': texts('which address of a node to dial first', [
    'Hostname',
    'InternalDNS',
    'InternalIP',
    'ExternalDNS',
    'ExternalIP',
  ]),
  'kubelet-timeout': duration('timeout of calls to kubelets', 5_000),
  // The cluster
  'service-cluster-ip-range': text('addresses of services', '10.96.0.0/12'),
  'service-node-port-range': text('ports of NodePort services', '30000-32767'),
  'endpoint-reconciler-type': text('who keeps the endpoints of kubernetes', 'lease'),
  'apiserver-count': whole('number of API servers', 1),
  'runtime-config': texts('APIs to switch on or off; accepted'),
  'feature-gates': texts('features to switch on or off; accepted'),
  'event-ttl': duration('how long events are kept', 3_600_000),
  'max-requests-inflight': whole('accepted, not enforced', 400),
  'max-mutating-requests-inflight': whole('accepted, not enforced', 200),
  'request-timeout': duration('default timeout of requests', 60_000),
  'min-request-timeout': whole('shortest life of a watch, in seconds', 1_800),
  'audit-log-path': text('accepted, no audit log is written'),
  'audit-policy-file': text('accepted'),
  'audit-log-maxage': whole('accepted', 0),
  'audit-log-maxbackup': whole('accepted', 0),
  'audit-log-maxsize': whole('accepted', 0),
  'external-hostname': text('host name for generated URLs; accepted'),
  'cloud-provider': text('accepted'),
  'cloud-config': text('accepted'),
  profiling: yesNo('accepted, nothing is profiled', true),
  v: whole('log level; from 5 on failed handshakes are logged by the real one', 0),
} as const satisfies FlagTable;

/** The parsed flags. */
export type ApiserverFlags = FlagValues<typeof APISERVER_FLAGS>;
