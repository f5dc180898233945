/** Faults of files that cannot be used: what is put into them, and what comes of it. */
import type { Code } from '../../certs/codes.ts';
import { deskFiles } from '../../certs/desk.ts';
import { readText } from '../../certs/files.ts';
import { plannedCopies } from '../../certs/hosts.ts';
import type { ChangeContext, FileChange, Situation, Stated } from './fault.ts';
import { identityOf, inDir, pairOn } from './mint.ts';
import { NEXT } from './outcome.ts';
import { gone } from './reach.ts';

/** Why a program cannot use its files: code, and a part of Go's words. */
export interface Unusable {
  readonly code: Code;
  readonly text: string;
}

/** The target's files cannot be used: its clients do not dial, its server does not start again. */
export function unusable(situation: Situation, { code, text }: Unusable): Stated[] {
  const { channels, target } = situation;
  const servers = [
    ...new Set(channels.flatMap((one) => (one.serverIdentity === target ? [one.server] : []))),
  ];
  const dialled = channels
    .filter(({ clientIdentity }) => clientIdentity === target)
    .map(
      ({ id }): Stated => ({
        channel: id,
        layer: 'untried',
        by: 'client',
        code,
        alert: null,
        clientText: text,
        serverText: null,
        shows: NEXT,
      }),
    );
  const down = servers.flatMap((server) =>
    gone(situation, server).map((one): Stated => ({ ...one, shows: `after a restart of ${server}` })),
  );
  return [...dialled, ...down];
}

/** What lies in the target's files on the desk. */
export function good({ directory, target }: ChangeContext): { readonly cert: string; readonly key: string } {
  const files = deskFiles(directory.dir, identityOf(directory, target));
  return { cert: readText(files.cert), key: readText(files.key) };
}

/** Other content in the target's files. */
export function holding(
  context: ChangeContext,
  content: { readonly cert?: string | Uint8Array; readonly key?: string | Uint8Array },
): readonly FileChange[] {
  return pairOn(context, identityOf(context.directory, context.target), content);
}

/** Each copy of one of the two files. */
export function paths({ directory, target }: ChangeContext, what: 'cert' | 'key'): readonly string[] {
  return plannedCopies(directory.dir, [identityOf(directory, target)])
    .filter((copy) => copy.what === what)
    .map(({ to }) => inDir(directory.dir, to));
}
