/**
 * kube-controller-manager's flags. Source: k8s.io command-line-tools-reference/kube-controller-manager, v1.33.
 */
import { CONTROL_LOOP_FLAGS, securePort } from '../control-loop-flags.ts';
import type { FlagTable } from '../flags.ts';

export const CONTROLLER_MANAGER_FLAGS = {
  ...CONTROL_LOOP_FLAGS,
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
  'secure-port': securePort(10257),
  'cluster-name': { type: 'string', default: 'kubernetes', help: 'The instance prefix for the cluster.' },
  'cluster-cidr': { type: 'string', default: '', help: 'CIDR Range for Pods in cluster.' },
  'allocate-node-cidrs': { type: 'bool', default: false, help: 'Should CIDRs for Pods be allocated.' },
  'service-cluster-ip-range': { type: 'string', default: '', help: 'CIDR Range for Services in cluster.' },
  controllers: { type: 'strings', default: ['*'], help: 'A list of controllers to enable.' },
} as const satisfies FlagTable;
