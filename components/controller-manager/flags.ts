/**
 * kube-controller-manager's flags. Source: k8s.io command-line-tools-reference/kube-controller-manager, v1.33.
 */
import type { FlagTable } from '../flags.ts';

const NO_PORT = 'The lab serves no port for this component.';

export const CONTROLLER_MANAGER_FLAGS = {
  kubeconfig: {
    type: 'string',
    default: '',
    help: 'Path to kubeconfig file with authorization and master location information.',
    reload: 'at-start',
  },
  'authentication-kubeconfig': {
    type: 'string',
    default: '',
    help: 'kubeconfig file pointing at the core server with enough rights to create tokenreviews.',
    reload: 'at-start',
  },
  'authorization-kubeconfig': {
    type: 'string',
    default: '',
    help: 'kubeconfig file pointing at the core server with enough rights to create subjectaccessreviews.',
    reload: 'at-start',
  },
  'leader-elect': {
    type: 'bool',
    default: true,
    help: 'Start a leader election client and gain leadership before executing the main loop.',
  },
  'leader-elect-lease-duration': {
    type: 'durationMs',
    default: 15_000,
    help: 'How long non-leader candidates wait before they try to take a lease that is not renewed.',
  },
  'cluster-signing-cert-file': {
    type: 'string',
    default: '',
    help: 'X.509 CA certificate used to issue cluster-scoped certificates.',
    reload: 'watched',
  },
  'cluster-signing-key-file': {
    type: 'string',
    default: '',
    help: 'Private key used to sign cluster-scoped certificates.',
    reload: 'watched',
  },
  'cluster-signing-duration': {
    type: 'durationMs',
    default: 31_536_000_000,
    help: 'The max length of duration signed certificates will be given.',
  },
  'root-ca-file': {
    type: 'string',
    default: '',
    help: 'If set, this root certificate authority is published in every namespace as kube-root-ca.crt.',
    reload: 'at-start',
  },
  'node-monitor-grace-period': {
    type: 'durationMs',
    default: 40_000,
    help: 'How long a node may be silent before it is marked unhealthy. Left at its default, the lab waits four rounds.',
  },
  'service-account-private-key-file': {
    type: 'string',
    default: '',
    help: 'Private key used to sign service account tokens. The lab issues none through this component.',
    reload: 'at-start',
  },
  'use-service-account-credentials': {
    type: 'bool',
    default: false,
    help: 'Use individual service account credentials for each controller. The lab uses one identity.',
  },
  'client-ca-file': {
    type: 'string',
    default: '',
    help: `Authenticates clients of --secure-port. ${NO_PORT}`,
    reload: 'watched',
  },
  'requestheader-client-ca-file': {
    type: 'string',
    default: '',
    help: `Verifies the front proxy's certificate. ${NO_PORT}`,
    reload: 'watched',
  },
  'bind-address': {
    type: 'string',
    default: '0.0.0.0',
    help: `The IP address for --secure-port. ${NO_PORT}`,
  },
  'secure-port': { type: 'int', default: 10257, help: `The port on which to serve HTTPS. ${NO_PORT}` },
  'tls-cert-file': { type: 'string', default: '', help: `Certificate for --secure-port. ${NO_PORT}` },
  'tls-private-key-file': { type: 'string', default: '', help: `Key for --secure-port. ${NO_PORT}` },
  'cluster-name': { type: 'string', default: 'kubernetes', help: 'The instance prefix for the cluster.' },
  'cluster-cidr': { type: 'string', default: '', help: 'CIDR Range for Pods in cluster.' },
  'allocate-node-cidrs': { type: 'bool', default: false, help: 'Should CIDRs for Pods be allocated.' },
  'service-cluster-ip-range': { type: 'string', default: '', help: 'CIDR Range for Services in cluster.' },
  controllers: { type: 'strings', default: ['*'], help: 'A list of controllers to enable.' },
  v: { type: 'int', default: 0, help: 'number for the log level verbosity' },
} as const satisfies FlagTable;
