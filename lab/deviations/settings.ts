/** Every setting of a directory that is not as `init` would write it, however it came about, and the way back. */
import { readTextIfAny } from '../../certs/files.ts';
import { hostPath } from '../../certs/hosts.ts';
import { CONFIG_PATHS } from '../config-files.ts';
import type { LabDirectory } from '../directory.ts';
import type { Ports } from '../ports.ts';
import { configRows } from './configs.ts';
import { strayKeys } from './keys.ts';
import { labYamlRows } from './lab-yaml.ts';
import { manifestRows } from './manifests.ts';
import type { SettingRow } from './row.ts';

/** All of them, in the order of the files. */
export function settingRows(directory: LabDirectory): readonly SettingRow[] {
  const ports = portsOf(directory);
  return [
    ...labYamlRows(directory),
    ...manifestRows(directory, ports),
    ...configRows(directory, ports),
    ...strayKeys(directory),
  ];
}

/**
 * The ports as they stand in the servers' own files. A server whose file is gone is asked of its clients.
 */
function portsOf({ dir, ports, workers }: LabDirectory): Ports {
  return {
    apiserver:
      ports.apiserver ??
      portIn(dir, 'control-plane', CONFIG_PATHS.scheduler, /server: https?:\/\/[^\s:]+:(\d+)/) ??
      6443,
    etcd:
      ports.etcd ??
      portIn(
        dir,
        'control-plane',
        `${CONFIG_PATHS.manifests}/kube-apiserver.yaml`,
        /--etcd-servers=https?:\/\/[^\s:]+:(\d+)/,
      ) ??
      2379,
    kubelets: Object.fromEntries(
      workers.map((worker, at) => [worker, ports.kubelets?.[worker] ?? 10_250 + at]),
    ),
  };
}

function portIn(dir: string, host: string, path: string, pattern: RegExp): number | undefined {
  const digits = pattern.exec(readTextIfAny(hostPath(dir, host, path)) ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}
