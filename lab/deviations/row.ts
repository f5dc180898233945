/** One setting that is not as `init` would write it. */
import { relative } from 'node:path';

/** A setting, where it stands, and the way back. */
export interface SettingRow {
  /** Whose setting it is: `kube-apiserver`, `kubelet@worker-1`; a host, for a key that lies about. */
  readonly instance: string;
  /** The folder under hosts/; `desk` for lab.yaml. */
  readonly place: string;
  /** Absolute. */
  readonly file: string;
  /** `--tls-min-version`, `cluster.server`, `tlsMaxVersion`. */
  readonly setting: string;
  /** null: `init` does not set it. */
  readonly expected: string | null;
  /** null: it is not there. */
  readonly found: string | null;
  /** What follows from it; empty when the values say enough. */
  readonly meaning: string;
  /** In place of a sentence made of the values. */
  readonly says?: string;
  /** Put it right in its file, keeping everything else that stands there. */
  readonly mend: () => void;
}

/** One sentence: the setting, both values, what follows, and the file. */
export function sentenceOf(row: SettingRow, dir: string): string {
  const { instance, file, setting, expected, found, meaning } = row;
  const values =
    row.says ??
    (found === null
      ? `${setting} is missing, should be ${expected}`
      : expected === null
        ? `${setting} is ${found}, init sets none`
        : `${setting} is ${found}, should be ${expected}`);
  return `${instance}: ${values}${meaning === '' ? '' : `: ${meaning}`} (${inDirectory(file, dir)})`;
}

/** What to do about it: the command, or the edit by hand. */
export function wayBack({ instance, setting, expected, says }: SettingRow): string {
  const edit =
    says !== undefined
      ? ''
      : expected === null
        ? `, or remove ${setting} there`
        : `, or write ${setting}${setting.startsWith('--') ? '=' : ': '}${expected} there`;
  return `npx mtls-lab fix ${instance}${edit}`;
}

/** Relative to DIR, with `/`. */
export function inDirectory(file: string, dir: string): string {
  return relative(dir, file).replaceAll('\\', '/');
}
