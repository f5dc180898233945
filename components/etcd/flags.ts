/**
 * etcd's flags, as `etcd --help` has them: those that the lab acts on, and those that manifests carry.
 *
 * `reload` says how the real program reads the file: it opens certificate and key anew for every handshake,
 * and the CA bundle once, at the start.
 */
import type { FlagTable } from '../flags.ts';

/** Source: etcd server/etcdmain/help.go and config.go (3.5), read 2026-11-24; kubeadm's etcd manifest. */
export const ETCD_FLAGS = {
  name: { type: 'string', default: 'default', help: 'Human-readable name for this member.' },
  'data-dir': {
    type: 'string',
    default: '',
    help: 'Path to the data directory. Without it the lab keeps everything in memory.',
  },
  'wal-dir': { type: 'string', default: '', help: 'Path to the dedicated wal directory (not used here).' },
  'snapshot-count': {
    type: 'int',
    default: 100_000,
    help: 'Number of committed transactions to trigger a snapshot to disk.',
  },
  'heartbeat-interval': {
    type: 'int',
    default: 100,
    help: 'Time (in milliseconds) of a heartbeat interval.',
  },
  'election-timeout': {
    type: 'int',
    default: 1000,
    help: 'Time (in milliseconds) for an election to timeout.',
  },
  'initial-election-tick-advance': {
    type: 'bool',
    default: true,
    help: 'Whether to fast-forward initial election ticks on boot (one member elects itself at once).',
  },
  'listen-client-urls': {
    type: 'strings',
    default: ['http://localhost:2379'],
    help: 'List of URLs to listen on for client traffic; the first on loopback is used.',
  },
  'advertise-client-urls': {
    type: 'strings',
    default: ['http://localhost:2379'],
    help: "List of this member's client URLs to advertise to the public.",
  },
  'listen-peer-urls': {
    type: 'strings',
    default: ['http://localhost:2380'],
    help: 'List of URLs to listen on for peer traffic. The lab has one member and opens no peer port.',
  },
  'initial-advertise-peer-urls': {
    type: 'strings',
    default: ['http://localhost:2380'],
    help: "List of this member's peer URLs to advertise to the rest of the cluster.",
  },
  'initial-cluster': {
    type: 'string',
    default: '',
    help: 'Initial cluster configuration for bootstrapping.',
  },
  'initial-cluster-state': {
    type: 'string',
    default: 'new',
    help: "Initial cluster state ('new' or 'existing').",
  },
  'initial-cluster-token': {
    type: 'string',
    default: 'etcd-cluster',
    help: 'Initial cluster token for the etcd cluster during bootstrap.',
  },
  'listen-metrics-urls': {
    type: 'strings',
    default: [],
    help: 'List of URLs to listen on for /metrics and /health, in plain HTTP.',
  },
  metrics: {
    type: 'string',
    default: 'basic',
    help: "Level of detail for exported metrics ('basic' or 'extensive').",
  },
  'quota-backend-bytes': {
    type: 'int',
    default: 0,
    help: 'Raise alarms when the backend size exceeds the given quota; 0 means 2 GiB.',
  },
  'max-txn-ops': {
    type: 'int',
    default: 128,
    help: 'Maximum number of operations permitted in a transaction.',
  },
  'max-request-bytes': {
    type: 'int',
    default: 1_572_864,
    help: 'Maximum client request size in bytes the server will accept.',
  },
  'auto-compaction-mode': {
    type: 'string',
    default: 'periodic',
    help: "Interpret 'auto-compaction-retention' as a duration ('periodic') or a number of revisions ('revision').",
  },
  'auto-compaction-retention': {
    type: 'string',
    default: '0',
    help: 'Auto compaction retention length. 0 disables it in the real program; the lab then keeps 10000 revisions.',
  },
  'experimental-initial-corrupt-check': {
    type: 'bool',
    default: false,
    help: 'Check data corruption before serving.',
  },
  'experimental-watch-progress-notify-interval': {
    type: 'durationMs',
    default: 600_000,
    help: 'Duration of periodical watch progress notification.',
  },
  'watch-progress-notify-interval': {
    type: 'durationMs',
    default: 600_000,
    help: 'Duration of periodical watch progress notification (its name from 3.6 on).',
  },
  'feature-gates': {
    type: 'string',
    default: '',
    help: 'Set of key=value pairs that describe feature gates (3.6).',
  },
  'cert-file': {
    type: 'string',
    default: '',
    reload: 'each-handshake',
    help: 'Path to the client server TLS cert file.',
  },
  'key-file': {
    type: 'string',
    default: '',
    reload: 'each-handshake',
    help: 'Path to the client server TLS key file.',
  },
  'client-cert-auth': { type: 'bool', default: false, help: 'Enable client cert authentication.' },
  'trusted-ca-file': {
    type: 'string',
    default: '',
    reload: 'at-start',
    help: 'Path to the client server TLS trusted CA cert file. Alone it already demands client certificates.',
  },
  'client-crl-file': {
    type: 'string',
    default: '',
    help: 'Path to the client certificate revocation list file.',
  },
  'peer-cert-file': { type: 'string', default: '', help: 'Path to the peer server TLS cert file.' },
  'peer-key-file': { type: 'string', default: '', help: 'Path to the peer server TLS key file.' },
  'peer-client-cert-auth': { type: 'bool', default: false, help: 'Enable peer client cert authentication.' },
  'peer-trusted-ca-file': {
    type: 'string',
    default: '',
    help: 'Path to the peer server TLS trusted CA file.',
  },
  'peer-cert-allowed-cn': {
    type: 'string',
    default: '',
    help: 'Required CN for client certs connecting to the peer endpoint.',
  },
  'cipher-suites': {
    type: 'strings',
    default: [],
    help: 'Comma-separated list of supported TLS cipher suites (empty: chosen by Go).',
  },
  'tls-min-version': { type: 'string', default: 'TLS1.2', help: 'Minimum TLS version supported by etcd.' },
  'tls-max-version': {
    type: 'string',
    default: '',
    help: 'Maximum TLS version supported by etcd (empty: chosen by Go).',
  },
  logger: { type: 'string', default: 'zap', help: "Currently only supports 'zap' for structured logging." },
  'log-level': {
    type: 'string',
    default: 'info',
    help: 'Log level: debug, info, warn, error, panic or fatal.',
  },
  'log-outputs': { type: 'strings', default: ['default'], help: "'stdout', 'stderr' or file paths." },
} as const satisfies FlagTable;
