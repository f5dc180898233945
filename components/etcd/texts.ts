/**
 * etcd's own log lines and start-up failures, as release 3.5 words them.
 * @see etcd server/embed/etcd.go, server/embed/serve.go, server/etcdmain/etcd.go; failures measured on 3.4.23, 2026-11-24
 */
import type { Code } from '../../certs/codes.ts';
import { isLabError } from '../../certs/errors.ts';
import type { FlagValues } from '../flags.ts';
import type { EtcdLevel } from '../log.ts';
import { goTextOf } from '../tls/credentials.ts';
import type { ETCD_FLAGS } from './flags.ts';
import { ETCD_VERSION, hexId, type Member } from './member.ts';

/** One line: level, caller, message, fields. */
export type LogLine = readonly [
  level: EtcdLevel,
  caller: string,
  message: string,
  fields?: Record<string, unknown>,
];

type Flags = FlagValues<typeof ETCD_FLAGS>;

/** What is printed before the port is open. */
export function startingLines(argv: readonly string[], flags: Flags, member: Member): readonly LogLine[] {
  return [
    ['info', 'etcdmain/etcd.go:73', 'Running: ', { args: ['etcd', ...argv] }],
    [
      'info',
      'embed/etcd.go:128',
      'configuring peer listeners',
      { 'listen-peer-urls': flags['listen-peer-urls'] },
    ],
    [
      'info',
      'embed/etcd.go:136',
      'configuring client listeners',
      { 'listen-client-urls': flags['listen-client-urls'] },
    ],
    [
      'info',
      'embed/etcd.go:311',
      'starting an etcd server',
      {
        'etcd-version': ETCD_VERSION,
        name: flags.name,
        'data-dir': flags['data-dir'],
        'initial-cluster': flags['initial-cluster'],
        'initial-cluster-state': flags['initial-cluster-state'],
        'initial-cluster-token': flags['initial-cluster-token'],
      },
    ],
    [
      'info',
      'etcdserver/server.go:873',
      'starting etcd server',
      {
        'local-member-id': hexId(member.id),
        'local-server-version': ETCD_VERSION,
        'cluster-version': 'to_be_decided',
      },
    ],
  ];
}

/** The line about TLS on the client port. */
export function tlsLine(flags: Flags): LogLine {
  const info = [
    `cert = ${flags['cert-file']}`,
    `key = ${flags['key-file']}`,
    'client-cert=',
    'client-key=',
    `trusted-ca = ${flags['trusted-ca-file']}`,
    `client-cert-auth = ${flags['client-cert-auth']}`,
    'crl-file = ',
  ].join(', ');
  return [
    'info',
    'embed/etcd.go:728',
    'starting with client TLS',
    { 'tls-info': info, 'cipher-suites': flags['cipher-suites'] },
  ];
}

/** What is printed once the port is open. */
export function servingLines(address: string, secure: boolean): readonly LogLine[] {
  return [
    ['info', 'embed/serve.go:103', 'ready to serve client requests'],
    secure
      ? ['info', 'embed/serve.go:210', 'serving client traffic securely', { traffic: 'grpc+http', address }]
      : [
          'info',
          'embed/serve.go:187',
          'serving client traffic insecurely; this is strongly discouraged!',
          { traffic: 'grpc+http', address },
        ],
  ];
}

/** What is printed at the end. */
export function closingLines(flags: Flags): readonly [LogLine, LogLine] {
  const fields = {
    name: flags.name,
    'data-dir': flags['data-dir'],
    'advertise-peer-urls': flags['initial-advertise-peer-urls'],
    'advertise-client-urls': flags['advertise-client-urls'],
  };
  return [
    ['info', 'embed/etcd.go:380', 'closing etcd server', fields],
    ['info', 'embed/etcd.go:382', 'closed etcd server', fields],
  ];
}

/** A client that did not get through TLS; a connection that just ends is worth a debug line. */
export function rejectedLine(remote: string, serverName: string, text: string): LogLine {
  return [
    text === 'EOF' ? 'debug' : 'warn',
    'embed/config_logging.go:170',
    'rejected connection on client endpoint',
    { 'remote-addr': remote, 'server-name': serverName, error: text },
  ];
}

/** Certificate and key on disk cannot be used; etcd says "peer" on the client port, too. */
export function unusablePairLine(flags: Flags, text: string): LogLine {
  const missing = text.endsWith('no such file or directory');
  return [
    'warn',
    missing ? 'transport/listener.go:376' : 'transport/listener.go:385',
    missing ? 'failed to find peer cert files' : 'failed to create peer certificate',
    { 'cert-file': flags['cert-file'], 'key-file': flags['key-file'], error: text },
  ];
}

/** A line that a crash cut in half was dropped. */
export function repairedLine(path: string, droppedBytes: number): LogLine {
  return [
    'info',
    'wal/repair.go:96',
    'repaired',
    { path, error: 'unexpected EOF', 'dropped-bytes': droppedBytes },
  ];
}

/** The living state was written down afresh. */
export function savedLine(path: string, sizeBytes: number): LogLine {
  return ['info', 'etcdserver/server.go:2484', 'saved snapshot', { path, 'size-bytes': sizeBytes }];
}

/** The disk failed under a running etcd. */
export function brokenLine(text: string): LogLine {
  return ['fatal', 'etcdserver/raft.go:236', 'failed to save Raft hard state and entries', { error: text }];
}

/** Two settings that do not go together; etcd goes on and ignores the files. */
export function ignoredFilesLine(url: string): LogLine {
  return [
    'warn',
    'embed/etcd.go:622',
    'scheme is HTTP while key and cert files are present; ignoring key and cert files',
    { 'client-url': url },
  ];
}

/**
 * The fatal line for a start that failed, in Go's words.
 * @param address  where it wanted to listen
 */
export function fatalLine(error: unknown, address: string): LogLine {
  const discovery = (text: string): LogLine => [
    'fatal',
    'etcdmain/etcd.go:204',
    'discovery failed',
    { error: text },
  ];
  if (isLabError(error) && error.code === 'PORT_IN_USE') {
    return discovery(`listen tcp ${address}: bind: address already in use`);
  }
  if (isLabError(error) && EARLY.includes(error.code)) return discovery(goTextOf(error));
  return ['fatal', 'etcdmain/etcd.go:223', 'listener failed', { error: goTextOf(error) }];
}

/** What is found out before any listener is begun. */
const EARLY: readonly Code[] = ['FLAG_INVALID', 'DIR_UNWRITABLE', 'FILE_UNREADABLE'];
