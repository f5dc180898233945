/**
 * Expected versus found: every certificate of the table held against the files, on the desk and on every host.
 *
 * One function for `certs`, `status`, the dashboard and the graders. Nothing here throws for what is in a file: what
 * cannot be read is a row like any other.
 */
import { certificateRows } from './expected/certificate.ts';
import { keyRows } from './expected/key.ts';
import { namingRows } from './expected/names.ts';
import { type ExpectedRow, placesOf } from './expected/row.ts';
import { type Choices, type Identity, identities } from './identities.ts';

/** What to compare, and when. */
export interface ExpectedOptions {
  /** Default: all. */
  readonly which?: readonly Identity[];
  /** The time at a place: a host's name, or `desk`. */
  readonly now: (place: string) => Date;
}

/**
 * Compare everything.
 * @returns all rows, good and bad: `deviations` picks the bad ones
 */
export function expectedVersusFound(
  dir: string,
  choices: Choices,
  options: ExpectedOptions,
): readonly ExpectedRow[] {
  const all = identities(choices);
  const which = options.which ?? all;
  const rows = which.flatMap((identity) =>
    placesOf(dir, choices, identity).flatMap((place) => [
      ...certificateRows(place, options.now(place.name)),
      ...keyRows(place),
    ]),
  );
  return [...rows, ...namingRows(dir, choices, which)];
}

/** The rows that are not as they should be. */
export function deviations(rows: readonly ExpectedRow[]): readonly ExpectedRow[] {
  return rows.filter((row) => !row.ok);
}
