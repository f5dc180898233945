/**
 * With which command line an instance starts, read from its host each time: the static-pod manifest on the
 * control plane, the service's usual flags on a worker.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isLabError, LabError, messageOf } from '../certs/errors.ts';
import { readText } from '../certs/files.ts';
import { PLACES } from '../certs/identities.ts';
import type { ComponentName } from '../components/component.ts';
import type { Host } from '../components/host.ts';
import { type Manifest, parseManifest } from '../components/manifest.ts';
import { CONFIG_PATHS } from './config-files.ts';
import type { Plan } from './supervisor.ts';
import type { Instance } from './topology.ts';

/**
 * Folders of each program whose changes concern it: a changed configuration restarts it, any changed file lets it
 * try again when it could not start.
 */
const FOLDERS = {
  etcd: [CONFIG_PATHS.manifests, PLACES.kubernetes],
  'kube-apiserver': [CONFIG_PATHS.manifests, PLACES.kubernetes],
  'kube-scheduler': [CONFIG_PATHS.manifests, PLACES.kubernetes, '/etc/kubernetes'],
  'kube-controller-manager': [CONFIG_PATHS.manifests, PLACES.kubernetes, '/etc/kubernetes'],
  kubelet: ['/var/lib/kubelet', PLACES.kubelet, PLACES.kubernetes, '/etc/kubernetes'],
  'kube-proxy': ['/var/lib/kube-proxy', PLACES.kubeProxy, PLACES.kubernetes],
  kubectl: ['/.kube', PLACES.laptop],
} as const satisfies Record<ComponentName, readonly string[]>;

/** The configuration of an instance as it is on disk now. */
export function planOf({ component, host: name, id }: Instance, host: Host): Plan {
  try {
    switch (component) {
      case 'kubelet':
        return service(host, CONFIG_PATHS.kubeletConfig, [
          // kubeadm's service always has this flag: a kubelet whose certificate has ended then does not even start.
          ...(existsSync(host.path(CONFIG_PATHS.kubeletBootstrap))
            ? [`--bootstrap-kubeconfig=${CONFIG_PATHS.kubeletBootstrap}`]
            : []),
          `--kubeconfig=${CONFIG_PATHS.kubelet}`,
          `--config=${CONFIG_PATHS.kubeletConfig}`,
          `--hostname-override=${name}`,
        ]);
      case 'kube-proxy':
        return service(host, CONFIG_PATHS.kubeProxyConfig, [
          `--config=${CONFIG_PATHS.kubeProxyConfig}`,
          `--hostname-override=${name}`,
        ]);
      case 'kubectl':
        return { kind: 'run', argv: [`--kubeconfig=${CONFIG_PATHS.kubectl}`], fingerprint: '' };
      default:
        return staticPod(host, component, id);
    }
  } catch (error) {
    const why = isLabError(error) ? error : new LabError('FILE_UNREADABLE', { what: messageOf(error) });
    return { kind: 'bad', why };
  }
}

/** Folders, inside the host, whose changes concern an instance. */
export function foldersOf(instance: Instance): readonly string[] {
  return FOLDERS[instance.component];
}

/** What systemd or the DaemonSet starts: fixed flags and a configuration file. */
function service(host: Host, config: string, argv: readonly string[]): Plan {
  return { kind: 'run', argv, fingerprint: hash([readText(host.path(config)), ...argv].join('\n')) };
}

/**
 * The manifest of a program. As a kubelet does, every file in the folder counts whose name does not begin with a
 * dot, whatever its ending: a copy kept there as `kube-apiserver.yaml.bak` is a second manifest.
 * @see k8s pkg/kubelet/config/file.go, extractFromDir
 */
function staticPod(host: Host, component: ComponentName, id: string): Plan {
  const folder = host.path(CONFIG_PATHS.manifests);
  const usual = `${component}.yaml`;
  const found: { name: string; manifest: Manifest; text: string }[] = [];
  let broken: LabError | undefined;
  for (const name of manifestNames(folder)) {
    const file = join(folder, name);
    try {
      const text = readText(file);
      // Most files are about another component: no need to parse them.
      if (name !== usual && !text.includes(component)) continue;
      const manifest = parseManifest(text, file);
      if (manifest.program === component) found.push({ name, manifest, text });
    } catch (error) {
      if (!isLabError(error)) throw error;
      if (name === usual) broken = error;
    }
  }
  const chosen = found.find(({ name }) => name === usual) ?? found[0];
  if (chosen) return { kind: 'run', argv: chosen.manifest.argv, fingerprint: hash(chosen.text) };
  if (broken) return { kind: 'bad', why: broken };
  return {
    kind: 'absent',
    why: new LabError('FILE_MISSING', {
      what: `${id} has no manifest: ${join(folder, usual)} is not there`,
      why: 'A kubelet runs the static pods whose manifests lie in this folder, and stops those whose manifest goes.',
      fix: `move ${usual} back into ${folder}`,
    }),
  };
}

function manifestNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter(
        (name) => !name.startsWith('.') && statSync(join(folder, name), { throwIfNoEntry: false })?.isFile(),
      )
      .sort();
  } catch {
    return [];
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
