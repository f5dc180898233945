/** Static pods: the flags of each manifest held against those that `init` would write. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isLabError } from '../../certs/errors.ts';
import { MODES, writeAtomic } from '../../certs/files.ts';
import { hostPath } from '../../certs/hosts.ts';
import { readManifest, setManifestFlag } from '../../components/manifest.ts';
import { CONFIG_PATHS, configFiles, STATIC_PODS, type StaticPod, staticPodArgv } from '../config-files.ts';
import type { LabDirectory } from '../directory.ts';
import type { Ports } from '../ports.ts';
import type { SettingRow } from './row.ts';

const HOST = 'control-plane';

/** What follows when a flag is not as it should be. `POD --flag`. */
const MEANINGS: Readonly<Record<string, string>> = {
  'kube-apiserver --kubelet-certificate-authority': 'kubelets are not verified unless it names their CA',
  'kube-apiserver --client-ca-file': 'it says who may sign client certificates',
  'kube-apiserver --authorization-mode': 'it says who decides what a user may do',
  'kube-apiserver --etcd-servers': 'etcd listens elsewhere',
  'kube-apiserver --etcd-certfile': 'etcd is shown another certificate',
  'kube-apiserver --kubelet-client-certificate': 'kubelets are shown another certificate',
  'kube-apiserver --anonymous-auth': 'requests without credentials are let in as system:anonymous, or not',
  'kube-apiserver --token-auth-file': 'whoever has a token of that file needs no certificate',
  'kube-apiserver --tls-min-version': 'older clients are refused in TLS, alert 70',
  'kube-apiserver --tls-cipher-suites': 'clients that share none of them are refused in TLS, alert 40',
  'etcd --client-cert-auth': 'without --trusted-ca-file, too, everybody may read and write',
  'etcd --trusted-ca-file': 'it says who may sign client certificates',
  'etcd --listen-client-urls': 'http:// serves without TLS and asks for no certificate',
  'etcd --tls-min-version': 'older clients are refused in TLS, alert 70',
  'etcd --cipher-suites': 'clients that share none of them are refused in TLS, alert 40',
};

/** Flags that a user may well add: they change nothing about who trusts whom. */
const USUAL_ADDITIONS: readonly string[] = [
  'v',
  'data-dir',
  'wal-dir',
  'log-level',
  'log-outputs',
  'logger',
  'snapshot-count',
  'auto-compaction-mode',
  'auto-compaction-retention',
  'quota-backend-bytes',
  'listen-metrics-urls',
  'cluster-signing-cert-file',
  'cluster-signing-key-file',
  'cluster-signing-duration',
  'node-monitor-grace-period',
  'enable-bootstrap-token-auth',
  'encryption-provider-config',
  'service-account-issuer',
  'service-account-key-file',
  'service-account-signing-key-file',
  'service-account-private-key-file',
  'feature-gates',
  'event-ttl',
  'profiling',
];

/** Every flag of every manifest that differs. */
export function manifestRows(directory: LabDirectory, ports: Ports): SettingRow[] {
  return STATIC_PODS.flatMap((pod) => rowsOf(pod, directory, ports));
}

function rowsOf(pod: StaticPod, { dir, choices }: LabDirectory, ports: Ports): SettingRow[] {
  const path = `${CONFIG_PATHS.manifests}/${pod}.yaml`;
  const file = hostPath(dir, HOST, path);
  const about = { instance: pod, place: HOST, file } as const;
  const writeAnew = (): void => {
    const fresh = configFiles(choices, ports).find((one) => one.host === HOST && one.path === path);
    if (fresh) writeAtomic(file, fresh.text, MODES.key);
  };
  const whole = (found: string | null, says: string, meaning: string): SettingRow[] => [
    { ...about, setting: 'manifest', expected: 'there', found, says, meaning, mend: writeAnew },
  ];
  if (!existsSync(file)) {
    const beside = join(HOST, 'etc', 'kubernetes', `${pod}.yaml`);
    const moved = existsSync(join(dir, 'hosts', beside))
      ? `; it lies in hosts/${beside.replaceAll('\\', '/')}`
      : '';
    return whole(null, 'its manifest is not there', `it does not run${moved}`);
  }
  let argv: readonly string[];
  try {
    ({ argv } = readManifest(file));
  } catch (error) {
    if (!isLabError(error)) throw error;
    return whole('not readable', 'its manifest cannot be read', error.what);
  }
  const found = flagsOf(argv);
  const wanted = flagsOf(staticPodArgv(pod, choices, ports));
  const row = (name: string, expected: string | null, now: string | null): SettingRow => ({
    ...about,
    setting: `--${name}`,
    expected,
    found: now,
    meaning: MEANINGS[`${pod} --${name}`] ?? '',
    mend: () => setManifestFlag(file, name, expected),
  });
  return [
    ...[...wanted].flatMap(([name, value]) =>
      found.get(name) === value ? [] : [row(name, value, found.get(name) ?? null)],
    ),
    ...[...found].flatMap(([name, value]) =>
      wanted.has(name) || USUAL_ADDITIONS.includes(name) ? [] : [row(name, null, value)],
    ),
  ];
}

/** `--name=value`, `--name value` and a bare `--name` by name; the last one counts, as in pflag. */
function flagsOf(argv: readonly string[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  for (let at = 0; at < argv.length; at++) {
    const [, name, value] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(argv[at] ?? '') ?? [];
    if (name === undefined) continue;
    const next = argv[at + 1];
    const apart = value === undefined && next !== undefined && !next.startsWith('--');
    if (apart) at += 1;
    flags.set(name, value ?? (apart ? next : 'true'));
  }
  return flags;
}
