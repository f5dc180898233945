/**
 * What every part of the running API server shares.
 */
import type { StartContext } from '../component.ts';
import { klogLine, type Severity } from '../log.ts';
import type { ApiserverFlags } from './flags.ts';
import type { Store } from './store.ts';

/** The inside of a running API server. */
export interface ApiServer {
  readonly context: StartContext;
  readonly flags: ApiserverFlags;
  readonly store: Store;
  /** Aborted when the server closes. */
  readonly closing: AbortSignal;
  now(): Date;
  /** One klog line. */
  log(severity: Severity, source: string, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** A logger in klog's format, by the host's clock. */
export function klogger(context: StartContext): ApiServer['log'] {
  return (severity, source, message, fields) =>
    context.log(klogLine(severity, context.host.now(), source, message, fields));
}
