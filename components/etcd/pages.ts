/**
 * What etcd serves beside its API: /health, /version, /metrics (a few).
 */
import type { Engine } from './engine.ts';
import { CLUSTER_VERSION, ETCD_VERSION } from './member.ts';

/** One page, for GET. */
export interface Page {
  readonly type: string;
  readonly body: (engine: Engine) => string;
}

/** Prometheus' text format: name, kind, help, value. Names are etcd's. */
const METRICS = [
  ['etcd_server_has_leader', 'gauge', 'Whether or not a leader exists. 1 is existence, 0 is not.', () => 1],
  [
    'etcd_server_is_leader',
    'gauge',
    'Whether or not this member is a leader. 1 if is, 0 otherwise.',
    () => 1,
  ],
  [
    'etcd_mvcc_db_total_size_in_use_in_bytes',
    'gauge',
    'Total size of the underlying database logically in use in bytes.',
    (engine: Engine) => engine.store.sizeBytes(),
  ],
  [
    'etcd_debugging_mvcc_current_revision',
    'gauge',
    'The current revision of store.',
    (engine: Engine) => engine.store.revision(),
  ],
  [
    'etcd_debugging_mvcc_compact_revision',
    'gauge',
    'The revision of the last compaction in store.',
    (engine: Engine) => engine.store.compacted(),
  ],
  [
    'etcd_debugging_mvcc_watcher_total',
    'gauge',
    'Total number of watchers.',
    (engine: Engine) => engine.watches.count(),
  ],
] as const;

/** Pages by path. */
export const PAGES: Readonly<Record<string, Page>> = {
  '/health': {
    type: 'text/plain; charset=utf-8',
    body: () => '{"health":"true","reason":""}',
  },
  '/version': {
    type: 'application/json',
    body: () => `{"etcdserver":"${ETCD_VERSION}","etcdcluster":"${CLUSTER_VERSION}"}`,
  },
  '/metrics': {
    type: 'text/plain; version=0.0.4; charset=utf-8',
    body: (engine) =>
      [
        "# HELP etcd_server_version Which version is running. 1 for 'server_version' label with current version.",
        '# TYPE etcd_server_version gauge',
        `etcd_server_version{server_version="${ETCD_VERSION}"} 1`,
        ...METRICS.flatMap(([name, kind, help, value]) => [
          `# HELP ${name} ${help}`,
          `# TYPE ${name} ${kind}`,
          `${name} ${value(engine)}`,
        ]),
        '',
      ].join('\n'),
  },
};
