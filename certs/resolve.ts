/**
 * One resolver for every way to name a certificate: its id, a component, a file name, a path, a CN.
 *
 * `kubectl` is `admin`, `kube-scheduler` is `scheduler`, `hosts/worker-2/…/kubelet.crt` is `kubelet@worker-2`.
 */
import { basename } from 'node:path';
import { LabError } from './errors.ts';
import { type Choices, type Identity, identities, workerNames } from './identities.ts';
import { nearest } from './nearest.ts';

/** Names of components, and what they mean when a certificate is asked for: the one that they show most. */
const COMPONENTS: Readonly<Record<string, string>> = {
  kubectl: 'admin',
  'kube-apiserver': 'apiserver',
  etcd: 'etcd-server',
  'kube-scheduler': 'scheduler',
  'kube-controller-manager': 'controller-manager',
};

/** What a name stands for. */
export interface Target {
  readonly identity: Identity;
  /** When the name was about the copy on one machine: `kube-proxy@worker-2`, a path under hosts/. */
  readonly host: string | null;
}

/**
 * Find a certificate by any of its names.
 * @throws LabError NAME_UNKNOWN, with a near name or the list to choose from
 */
export function findIdentity(choices: Choices, name: string): Identity {
  return findTarget(choices, name).identity;
}

/**
 * Find a certificate, and the machine if the name says which.
 * @throws LabError NAME_UNKNOWN
 */
export function findTarget(choices: Choices, name: string): Target {
  const all = identities(choices);
  const wanted = name.trim().replaceAll('\\', '/');
  const found = byPath(all, wanted) ?? byName(all, choices, wanted);
  if (found.length === 1 && found[0] !== undefined) return found[0];
  if (found.length > 1) {
    const ids = found.map((target) => target.identity.id);
    throw new LabError('NAME_UNKNOWN', {
      what: `"${name}" stands for ${ids.length} certificates`,
      why: 'Every worker has its own kubelet certificates, so the name must say which worker.',
      fix: `name one of them: ${list(ids)}`,
    });
  }
  const ids = all.map(({ id }) => id);
  const near = nearest(basename(wanted).replace(/(-key)?\.(crt|key|csr|pem)$/, ''), [
    ...ids,
    ...Object.keys(COMPONENTS),
  ]);
  throw new LabError('NAME_UNKNOWN', {
    what: `there is no certificate "${name}"`,
    fix:
      near === undefined ? `choose one of ${list(ids)}` : `did you mean ${near}? All of them: ${list(ids)}`,
  });
}

/** A path: the desk's file, or a host's copy. undefined when the text is not one of them. */
function byPath(all: readonly Identity[], path: string): Target[] | undefined {
  if (!path.includes('/')) return undefined;
  for (const identity of all) {
    const { cert, key, csr } = identity.files;
    const folder = identity.folder === '' ? 'pki' : `pki/${identity.folder}`;
    for (const copy of identity.copies) {
      const places = [copy.cert, ...(copy.key === null ? [] : [copy.key])].map(
        (place) => `${copy.host}${place}`,
      );
      if (places.some((place) => endsWithPath(path, place))) return [{ identity, host: copy.host }];
    }
    if ([cert, key, ...(csr === null ? [] : [csr])].some((file) => endsWithPath(path, `${folder}/${file}`)))
      return [{ identity, host: null }];
  }
  return undefined;
}

function endsWithPath(path: string, tail: string): boolean {
  return path === tail || path.endsWith(`/${tail}`);
}

function byName(all: readonly Identity[], choices: Choices, name: string): Target[] {
  const file = basename(name);
  const at = file.lastIndexOf('@');
  const host = at > 0 && workerNames(choices).includes(file.slice(at + 1)) ? file.slice(at + 1) : null;
  const bare = (host === null ? file : file.slice(0, at)).replace(/(-key)?\.(crt|key|csr|pem)$/, '');
  const base = COMPONENTS[bare] ?? bare;
  const matches = all.filter(
    (identity) =>
      identity.id === file ||
      ((identity.base === base || identity.commonName === bare) &&
        (host === null || identity.copies.some((copy) => copy.host === host))),
  );
  // A CN may be shared (kubelet and kubelet-client): the file name decides when it matches.
  const exact = matches.filter((identity) => identity.base === base);
  return (exact.length > 0 ? exact : matches).map((identity) => ({
    identity,
    host: identity.folder === '' ? host : null,
  }));
}

function list(ids: readonly string[]): string {
  return ids.length <= 16 ? ids.join(', ') : `${ids.slice(0, 14).join(', ')}, … ${ids.at(-1)}`;
}
