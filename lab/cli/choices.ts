/** The options of `init` and `up` that say what the cluster is to be, checked and typed. */
import { LabError } from '../../certs/errors.ts';
import type { InitOptions } from '../init.ts';
import { type Invocation, textOption } from './command.ts';

const ALLOWED = {
  cas: ['single', 'separate'],
  'apiserver-client': ['dedicated', 'reuse'],
  key: ['rsa-2048', 'ecdsa-p256'],
  names: ['crt', 'pem'],
  'client-auth': ['require', 'request'],
} as const;

/** Names of the options that only `init` can obey. */
export const INIT_ONLY = ['cas', 'apiserver-client', 'key', 'names'] as const;

/**
 * What the command line says; absent options are absent.
 * @throws LabError USAGE with the allowed values
 */
export function readChoices(invocation: Invocation): InitOptions {
  const cas = oneOf(invocation, 'cas', ALLOWED.cas);
  const apiserverClient = oneOf(invocation, 'apiserver-client', ALLOWED['apiserver-client']);
  const key = oneOf(invocation, 'key', ALLOWED.key);
  const names = oneOf(invocation, 'names', ALLOWED.names);
  const clientAuth = oneOf(invocation, 'client-auth', ALLOWED['client-auth']);
  const workers = numberOption(invocation, 'workers', 1, 5000);
  const portBase = numberOption(invocation, 'port-base', 0, 65_000);
  return {
    ...(cas ? { cas } : {}),
    ...(apiserverClient ? { apiserverClient } : {}),
    ...(key ? { key } : {}),
    ...(names ? { names } : {}),
    ...(clientAuth ? { clientAuth } : {}),
    ...(workers === undefined ? {} : { workers }),
    ...(portBase === undefined ? {} : { portBase }),
  };
}

/**
 * A whole number.
 * @throws LabError USAGE
 */
export function numberOption(
  invocation: Invocation,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const text = textOption(invocation, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new LabError('USAGE', {
    what: `${invocation.name}: --${name} "${text}" is not a whole number from ${least} to ${most}`,
    fix: `--${name} ${Math.max(least, 1)}`,
  });
}

function oneOf<T extends string>(invocation: Invocation, name: string, allowed: readonly T[]): T | undefined {
  const text = textOption(invocation, name);
  if (text === undefined) return undefined;
  const match = allowed.find((value) => value === text);
  if (match !== undefined) return match;
  throw new LabError('USAGE', {
    what: `${invocation.name}: --${name} "${text}" is not one of ${allowed.join(', ')}`,
    fix: `--${name} ${allowed[0]}`,
  });
}
