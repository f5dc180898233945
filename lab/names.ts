/**
 * One way to call things: `scheduler`, `kube-scheduler`, `scheduler.crt`, a path, a channel's id. Every command
 * that takes a component or a connection resolves it here; an unknown one gets "did you mean".
 */
import { isLabError, LabError } from '../certs/errors.ts';
import type { Choices } from '../certs/identities.ts';
import { nearest } from '../certs/nearest.ts';
import { findTarget } from '../certs/resolve.ts';
import type { LabDirectory } from './directory.ts';
import { type Channel, channelsOf, type Instance, instancesOf, type TopologyChoices } from './topology.ts';

/** What can be named. */
export interface Names {
  readonly choices: Choices;
  readonly instances: readonly Instance[];
  readonly channels: readonly Channel[];
}

/** What can be named in this directory's cluster. */
export function namesOf(directory: LabDirectory): Names {
  const topology = topologyOf(directory);
  return {
    choices: directory.choices,
    instances: instancesOf(topology.workers),
    channels: channelsOf(topology),
  };
}

/** Who dials whom in this directory's cluster. */
export function topologyOf({ workers, choices }: LabDirectory): TopologyChoices {
  return { workers, apiserverClient: choices.apiserverClient };
}

/**
 * The instance that a name means: its id, its program when there is one of it, or whoever shows the certificate of
 * that name.
 * @throws LabError NAME_UNKNOWN with a near name, or with the list when several fit
 */
export function resolveComponent(name: string, { choices, instances }: Names): string {
  const ids = instances.map(({ id }) => id);
  if (ids.includes(name)) return name;
  const alike = ids.filter((id) => id.split('@')[0] === name);
  const fitting = alike.length > 0 ? alike : shownBy(name, choices);
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  if (fitting.length > 1) {
    throw new LabError('NAME_UNKNOWN', {
      what: `"${name}" could be ${listed(fitting)}`,
      fix: `name one of them: ${only}`,
    });
  }
  const near = nearest(name, [...ids, ...ids.map((id) => id.replace(/^kube-/, ''))]);
  throw new LabError('NAME_UNKNOWN', {
    what: `there is no component "${name}"; there are ${listed(ids)}`,
    fix: near === undefined ? 'use one of these names' : `did you mean ${near}?`,
  });
}

/**
 * The channel that two names mean, or one channel id (`kube-scheduler->kube-apiserver`, also with `→`).
 * @throws LabError NAME_UNKNOWN
 */
export function resolveChannel(words: readonly string[], names: Names): Channel {
  const [first = '', second = ''] = words.length === 1 ? (words[0] ?? '').split(/\s*(?:->|→)\s*/) : words;
  const client = resolveComponent(first, names);
  const server = resolveComponent(second, names);
  const found = names.channels.find((channel) => channel.client === client && channel.server === server);
  if (found) return found;
  const dialled = names.channels
    .filter((channel) => channel.client === client)
    .map((channel) => channel.server);
  const [example] = names.channels;
  throw new LabError('NAME_UNKNOWN', {
    what: `${client} never dials ${server}`,
    fix:
      dialled.length === 0
        ? `${client} dials nobody; try ${example?.client} ${example?.server}`
        : `${client} dials ${listed(dialled)}`,
  });
}

/** Who shows the certificate that a name means; nobody when it means none. */
function shownBy(name: string, choices: Choices): readonly string[] {
  try {
    const { identity, host } = findTarget(choices, name);
    const all = identity.shownBy;
    return host === null ? all : all.filter((id) => !id.includes('@') || id.endsWith(`@${host}`));
  } catch (error) {
    if (isLabError(error) && error.code === 'NAME_UNKNOWN') return [];
    throw error;
  }
}

function listed(names: readonly string[]): string {
  return names.length <= 12
    ? names.join(', ')
    : `${names.slice(0, 12).join(', ')} … (${names.length} in all)`;
}
