/**
 * A kubeconfig as plain data: its contexts, what the current one uses, and why it cannot be used.
 */
import { LabError } from './errors.ts';
import type { InspectedItem } from './inspect.ts';
import { type KubeconfigPem, type KubeconfigUse, readKubeconfig } from './kubeconfig.ts';
import { loadKubeconfig, namesOf, text } from './kubeconfig-file.ts';

/** How a kubeconfig gives one PEM: by file name, or embedded and then inspected itself. */
export interface KubeconfigPart {
  readonly file: string | null;
  readonly embedded: readonly InspectedItem[];
}

/** One kubeconfig. */
export interface KubeconfigInfo {
  readonly kind: 'kubeconfig';
  readonly contexts: readonly string[];
  readonly clusters: readonly string[];
  readonly users: readonly string[];
  readonly currentContext: string | null;
  /** The current context; null when it cannot be used. */
  readonly use: {
    readonly server: string;
    readonly serverName: string | null;
    readonly insecure: boolean;
    readonly user: string;
    readonly namespace: string;
    readonly ca: KubeconfigPart | null;
    readonly cert: KubeconfigPart | null;
    readonly key: KubeconfigPart | null;
    readonly hasToken: boolean;
  } | null;
  /** client-go's words; null when all is well. */
  readonly problem: string | null;
  readonly fix: string | null;
}

/**
 * Say what a kubeconfig holds.
 * @param open       as in `readKubeconfig`
 * @param inspectPem reads embedded data
 */
export function inspectKubeconfig(
  source: string,
  file: string,
  inspectPem: (pem: string) => readonly InspectedItem[],
): KubeconfigInfo {
  const part = (pem: KubeconfigPem | undefined): KubeconfigPart | null => {
    if (!pem) return null;
    return 'file' in pem ? { file: pem.file, embedded: [] } : { file: null, embedded: inspectPem(pem.pem) };
  };
  const attempt = tryRead(source, file);
  const lists = listsOf(source, file);
  const use = attempt.use;
  return {
    kind: 'kubeconfig',
    ...lists,
    use: use && {
      server: use.server,
      serverName: use.serverName ?? null,
      insecure: use.insecure,
      user: use.user,
      namespace: use.namespace,
      ca: part(use.ca),
      cert: part(use.cert),
      key: part(use.key),
      hasToken: use.token !== undefined,
    },
    problem: attempt.problem,
    fix: attempt.fix,
  };
}

function tryRead(
  source: string,
  file: string,
): { use: KubeconfigUse | null; problem: string | null; fix: string | null } {
  try {
    return { use: readKubeconfig(source, { file }), problem: null, fix: null };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { use: null, problem: error.what, fix: error.fix };
  }
}

function listsOf(
  source: string,
  file: string,
): Pick<KubeconfigInfo, 'contexts' | 'clusters' | 'users' | 'currentContext'> {
  try {
    const config = loadKubeconfig(source, file);
    return {
      contexts: namesOf(config['contexts']),
      clusters: namesOf(config['clusters']),
      users: namesOf(config['users']),
      currentContext: text(config['current-context']) ?? null,
    };
  } catch {
    return { contexts: [], clusters: [], users: [], currentContext: null };
  }
}
