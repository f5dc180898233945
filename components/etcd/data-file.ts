/**
 * The data file: what `--data-dir` adds to an etcd in memory.
 */
import type { Lease } from './leases.ts';
import type { Change } from './store.ts';

/** One thing that happened. */
export type Entry =
  | { readonly kind: 'commit'; readonly revision: number; readonly changes: readonly Change[] }
  | { readonly kind: 'compact'; readonly revision: number }
  | { readonly kind: 'lease'; readonly grant: bigint; readonly ttlSeconds: number }
  | { readonly kind: 'lease'; readonly revoke: bigint };

/** What the file said when it was opened. */
export interface Past {
  readonly revision: number;
  readonly compacted: number;
  readonly changes: readonly Change[];
  readonly leases: readonly Lease[];
  readonly term: number;
}

export interface DataFile {
  readonly past: Past;
  append(entry: Entry): void;
  /** Resolves when everything appended is on disk; undefined when it is. */
  settled(): Promise<void> | undefined;
  sizeBytes(): number;
  close(): Promise<void>;
}
