/**
 * What every kubectl command works with: the client, the streams, and how types and names become paths.
 */
import type { Readable, Writable } from 'node:stream';
import type { ApiClient } from '../api/client.ts';
import type { Credentials } from '../api/credentials.ts';
import { RESOURCES, type Resource } from '../api/resources.ts';
import type { Settings } from '../component.ts';
import type { Host } from '../host.ts';
import type { Arguments } from './arguments.ts';

/** One run of kubectl. */
export interface Session {
  readonly host: Host;
  readonly settings: Settings;
  readonly client: ApiClient;
  readonly credentials: Credentials;
  readonly args: Arguments;
  /** Of the flag or the context. */
  readonly namespace: string;
  readonly stdin: Readable | null;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Ends with Ctrl-C. */
  readonly signal: AbortSignal;
  /** Print a line. */
  say(line: string): void;
  readFile(path: string): string;
}

/** A type, and a name when one was given. */
export interface Target {
  readonly resource: Resource;
  readonly name: string | undefined;
}

const CATEGORIES: Readonly<Record<string, readonly string[]>> = {
  all: ['pods', 'services', 'deployments', 'replicasets'],
};

/**
 * Resource types as kubectl takes them: plural, singular, short name, kind, with or without group.
 * @throws Error `the server doesn't have a resource type "…"`
 */
export function findType(text: string): Resource {
  const wanted = text.toLowerCase();
  const found = RESOURCES.find((one) => {
    const names = [one.plural, one.singular, one.kind.toLowerCase(), ...(one.shortNames ?? [])];
    const group = one.group;
    return (
      one.how !== 'create' &&
      names.some(
        (name) =>
          wanted === name ||
          (group !== '' && wanted === `${name}.${group}`) ||
          wanted === `${name}.${one.version}.${group}`,
      )
    );
  });
  if (!found) throw new Error(`the server doesn't have a resource type "${text}"`);
  return found;
}

/** `pods`, `pod web`, `pod/web svc/web`, `pods,services`, `all`. */
export function readTargets(words: readonly string[]): readonly Target[] {
  const [first, ...names] = words;
  if (first === undefined) return [];
  if (words.some((word) => word.includes('/'))) {
    return words.map((word) => {
      const [type = '', name = '', ...more] = word.split('/');
      if (name === '' || more.length > 0) {
        throw new Error(
          `there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'`,
        );
      }
      return { resource: findType(type), name };
    });
  }
  const types = first.split(',').flatMap((type) => CATEGORIES[type] ?? [type]);
  return types.flatMap((type): Target[] => {
    const resource = findType(type);
    return names.length === 0 ? [{ resource, name: undefined }] : names.map((name) => ({ resource, name }));
  });
}

/** The path of a collection or an object. An empty namespace means all of them. */
export function pathOf(resource: Resource, namespace: string, name?: string): string {
  const root = resource.group === '' ? '/api/v1' : `/apis/${resource.group}/${resource.version}`;
  const inside = resource.namespaced && namespace !== '' ? `/namespaces/${namespace}` : '';
  return `${root}${inside}/${resource.plural}${name === undefined ? '' : `/${name}`}`;
}

/** `pod/web`, `deployment.apps/web`. */
export function nameOf(resource: Resource, name: string): string {
  return `${resource.singular}${resource.group === '' ? '' : `.${resource.group}`}/${name}`;
}
