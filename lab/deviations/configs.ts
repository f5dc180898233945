/** Kubeconfigs, kubelet and kube-proxy configuration: each field held against what `init` would write. */
import { Buffer } from 'node:buffer';
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { parse, parseDocument } from 'yaml';
import { messageOf } from '../../certs/errors.ts';
import { MODES, readTextIfAny, writeAtomic } from '../../certs/files.ts';
import { hostPath } from '../../certs/hosts.ts';
import { PLACES } from '../../certs/identities.ts';
import { readKubeconfig } from '../../certs/kubeconfig.ts';
import { bootstrappedKubeconfig } from '../../components/kubelet/bootstrap-kubeconfig.ts';
import { CONFIG_PATHS, type ConfigFile, configFiles } from '../config-files.ts';
import type { LabDirectory } from '../directory.ts';
import type { Ports } from '../ports.ts';
import type { SettingRow } from './row.ts';

type Path = readonly (string | number)[];
type Scalar = string | number | boolean;

/** What follows when a field is not as it should be, by the last words of its path. */
const MEANINGS = [
  ['insecure-skip-tls-verify', 'the server is not verified'],
  ['cluster.certificate-authority', 'without it the server cannot be verified'],
  ['cluster.server', 'the API server is dialled elsewhere, or without TLS'],
  ['tls-server-name', 'the server is verified under another name'],
  ['user.client-certificate', 'the API server is shown another certificate'],
  ['anonymous.enabled', 'who shows no certificate is let in as system:anonymous'],
  ['authorization.mode', 'AlwaysAllow: whoever is let in reads logs and runs commands'],
  ['x509.clientCAFile', 'it says who may sign client certificates'],
  ['tlsMinVersion', 'older clients are refused in TLS, alert 70'],
  ['tlsCipherSuites', 'clients that share none of them are refused in TLS, alert 40'],
] as const;

/** Fields that a user may well add: they change nothing about who trusts whom. */
const USUAL_ADDITIONS =
  /^(rotateCertificates|serverTLSBootstrap|staticPodPath|clusterDNS|containerRuntimeEndpoint|cgroupDriver|.*\.namespace$|preferences\.)/;

/** Every field of every configuration file that differs. Manifests are told by `manifests.ts`. */
export function configRows({ dir, choices }: LabDirectory, ports: Ports): SettingRow[] {
  return configFiles(choices, ports)
    .filter(({ path }) => !path.startsWith(CONFIG_PATHS.manifests))
    .flatMap((wanted) => rowsOf(dir, wanted));
}

function rowsOf(dir: string, { host, path, text: wanted }: ConfigFile): SettingRow[] {
  const file = hostPath(dir, host, path);
  const instance = ownerOf(host, path);
  const text = readTextIfAny(file);
  if (text === wanted) return [];
  const mode =
    path === CONFIG_PATHS.kubeletConfig || path === CONFIG_PATHS.kubeProxyConfig ? MODES.public : MODES.key;
  const about = { instance, place: host, file } as const;
  const whole = (found: string | null, says: string, meaning: string): SettingRow[] => [
    {
      ...about,
      setting: 'file',
      expected: 'there',
      found,
      says,
      meaning,
      mend: () => writeAtomic(file, wanted, mode),
    },
  ];
  if (
    text === null &&
    path === CONFIG_PATHS.kubelet &&
    existsSync(hostPath(dir, host, CONFIG_PATHS.kubeletBootstrap))
  )
    return [];
  if (text === null)
    return whole(null, 'its configuration is not there', 'it cannot start, or goes on with the old one');
  let content: unknown;
  try {
    content = parse(text, { maxAliasCount: 20 });
  } catch (error) {
    return whole(
      'not readable',
      'its configuration cannot be read',
      (messageOf(error).split('\n')[0] ?? '').replace(/:$/, ''),
    );
  }
  const found = scalarsOf(content);
  const expected = scalarsOf(parse(isBootstrapped(path, found) ? bootstrapped(path, wanted) : wanted));
  const row = (name: string, at: Path, value: Scalar | null, now: Scalar | null): SettingRow => {
    const setting = shortName(name);
    return {
      ...about,
      setting,
      expected: value === null ? null : String(value),
      found: now === null ? null : String(now),
      meaning: MEANINGS.find(([ending]) => setting.endsWith(ending))?.[1] ?? '',
      mend: () => setField(file, at, value, mode),
    };
  };
  const rows: SettingRow[] = [];
  for (const [name, { path: at, value }] of expected) {
    const now = found.get(name)?.value;
    if (now === value || embedded(dir, host, path, found, name, value)) continue;
    if (/^tls(Cert|PrivateKey)File$/.test(name) && servesOwn(dir, host, found)) continue;
    rows.push(row(name, at, value, now ?? null));
  }
  for (const [name, { path: at, value }] of found) {
    if (expected.has(name) || value === false || USUAL_ADDITIONS.test(name)) continue;
    // Further clusters, users and contexts are nobody's business as long as the current one is the right one.
    if (/^(clusters|users|contexts)\.[1-9]/.test(name)) continue;
    if (
      name.endsWith('-data') &&
      embedded(dir, host, path, found, name.slice(0, -5), expected.get(name.slice(0, -5))?.value)
    )
      continue;
    rows.push(row(name, at, null, value));
  }
  return rows;
}

