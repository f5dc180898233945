/**
 * kube-scheduler's flags. Source: k8s.io command-line-tools-reference/kube-scheduler, v1.33.
 */
import { CONTROL_LOOP_FLAGS, securePort } from '../control-loop-flags.ts';
import type { FlagTable } from '../flags.ts';

export const SCHEDULER_FLAGS = {
  ...CONTROL_LOOP_FLAGS,
  'secure-port': securePort(10259),
} as const satisfies FlagTable;
