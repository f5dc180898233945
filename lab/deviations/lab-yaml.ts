/** lab.yaml: what no real flag can say, and who knocks without wanting anything. */
import { join } from 'node:path';
import { isMap, parseDocument } from 'yaml';
import { MODES, readText, writeAtomic } from '../../certs/files.ts';
import { type LabDirectory, settingsOf } from '../directory.ts';
import type { SettingRow } from './row.ts';

/** Settings that `init` does not write. */
const MEANINGS = {
  tlsMaxVersion: 'it speaks nothing newer',
  tlsMinVersion: 'it speaks nothing older',
  ciphers: 'peers that share none of them are refused, alert 40',
  alertProfile: 'refusals send OpenSSL’s alerts, not those of a cluster',
} as const;

/** Every setting of lab.yaml that makes a connection other than usual. */
export function labYamlRows(directory: LabDirectory): SettingRow[] {
  const { dir, settings, noise } = directory;
  const file = join(dir, 'lab.yaml');
  const about = { place: 'desk', file } as const;
  const drop = (path: readonly string[]) => (): void => remove(file, path);
  return [
    ...Object.entries(settings).flatMap(([instance, own]) =>
      (Object.keys(MEANINGS) as (keyof typeof MEANINGS)[]).flatMap((setting): SettingRow[] => {
        const found = own[setting];
        if (found === undefined || (setting === 'alertProfile' && found === 'go')) return [];
        return [
          {
            ...about,
            instance,
            setting,
            expected: null,
            found,
            meaning: MEANINGS[setting],
            mend: drop(['components', instance, setting]),
          },
        ];
      }),
    ),
    ...modeRows(directory, file),
    ...Object.entries(noise)
      .filter(([, kinds]) => kinds.length > 0)
      .map(
        ([instance, kinds]): SettingRow => ({
          ...about,
          instance,
          setting: 'noise',
          expected: null,
          found: kinds.join(', '),
          meaning: 'harmless lines in its log',
          mend: drop(['noise', instance]),
        }),
      ),
  ];
}

/** Servers that only ask for a client certificate while others demand one. */
function modeRows(directory: LabDirectory, file: string): SettingRow[] {
  const servers = ['kube-apiserver', ...directory.workers.map((worker) => `kubelet@${worker}`)];
  const asking = servers.filter((server) => settingsOf(directory, server).clientAuth === 'request');
  if (asking.length === 0 || asking.length === servers.length) return [];
  return asking.map((instance) => ({
    instance,
    place: 'desk',
    file,
    setting: 'clientAuth',
    expected: 'require',
    found: 'request',
    meaning: 'it only asks for a client certificate, and others demand one',
    mend: () => set(file, ['components', instance, 'clientAuth'], 'require'),
  }));
}

function set(file: string, path: readonly string[], value: string): void {
  const document = parseDocument(readText(file));
  document.setIn(path, value);
  writeAtomic(file, document.toString({ lineWidth: 0 }), MODES.public);
}

/** Remove a value, and what it leaves empty. */
function remove(file: string, path: readonly string[]): void {
  const document = parseDocument(readText(file));
  document.deleteIn(path);
  for (let above = path.slice(0, -1); above.length > 0; above = above.slice(0, -1)) {
    const node = document.getIn(above, true);
    if (isMap(node) && node.items.length === 0) document.deleteIn(above);
  }
  writeAtomic(file, document.toString({ lineWidth: 0 }), MODES.public);
}
