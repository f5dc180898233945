/**
 * The one closed list of codes: every error, finding and outcome in the lab carries one of these.
 *
 * Each row says what happened (`title`), the rule (`why`), a first way to mend it (`fix`) and where the rule
 * stands (`source`). `explain CODE` prints the row; there is no second copy of the text.
 */
import { CERTIFICATE_CODES } from './codes/certificate.ts';
import { CONNECTION_CODES } from './codes/connection.ts';
import type { CodeEntry } from './codes/entry.ts';
import { FILE_CODES } from './codes/file.ts';
import { LAB_CODES } from './codes/lab.ts';

export type { CodeEntry } from './codes/entry.ts';

export const CODES = {
  ...CONNECTION_CODES,
  ...CERTIFICATE_CODES,
  ...FILE_CODES,
  ...LAB_CODES,
} as const satisfies Record<string, CodeEntry>;

/** Every code of the lab. */
export type Code = keyof typeof CODES;

/** Narrow a string to a code. */
export function isCode(text: string): text is Code {
  return Object.hasOwn(CODES, text);
}
