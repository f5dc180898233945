/**
 * Flags of kubectl as a component: the laptop's own connection. Command lines of users go through `arguments.ts`.
 */
import type { FlagTable } from '../flags.ts';

export const KUBECTL_FLAGS = {
  kubeconfig: {
    type: 'string',
    default: '/.kube/config',
    help: 'Path to the kubeconfig file to use for CLI requests.',
    reload: 'each-handshake',
  },
  context: { type: 'string', default: '', help: 'The name of the kubeconfig context to use' },
} as const satisfies FlagTable;
