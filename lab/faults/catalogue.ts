/** The catalogue: every fault that `break` knows, and how to find one, and what it can stand on. */
import { isLabError, LabError } from '../../certs/errors.ts';
import { nearest } from '../../certs/nearest.ts';
import { findIdentity } from '../../certs/resolve.ts';
import { resolveComponent } from '../names.ts';
import { instancesOf } from '../topology.ts';
import type { Fault, Scope } from './fault.ts';
import { identity } from './identity.ts';
import { material } from './material.ts';
import { names } from './names.ts';
import { noise } from './noise.ts';
import { protocol } from './protocol.ts';
import { settings } from './settings.ts';
import { trust } from './trust.ts';
import { trustBundles } from './trust-bundles.ts';
import { usage } from './usage.ts';
import { validity } from './validity.ts';

/** By family, in the order of FAMILIES. */
export const faults: readonly Fault[] = [
  ...trust,
  ...trustBundles,
  ...validity,
  ...names,
  ...usage,
  ...identity,
  ...material,
  ...protocol,
  ...settings,
  ...noise,
];

/**
 * @param id  as the user typed it
 * @throws    LabError NAME_UNKNOWN
 */
export function findFault(id: string): Fault {
  const found = faults.find((fault) => fault.id === id);
  if (found) return found;
  const near = nearest(
    id,
    faults.map((fault) => fault.id),
  );
  throw new LabError('NAME_UNKNOWN', {
    what: `no fault is called "${id}"`,
    fix: near === undefined ? 'npx mtls-lab faults   lists them' : `did you mean ${near}?`,
  });
}

/**
 * The target that a name means: one of the fault's targets by its id, or by any name of the certificate or component.
 * @throws LabError NAME_UNKNOWN, FAULT_NOT_APPLICABLE
 */
export function findFaultTarget(fault: Fault, name: string, scope: Scope): string {
  const targets = fault.targets(scope);
  const wanted = name.trim();
  const found = meantAmong(wanted, targets, scope);
  if (found !== undefined) return found;
  const known = [identityNamed(wanted, scope), componentNamed(wanted, scope)].find(
    (id) => typeof id === 'string',
  );
  if (typeof known !== 'string') {
    const near = nearest(wanted, targets);
    throw new LabError('NAME_UNKNOWN', {
      what: `${fault.id} cannot stand on "${name}": there is nothing of that name`,
      fix: near === undefined ? `it can stand on ${targets.join(', ')}` : `did you mean ${near}?`,
    });
  }
  throw new LabError('FAULT_NOT_APPLICABLE', {
    what: `${fault.id} cannot stand on ${known}`,
    fix: `it can stand on ${targets.join(', ')}`,
  });
}

/** Which of some targets a name means: `scheduler` is the certificate or the program, `laptop` what stands on that host. */
export function meantAmong(name: string, targets: readonly string[], scope: Scope): string | undefined {
  if (targets.includes(name)) return name;
  const meant = [identityNamed(name, scope), componentNamed(name, scope)];
  const found = meant.find((id) => typeof id === 'string' && targets.includes(id));
  if (typeof found === 'string') return found;
  const [onHost, ...more] = targets.filter((id) => id.endsWith(`@${name}`));
  return more.length === 0 ? onHost : undefined;
}

function identityNamed(name: string, { choices }: Scope): unknown {
  return attempt(() => findIdentity(choices, name).id);
}

function componentNamed(name: string, { choices, workers }: Scope): unknown {
  return attempt(() => resolveComponent(name, { choices, instances: instancesOf(workers), channels: [] }));
}

/** What it returns, or the LabError that it throws. */
function attempt(work: () => string): unknown {
  try {
    return work();
  } catch (error) {
    if (!isLabError(error)) throw error;
    return error;
  }
}
