/**
 * kube-scheduler's flags. Source: k8s.io command-line-tools-reference/kube-scheduler, v1.33.
 */
import type { FlagTable } from '../flags.ts';

export const SCHEDULER_FLAGS = {
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
  'bind-address': {
    type: 'string',
    default: '0.0.0.0',
    help: 'The IP address on which to listen for --secure-port. The lab serves no port for this component.',
  },
  'secure-port': {
    type: 'int',
    default: 10259,
    help: 'The port on which to serve HTTPS. The lab serves no port for this component.',
  },
  'client-ca-file': {
    type: 'string',
    default: '',
    help: 'Authenticates clients of --secure-port. The lab serves no port for this component.',
    reload: 'watched',
  },
  v: { type: 'int', default: 0, help: 'number for the log level verbosity' },
} as const satisfies FlagTable;
