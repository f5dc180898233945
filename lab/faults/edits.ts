/** Wrong settings for the hosts: edits of manifests, kubeconfigs, kubelet configs and lab.yaml. Made twice, they change no more than once. */
import { join, posix } from 'node:path';
import { type Document, isMap, isSeq, parseDocument } from 'yaml';
import { MODES, readTextIfAny } from '../../certs/files.ts';
import { hostPath } from '../../certs/hosts.ts';
import { withManifestFlag } from '../../components/manifest.ts';
import { CONFIG_PATHS, type StaticPod } from '../config-files.ts';
import type { Noise } from '../directory.ts';
import { instancesOf } from '../topology.ts';
import type { ChangeContext, FileChange, Scope } from './fault.ts';
import { inDir } from './mint.ts';

/** The kubeconfig of each client of the API server. */
const KUBECONFIGS: Readonly<Record<string, string>> = {
  kubectl: CONFIG_PATHS.kubectl,
  'kube-scheduler': CONFIG_PATHS.scheduler,
  'kube-controller-manager': CONFIG_PATHS.controllerManager,
  kubelet: CONFIG_PATHS.kubelet,
  'kube-proxy': CONFIG_PATHS.kubeProxy,
};

/** Every program that has a kubeconfig, by instance id. */
export function kubeconfigClients({ workers }: Pick<Scope, 'workers'>): readonly string[] {
  return instancesOf(workers)
    .filter(({ component }) => component in KUBECONFIGS)
    .map(({ id }) => id);
}

/** Set or remove flags in a static pod's manifest. */
export function manifestEdit(
  { directory }: ChangeContext,
  pod: StaticPod,
  flags: Readonly<Record<string, string | null>>,
): FileChange {
  const path = manifestPath(directory.dir, pod);
  return {
    path,
    edit: (text) =>
      Object.entries(flags).reduce((now, [name, value]) => withManifestFlag(now, path, name, value), text),
  };
}

/** Move a static pod's manifest out of the folder, where it stops nothing and starts nothing. */
export function manifestMoved({ directory }: ChangeContext, pod: StaticPod): readonly FileChange[] {
  const path = manifestPath(directory.dir, pod);
  const content = readTextIfAny(join(directory.dir, path));
  if (content === null) return [{ path, vanish: true }];
  const outside = inDir(
    directory.dir,
    hostPath(directory.dir, 'control-plane', `/etc/kubernetes/${pod}.yaml`),
  );
  return [
    { path: outside, content, mode: MODES.key },
    { path, vanish: true },
  ];
}

/** Where a static pod's manifest lies, relative to DIR. */
export function manifestPath(dir: string, pod: StaticPod): string {
  return inDir(dir, hostPath(dir, 'control-plane', `${CONFIG_PATHS.manifests}/${pod}.yaml`));
}

/** Where an instance's kubeconfig lies, relative to DIR. */
export function kubeconfigPath(dir: string, instance: string): string {
  const [program = '', worker] = instance.split('@');
  const host = worker ?? (program === 'kubectl' ? 'laptop' : 'control-plane');
  return inDir(dir, hostPath(dir, host, KUBECONFIGS[program] ?? ''));
}

/** Fields of the first cluster and the first user of a kubeconfig; null removes one. */
export interface KubeconfigFields {
  readonly cluster?: Readonly<Record<string, string | boolean | null>>;
  readonly user?: Readonly<Record<string, string | null>>;
}

/** Change an instance's kubeconfig. */
export function kubeconfigEdit(
  { directory }: ChangeContext,
  instance: string,
  fields: (document: Document) => KubeconfigFields,
): FileChange {
  return {
    path: kubeconfigPath(directory.dir, instance),
    edit: (text) =>
      edited(text, (document) => {
        const { cluster = {}, user = {} } = fields(document);
        setAll(document, ['clusters', 0, 'cluster'], cluster);
        setAll(document, ['users', 0, 'user'], user);
      }),
  };
}

/** Change a worker's KubeletConfiguration. */
export function kubeletConfigEdit(
  { directory }: ChangeContext,
  worker: string,
  values: readonly { readonly path: readonly string[]; readonly value: unknown }[],
): FileChange {
  return {
    path: inDir(directory.dir, hostPath(directory.dir, worker, CONFIG_PATHS.kubeletConfig)),
    edit: (text) =>
      edited(text, (document) => {
        for (const { path, value } of values) {
          if (value === null) document.deleteIn(path);
          else document.setIn(path, value);
        }
      }),
  };
}

/** Change settings of one component in lab.yaml; null removes one. */
export function labYamlEdit(
  component: string,
  settings: Readonly<Record<string, string | null>>,
): FileChange {
  return {
    path: 'lab.yaml',
    edit: (text) =>
      edited(text, (document) => {
        if (!isMap(document.getIn(['components', component])))
          document.setIn(['components', component], document.createNode({}, { flow: true }));
        setAll(document, ['components', component], settings);
      }),
  };
}

/** Let somebody knock at a server's door. */
export function noiseEdit(server: string, noise: Noise): FileChange {
  return {
    path: 'lab.yaml',
    edit: (text) =>
      edited(text, (document) => {
        const before: unknown = document.getIn(['noise', server]);
        const kinds = isSeq(before) ? (before.toJSON() as unknown[]) : [];
        if (!kinds.includes(noise)) document.setIn(['noise', server], [...kinds, noise]);
      }),
  };
}

/** The port of a URL in a cluster's `server`. */
export function serverOf(document: Document): URL | null {
  const clusters = document.get('clusters', true);
  const server = isSeq(clusters) ? document.getIn(['clusters', 0, 'cluster', 'server']) : undefined;
  return typeof server === 'string' && URL.canParse(server) ? new URL(server) : null;
}

function edited(text: string, change: (document: Document) => void): string {
  const document = parseDocument(text);
  const before = document.toString({ lineWidth: 0 });
  change(document);
  const after = document.toString({ lineWidth: 0 });
  // Nothing to change: not even the spacing.
  return after === before ? text : after;
}

function setAll(
  document: Document,
  path: readonly (string | number)[],
  values: Readonly<Record<string, unknown>>,
): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === null) document.deleteIn([...path, name]);
    else document.setIn([...path, name], value);
  }
}

/** A path as the target's kubeconfig names it: relative to itself. */
export function besideKubeconfig({ directory, target }: ChangeContext, path: string): string {
  return posix.relative(posix.dirname(kubeconfigPath(directory.dir, target)), path);
}
