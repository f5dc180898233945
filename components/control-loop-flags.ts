/**
 * Flags that kube-scheduler and kube-controller-manager share: as whom they speak, who of them leads, and the port of
 * their own, which the lab does not serve. Source: k8s.io command-line-tools-reference, v1.33.
 */
import type { FlagTable } from './flags.ts';

const NO_PORT = 'The lab serves no port for this component.';

/** The shared rows; each program adds its own, and its port. */
export const CONTROL_LOOP_FLAGS = {
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
    help: `The IP address on which to listen for --secure-port. ${NO_PORT}`,
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
  'tls-cert-file': { type: 'string', default: '', help: `Certificate for --secure-port. ${NO_PORT}` },
  'tls-private-key-file': { type: 'string', default: '', help: `Key for --secure-port. ${NO_PORT}` },
  v: { type: 'int', default: 0, help: 'number for the log level verbosity' },
} as const satisfies FlagTable;

/** `--secure-port` with the program's own default. */
export function securePort<const Port extends number>(port: Port) {
  return { type: 'int', default: port, help: `The port on which to serve HTTPS. ${NO_PORT}` } as const;
}
