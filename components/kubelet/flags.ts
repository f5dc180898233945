/**
 * kubelet's flags. Source: k8s.io command-line-tools-reference/kubelet, v1.33.
 */
import type { FlagTable } from '../flags.ts';

export const KUBELET_FLAGS = {
  config: {
    type: 'string',
    default: '',
    help: 'The kubelet will load its initial configuration from this file (KubeletConfiguration v1beta1).',
    reload: 'at-start',
  },
  kubeconfig: {
    type: 'string',
    default: '',
    help: 'Path to a kubeconfig file, specifying how to connect to the API server.',
    reload: 'at-start',
  },
  'bootstrap-kubeconfig': {
    type: 'string',
    default: '',
    help: 'A kubeconfig with which a client certificate is requested when --kubeconfig does not exist.',
    reload: 'at-start',
  },
  'hostname-override': {
    type: 'string',
    default: '',
    help: 'If non-empty, will use this string as identification instead of the actual hostname.',
  },
  'cert-dir': {
    type: 'string',
    default: '/var/lib/kubelet/pki',
    help: 'The directory where the TLS certs are located, when the configuration names none.',
  },
  'node-ip': { type: 'string', default: '127.0.0.1', help: 'IP address of the node.' },
  'node-labels': { type: 'strings', default: [], help: 'Labels to add when registering the node.' },
  v: { type: 'int', default: 0, help: 'number for the log level verbosity' },
} as const satisfies FlagTable;
