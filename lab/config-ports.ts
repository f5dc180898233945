/**
 * Ports stand in the real configuration files and nowhere else: read from there, and written there.
 */
import { join } from 'node:path';
import { isMap, isScalar, isSeq, parse, parseDocument } from 'yaml';
import { MODES, readTextIfAny, writeAtomic } from '../certs/files.ts';
import { hostPath } from '../certs/hosts.ts';
import { readManifest, setManifestFlag } from '../components/manifest.ts';
import { CONFIG_PATHS } from './config-files.ts';
import type { Ports } from './ports.ts';

/** The ports that the files say; one is missing where its file cannot be read. */
export function readPorts(dir: string, workers: readonly string[]): Partial<Ports> {
  const apiserver = flagPort(dir, 'kube-apiserver', 'secure-port');
  const etcd = flagPort(dir, 'etcd', 'listen-client-urls');
  const kubelets: Record<string, number> = {};
  for (const worker of workers) {
    const port = kubeletPort(dir, worker);
    if (port !== undefined) kubelets[worker] = port;
  }
  return {
    ...(apiserver === undefined ? {} : { apiserver }),
    ...(etcd === undefined ? {} : { etcd }),
    kubelets,
  };
}

/**
 * Write ports into the manifests, kubelet configs and kubeconfigs, keeping everything else that stands there.
 * A file that is missing is passed over.
 * @throws LabError MANIFEST_INVALID when a file cannot be edited
 */
export function writePorts(dir: string, workers: readonly string[], ports: Ports): void {
  const etcdUrl = `https://127.0.0.1:${ports.etcd}`;
  setManifestFlag(manifest(dir, 'etcd'), 'listen-client-urls', etcdUrl);
  setManifestFlag(manifest(dir, 'etcd'), 'advertise-client-urls', etcdUrl);
  setManifestFlag(manifest(dir, 'kube-apiserver'), 'etcd-servers', etcdUrl);
  setManifestFlag(manifest(dir, 'kube-apiserver'), 'secure-port', String(ports.apiserver));
  for (const [host, path] of [
    ['laptop', CONFIG_PATHS.kubectl],
    ['control-plane', CONFIG_PATHS.scheduler],
    ['control-plane', CONFIG_PATHS.controllerManager],
    ...workers.flatMap((worker) => [
      [worker, CONFIG_PATHS.kubelet],
      [worker, CONFIG_PATHS.kubeProxy],
    ]),
  ]) {
    setServer(hostPath(dir, host ?? '', path ?? ''), ports.apiserver);
  }
  for (const worker of workers) {
    const file = hostPath(dir, worker, CONFIG_PATHS.kubeletConfig);
    const text = readTextIfAny(file);
    const port = ports.kubelets[worker];
    if (text === null || port === undefined) continue;
    const document = parseDocument(text);
    document.set('port', port);
    writeAtomic(file, document.toString({ lineWidth: 0 }), MODES.public);
  }
}

function manifest(dir: string, pod: string): string {
  return join(hostPath(dir, 'control-plane', CONFIG_PATHS.manifests), `${pod}.yaml`);
}

function flagPort(dir: string, pod: string, flag: string): number | undefined {
  try {
    const words = readManifest(manifest(dir, pod)).argv.filter((word) => word.startsWith(`--${flag}=`));
    const digits = /(\d+)\/?$/.exec(words.at(-1) ?? '')?.[1];
    return digits === undefined ? undefined : Number(digits);
  } catch {
    return undefined;
  }
}

function kubeletPort(dir: string, worker: string): number | undefined {
  const text = readTextIfAny(hostPath(dir, worker, CONFIG_PATHS.kubeletConfig));
  // The plain spelling first: parsing a thousand files takes seconds.
  const plain = /^port: (\d+)$/m.exec(text ?? '')?.[1];
  if (plain !== undefined) return Number(plain);
  try {
    const config: unknown = parse(text ?? '');
    const port = typeof config === 'object' && config !== null && 'port' in config ? config.port : undefined;
    return typeof port === 'number' ? port : undefined;
  } catch {
    return undefined;
  }
}

/** Set the port of every cluster that is dialled at loopback. */
function setServer(file: string, port: number): void {
  const text = readTextIfAny(file);
  if (text === null) return;
  const document = parseDocument(text);
  const clusters = document.get('clusters', true);
  if (!isSeq(clusters)) return;
  for (const entry of clusters.items) {
    if (!isMap(entry)) continue;
    const server = entry.getIn(['cluster', 'server'], true);
    if (isScalar(server) && typeof server.value === 'string')
      server.value = server.value.replace(
        /^(https:\/\/(?:127\.0\.0\.1|localhost|\[::1\])):\d+/,
        `$1:${port}`,
      );
  }
  writeAtomic(file, document.toString({ lineWidth: 0 }), MODES.key);
}
