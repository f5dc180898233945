/**
 * The one exception to "the CA's key never leaves its folder": kube-controller-manager signs approved certificate
 * signing requests when its flags name the CA's key, as in every stock cluster. Off unless a user switches it on.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MODES, readText, writeAtomic } from '../certs/files.ts';
import { hostPath } from '../certs/hosts.ts';
import { fileNames, PLACES } from '../certs/identities.ts';
import { readManifest, setManifestFlag } from '../components/manifest.ts';
import { CONFIG_PATHS } from './config-files.ts';
import type { LabDirectory } from './directory.ts';

/** Where things stand, and where they lie. */
export interface ClusterSigning {
  readonly on: boolean;
  /** On this computer: the CA's key in its folder, its copy on the control plane, the manifest. */
  readonly key: string;
  readonly copy: string;
  readonly manifest: string;
  /** The flags that the manifest has, or is to have. */
  readonly flags: readonly (readonly [name: string, value: string])[];
}

/** Read whether the controller manager signs. */
export function readClusterSigning({ dir, choices }: LabDirectory): ClusterSigning {
  const { cert, key } = fileNames('ca', choices.names, 'ca');
  const copy = hostPath(dir, 'control-plane', `${PLACES.kubernetes}/${key}`);
  const folder = hostPath(dir, 'control-plane', CONFIG_PATHS.manifests);
  const manifest = join(folder, 'kube-controller-manager.yaml');
  const flag = '--cluster-signing-key-file=';
  return {
    on: existsSync(copy) && readManifest(manifest).argv.some((word) => word.startsWith(flag)),
    key: join(dir, 'pki', key),
    copy,
    manifest,
    flags: [
      ['cluster-signing-cert-file', `${PLACES.kubernetes}/${cert}`],
      ['cluster-signing-key-file', `${PLACES.kubernetes}/${key}`],
    ],
  };
}

/**
 * Switch it on (key first, then the flags that name it) or off (the other way round). A running controller manager
 * starts again with its new flags.
 * @throws LabError FILE_MISSING, MANIFEST_INVALID, DIR_UNWRITABLE
 */
export function setClusterSigning(directory: LabDirectory, on: boolean): ClusterSigning {
  const { key, copy, manifest, flags } = readClusterSigning(directory);
  if (on) writeAtomic(copy, readText(key), MODES.key);
  for (const [name, value] of flags) setManifestFlag(manifest, name, on ? value : null);
  if (!on) rmSync(copy, { force: true });
  return readClusterSigning(directory);
}
