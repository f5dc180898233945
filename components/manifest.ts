/**
 * Static-pod manifests: the components' configuration, as a kubelet would run it.
 *
 * A manifest is a Pod with one container whose `command` is the program and its real flags. Written as kubeadm
 * writes them; read with errors that name the file, the line and the fix; edited without losing comments.
 */
import { readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, parseDocument, stringify, type YAMLError } from 'yaml';
import { LabError } from '../certs/errors.ts';
import { MODES, unreadable, writeAtomic } from '../certs/files.ts';

/** A manifest that was read. */
export interface Manifest {
  /** metadata.name: `kube-apiserver`. */
  readonly name: string;
  /** First word of the command: `kube-apiserver`. */
  readonly program: string;
  /** The rest: real flags. */
  readonly argv: readonly string[];
}

/** What `buildManifest` needs. */
export interface ManifestContent {
  readonly name: string;
  readonly image: string;
  readonly argv: readonly string[];
  /** Folders (`/`-ended) and files of the host that the pod sees, by volume name. */
  readonly mounts: Readonly<Record<string, { readonly path: string; readonly type: HostPathType }>>;
  readonly probe?: { readonly port: number; readonly path: string };
}

/** Kubernetes' hostPath types that kubeadm uses. */
export type HostPathType = 'DirectoryOrCreate' | 'FileOrCreate';

/**
 * The text of a manifest.
 * @see kubeadm cmd/kubeadm/app/phases/controlplane/manifests.go; util/staticpod/utils.go, ComponentPod
 */
export function buildManifest(content: ManifestContent): string {
  const mounts = Object.entries(content.mounts);
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        labels: { component: content.name, tier: 'control-plane' },
        name: content.name,
        namespace: 'kube-system',
      },
      spec: {
        containers: [
          {
            command: [content.name, ...content.argv],
            image: content.image,
            imagePullPolicy: 'IfNotPresent',
            ...(content.probe === undefined
              ? {}
              : {
                  livenessProbe: {
                    httpGet: {
                      host: '127.0.0.1',
                      path: content.probe.path,
                      port: content.probe.port,
                      scheme: 'HTTPS',
                    },
                  },
                }),
            name: content.name,
            volumeMounts: mounts.map(([name, { path }]) => ({ mountPath: path, name, readOnly: true })),
          },
        ],
        hostNetwork: true,
        priorityClassName: 'system-node-critical',
        volumes: mounts.map(([name, { path, type }]) => ({ hostPath: { path, type }, name })),
      },
    },
    { lineWidth: 0 },
  );
}

/**
 * Read a manifest's text.
 * @param file  the path on this computer, for messages
 * @throws      LabError MANIFEST_INVALID with file, line and fix
 */
export function parseManifest(text: string, file: string): Manifest {
  const root = parseRoot(text, file);
  const wrong = (line: number, what: string, fix: string): never => invalid(file, line, what, fix);
  const { document, lineOf } = root;
  const kind = document.get('kind');
  if (kind !== 'Pod')
    wrong(lineOf(document.get('kind', true)), `kind is ${show(kind)}, not Pod`, 'write kind: Pod');
  const name = document.getIn(['metadata', 'name']);
  if (typeof name !== 'string' || name === '')
    return wrong(
      1,
      'metadata.name is missing',
      'write metadata: {name: kube-apiserver}, the component’s name',
    );
  const containers = document.getIn(['spec', 'containers'], true);
  if (!isSeq(containers) || containers.items.length === 0)
    return wrong(
      lineOf(containers),
      'spec.containers is not a list with a container in it',
      'put the container back under spec.containers',
    );
  const command = document.getIn(['spec', 'containers', 0, 'command'], true);
  if (!isSeq(command) || command.items.length === 0)
    return wrong(
      lineOf(command),
      'spec.containers[0].command is not a list',
      'write the program and each flag as one list item: - --name=value',
    );
  const words = command.items.map((item) => {
    if (isScalar(item) && ['string', 'number', 'boolean'].includes(typeof item.value))
      return typeof item.value === 'string' ? item.value : (item.source ?? String(item.value));
    return wrong(
      lineOf(item),
      'a flag is not plain text',
      'write - --name=value, without a space after the "=" or a colon and a space',
    );
  });
  return { name, program: words[0] ?? '', argv: words.slice(1) };
}

/**
 * Read a manifest file.
 * @throws LabError FILE_MISSING, FILE_UNREADABLE, MANIFEST_INVALID
 */
export function readManifest(file: string): Manifest {
  try {
    return parseManifest(readFileSync(file, 'utf8'), file);
  } catch (error) {
    throw error instanceof LabError ? error : unreadable(file, error);
  }
}

/**
 * Set one flag in a manifest file, keeping everything else as it stands, comments too.
 * @param name   without dashes: `secure-port`
 * @param value  null removes the flag
 * @throws       LabError as `readManifest`, DIR_UNWRITABLE
 */
export function setManifestFlag(file: string, name: string, value: string | null): void {
  // Reading it so says which file is missing, or cannot be read.
  readManifest(file);
  const before = readFileSync(file, 'utf8');
  const after = withManifestFlag(before, file, name, value);
  if (after !== before) writeAtomic(file, after, MODES.key);
}

/**
 * The text of a manifest with one flag set or removed; the same text when it is so already.
 * @param file  for messages
 * @throws      LabError MANIFEST_INVALID
 */
export function withManifestFlag(text: string, file: string, name: string, value: string | null): string {
  const { argv } = parseManifest(text, file);
  const { document } = parseRoot(text, file);
  const path = ['spec', 'containers', 0, 'command'];
  const at = argv.findIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  const word = `--${name}=${value}`;
  if (at < 0 ? value === null : argv[at] === word) return text;
  if (at < 0) document.addIn(path, word);
  else if (value === null) document.deleteIn([...path, at + 1]);
  else document.setIn([...path, at + 1], word);
  return document.toString({ lineWidth: 0 });
}

function parseRoot(text: string, file: string) {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const error: YAMLError | undefined = document.errors[0];
  if (error) {
    return invalid(
      file,
      error.linePos?.[0].line ?? 1,
      `not valid YAML: ${error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? ''}`,
      'mend the indentation or the quotes there; lists need "- " and keys "name: value"',
    );
  }
  if (!isMap(document.contents))
    return invalid(
      file,
      1,
      text.trim() === '' ? 'the file is empty' : 'not a mapping',
      'put the manifest back',
    );
  const lineOf = (node: unknown): number => {
    const range = (node as { range?: readonly number[] | null } | null | undefined)?.range;
    return range?.[0] === undefined ? 1 : lines.linePos(range[0]).line;
  };
  return { document, lineOf };
}

function invalid(file: string, line: number, what: string, fix: string): never {
  throw new LabError('MANIFEST_INVALID', {
    what: `${file}:${line}: ${what}`,
    fix: `edit ${file}, line ${line}: ${fix}`,
  });
}

function show(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value);
}