/** A kubelet that asked the cluster for its serving certificate, and has got it. */
function servesOwn(
  dir: string,
  host: string,
  found: ReadonlyMap<string, { readonly value: Scalar }>,
): boolean {
  const current = hostPath(dir, host, `${PLACES.kubelet}/kubelet-server-current.pem`);
  return found.get('serverTLSBootstrap')?.value === true && existsSync(current);
}

/** A kubelet that got its certificate with a token has written its kubeconfig by itself. */
function isBootstrapped(path: string, found: ReadonlyMap<string, { readonly value: Scalar }>): boolean {
  return path === CONFIG_PATHS.kubelet && found.get('current-context')?.value === 'default-context';
}

function bootstrapped(path: string, wanted: string): string {
  const pair = `${PLACES.kubelet}/kubelet-client-current.pem`;
  return bootstrappedKubeconfig(readKubeconfig(wanted, { file: path }), path, pair);
}

/** Whether a file that should be named is embedded in its place, byte for byte. */
function embedded(
  dir: string,
  host: string,
  kubeconfig: string,
  found: ReadonlyMap<string, { readonly value: Scalar }>,
  name: string,
  file: Scalar | undefined,
): boolean {
  const data = found.get(`${name}-data`)?.value;
  if (typeof data !== 'string' || typeof file !== 'string') return false;
  const path = posix.resolve(posix.dirname(kubeconfig), file);
  const there = readTextIfAny(hostPath(dir, host, path));
  return there !== null && there.trim() === Buffer.from(data, 'base64').toString('utf8').trim();
}

/** Every scalar of a YAML value, by its path. */
function scalarsOf(
  value: unknown,
  path: Path = [],
  into = new Map<string, { readonly path: Path; readonly value: Scalar }>(),
): ReadonlyMap<string, { readonly path: Path; readonly value: Scalar }> {
  if (typeof value === 'object' && value !== null) {
    const entries = Array.isArray(value) ? value.map((one, at) => [at, one] as const) : Object.entries(value);
    for (const [key, inner] of entries) scalarsOf(inner, [...path, key], into);
  } else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    into.set(path.join('.'), { path, value });
  }
  return into;
}

function setField(file: string, path: Path, value: Scalar | null, mode: number): void {
  const document = parseDocument(readTextIfAny(file) ?? '');
  if (value === null) document.deleteIn(path);
  else document.setIn(path, value);
  writeAtomic(file, document.toString({ lineWidth: 0 }), mode);
}

/** `clusters.0.cluster.server` -> `cluster.server`. */
function shortName(name: string): string {
  return name.replace(/^(?:clusters|users|contexts)\.0\.(?=(?:cluster|user|context)\.)/, '');
}

function ownerOf(host: string, path: string): string {
  switch (path) {
    case CONFIG_PATHS.kubectl:
      return 'kubectl';
    case CONFIG_PATHS.scheduler:
      return 'kube-scheduler';
    case CONFIG_PATHS.controllerManager:
      return 'kube-controller-manager';
    case CONFIG_PATHS.kubelet:
    case CONFIG_PATHS.kubeletConfig:
      return `kubelet@${host}`;
    default:
      return `kube-proxy@${host}`;
  }
}
