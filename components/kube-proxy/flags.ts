/**
 * kube-proxy's flags. Source: k8s.io command-line-tools-reference/kube-proxy, v1.33.
 */
import type { FlagTable } from '../flags.ts';

export const PROXY_FLAGS = {
  config: {
    type: 'string',
    default: '',
    help: 'The path to the configuration file (KubeProxyConfiguration v1alpha1).',
    reload: 'at-start',
  },
  kubeconfig: {
    type: 'string',
    default: '',
    help: 'Path to kubeconfig file with authorization information; the configuration file wins.',
    reload: 'at-start',
  },
  'hostname-override': {
    type: 'string',
    default: '',
    help: 'If non-empty, will use this string as identification instead of the actual hostname.',
  },
  v: { type: 'int', default: 0, help: 'number for the log level verbosity' },
} as const satisfies FlagTable;
