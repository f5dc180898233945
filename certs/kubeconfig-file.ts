/**
 * The file under a kubeconfig: YAML in, top-level fields out, with client-go's words where it is none.
 */
import { parseDocument } from 'yaml';
import { LabError } from './errors.ts';

/** A mapping whose values are not looked at yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** The typed fields of each list, by Go's struct names (client-go tools/clientcmd/api/v1/types.go). */
const STRUCTS = {
  clusters: {
    struct: 'Cluster.clusters.cluster',
    inner: 'cluster',
    fields: {
      server: 'string',
      'tls-server-name': 'string',
      'insecure-skip-tls-verify': 'boolean',
      'certificate-authority': 'string',
      'certificate-authority-data': 'string',
      'proxy-url': 'string',
    },
  },
  users: {
    struct: 'AuthInfo.users.user',
    inner: 'user',
    fields: {
      'client-certificate': 'string',
      'client-certificate-data': 'string',
      'client-key': 'string',
      'client-key-data': 'string',
      token: 'string',
      tokenFile: 'string',
      username: 'string',
      password: 'string',
    },
  },
  contexts: {
    struct: 'Context.contexts.context',
    inner: 'context',
    fields: { cluster: 'string', user: 'string', namespace: 'string' },
  },
} as const;

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
  const document = parseDocument(source, {
    // Go's reader speaks YAML 1.1: yes and n are booleans, and a key may stand twice.
    version: '1.1',
    uniqueKeys: false,
    logLevel: 'silent',
  });
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
  for (const [name, { struct, inner, fields }] of Object.entries(STRUCTS)) {
    for (const entry of list(config[name])) checkTypes(entry[inner], struct, fields, wrong);
  }
  return config;
}

/** Go refuses a value of another type; absent and null are fine. */
function checkTypes(
  value: unknown,
  struct: string,
  fields: Readonly<Record<string, 'string' | 'boolean'>>,
  wrong: (text: string, fix: string) => KubeconfigError,
): void {
  if (!isFields(value)) return;
  for (const [field, type] of Object.entries(fields)) {
    const given = value[field];
    if (given === undefined || given === null || typeof given === type) continue;
    const goType = { boolean: 'bool', object: Array.isArray(given) ? 'array' : 'object' }[
      typeof given as string
    ];
    throw wrong(
      `json: cannot unmarshal ${goType ?? typeof given} into Go struct field ${struct}.${field} of type ${type === 'boolean' ? 'bool' : 'string'}`,
      type === 'boolean' ? `write ${field}: true or false` : `put the value of ${field} into quotes`,
    );
  }
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
