/**
 * The file under a kubeconfig: YAML in, top-level fields out, with client-go's words where it is none.
 */
import { parseDocument } from 'yaml';
import { LabError } from './errors.ts';

/** A mapping whose values are not looked at yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** A kubeconfig that cannot be used: in client-go's words, with the file and the fix beside them. */
export class KubeconfigError extends LabError {
  /** client-go's own text. */
  readonly goText: string;
  /** The line that kubectl ends with. */
  readonly kubectlText: string;

  constructor(
    file: string,
    goText: string,
    details: { fix: string; why?: string; kubectlText?: string; cause?: unknown },
  ) {
    super('KUBECONFIG_INVALID', {
      what: goText.includes(file) ? goText : `${file}: ${goText}`,
      fix: details.fix,
      ...(details.why === undefined ? {} : { why: details.why }),
      cause: details.cause,
    });
    this.name = 'KubeconfigError';
    this.goText = goText;
    this.kubectlText = details.kubectlText ?? `error: ${goText}`;
  }
}

/** True for a text that is a kubeconfig, whole or broken. */
export function looksLikeKubeconfig(source: string): boolean {
  return (
    /^\s*["']?(clusters|contexts|current-context|users)["']?\s*:/m.test(source) &&
    !source.includes('-----BEGIN')
  );
}

/**
 * Read a kubeconfig's YAML as far as its shape goes.
 * @returns the top-level fields; empty for an empty file
 * @throws  KubeconfigError in the words of client-go's decoder
 */
export function loadKubeconfig(source: string, file: string): Fields {
  const wrong = (text: string, fix: string): KubeconfigError =>
    new KubeconfigError(file, `error loading config file "${file}": ${text}`, {
      fix: `edit ${file}: ${fix}`,
    });
  const document = parseDocument(source, { uniqueKeys: false, logLevel: 'silent' });
  const error = document.errors[0];
  if (error) {
    const line = error.linePos?.[0].line ?? 1;
    const words = /tab/i.test(error.message)
      ? 'found a tab character that violates indentation'
      : (error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
    throw wrong(`yaml: line ${line}: ${words}`, `mend line ${line}`);
  }
  const config: unknown = aliasesBounded(() => document.toJS({ maxAliasCount: 20 }), wrong);
  if (config === null || config === undefined) return {};
  if (!isFields(config)) {
    const kind = Array.isArray(config) ? 'array' : typeof config;
    throw wrong(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${kind} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
      'a kubeconfig begins with apiVersion: v1 and kind: Config',
    );
  }
  const version = text(config['apiVersion']) ?? 'v1';
  const kind = text(config['kind']) ?? 'Config';
  if (version !== 'v1' || kind !== 'Config') {
    throw wrong(
      `no kind "${kind}" is registered for version "${version}" in scheme "k8s.io/client-go/tools/clientcmd/api/latest/latest.go:50"`,
      'write apiVersion: v1 and kind: Config',
    );
  }
  for (const [list, type] of [
    ['clusters', 'NamedCluster'],
    ['users', 'NamedAuthInfo'],
    ['contexts', 'NamedContext'],
  ] as const) {
    const value = config[list];
    if (value !== undefined && value !== null && !Array.isArray(value))
      throw wrong(
        `json: cannot unmarshal ${isFields(value) ? 'object' : typeof value} into Go struct field Config.${list} of type []v1.${type}`,
        `make ${list}: a list: - name: …`,
      );
  }
  for (const entry of list(config['clusters'])) {
    const flag = isFields(entry['cluster']) ? entry['cluster']['insecure-skip-tls-verify'] : undefined;
    if (flag !== undefined && flag !== null && typeof flag !== 'boolean')
      throw wrong(
        `json: cannot unmarshal ${typeof flag} into Go struct field Cluster.clusters.cluster.insecure-skip-tls-verify of type bool`,
        'write insecure-skip-tls-verify: true or false, without quotes',
      );
  }
  return config;
}

function aliasesBounded(read: () => unknown, wrong: (text: string, fix: string) => KubeconfigError): unknown {
  try {
    return read();
  } catch {
    throw wrong('yaml: document contains excessive aliasing', 'write values out instead of aliases');
  }
}

/** The entry of that name in a list of `{ name, <field>: {…} }`; empty fields when it has none. */
export function named(value: unknown, name: string, field: string): Fields | undefined {
  const entry = list(value).find((each) => each['name'] === name);
  if (!entry) return undefined;
  const fields = entry[field];
  return isFields(fields) ? fields : {};
}

/** All names of a list. */
export function namesOf(value: unknown): string[] {
  return list(value).flatMap((entry) => text(entry['name']) ?? []);
}

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text with something in it. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
