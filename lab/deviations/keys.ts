/** Private keys where they do not belong: a copied ca.key, the administrator's key on a worker. */
import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { deskFiles } from '../../certs/desk.ts';
import { isLabError } from '../../certs/errors.ts';
import { readTextIfAny } from '../../certs/files.ts';
import { hostPath, plannedCopies } from '../../certs/hosts.ts';
import { identities, PLACES } from '../../certs/identities.ts';
import { readManifest } from '../../components/manifest.ts';
import { CONFIG_PATHS } from '../config-files.ts';
import type { LabDirectory } from '../directory.ts';
import type { SettingRow } from './row.ts';

const FOLDERS = [...Object.values(PLACES), '/etc/kubernetes', '/.kube'] as const;
const KEY_NAME = /(\.key|-key\.pem)$/;

/** Every copy of one of the desk's keys that `init` would not have put there. */
export function strayKeys(directory: LabDirectory): SettingRow[] {
  const { dir, choices, hosts } = directory;
  const all = identities(choices);
  const planned = new Set(plannedCopies(dir, all).map(({ to }) => to));
  let known: ReadonlyMap<string, string> | undefined;
  return hosts.flatMap(({ name: host }) =>
    FOLDERS.flatMap((folder) =>
      keysIn(hostPath(dir, host, folder)).flatMap((file): SettingRow[] => {
        if (planned.has(file) || file === signingKey(dir)) return [];
        known ??= new Map(all.map((identity) => [hashOf(deskFiles(dir, identity).key), identity.id]));
        const whose = known.get(hashOf(file));
        if (whose === undefined || hashOf(file) === '') return [];
        const forger = all.find(({ id }) => id === whose)?.kind === 'ca';
        return [
          {
            instance: host,
            place: host,
            file,
            setting: 'private key',
            expected: null,
            found: whose,
            says: `the private key of ${whose} lies here`,
            meaning: forger
              ? 'whoever reads it signs himself any certificate'
              : `whoever reads it, and has the certificate, is ${whose}`,
            mend: () => rmSync(file, { force: true }),
          },
        ];
      }),
    ),
  );
}

/** The one place where a user may have put the CA's key. */
function signingKey(dir: string): string | undefined {
  try {
    const manifest = hostPath(dir, 'control-plane', `${CONFIG_PATHS.manifests}/kube-controller-manager.yaml`);
    const flag = readManifest(manifest).argv.find((word) => word.startsWith('--cluster-signing-key-file='));
    return flag && hostPath(dir, 'control-plane', flag.slice('--cluster-signing-key-file='.length));
  } catch (error) {
    if (!isLabError(error)) throw error;
    return undefined;
  }
}

function keysIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => KEY_NAME.test(name))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** SHA-256 of a file's text; empty when it cannot be read. */
function hashOf(file: string): string {
  try {
    const text = readTextIfAny(file);
    return text === null ? '' : createHash('sha256').update(text.trim()).digest('hex');
  } catch {
    return '';
  }
}
