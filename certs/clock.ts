/**
 * Time is a file: the cluster's clock, and each host's own when it has one.
 *
 * An absent file is real time; `+400d` or `-2h` shifts it; an RFC 3339 instant ticks on from the moment the file
 * was written (its mtime). Pure parsing and one reader; `lab/clock.ts` writes the files.
 */
import { readFileSync, statSync } from 'node:fs';
import { LabError } from './errors.ts';

const UNIT_MS = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
} as const;
const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * Read a clock text.
 * @param text     `+400d`, `-2h`, `+1d12h`, an RFC 3339 instant, or empty for real time
 * @param setAtMs  when it was written, milliseconds since the epoch
 * @returns        milliseconds to add to real time
 * @throws         LabError CLOCK_INVALID
 */
export function parseClock(text: string, setAtMs: number): number {
  const value = text.trim();
  if (value === '') return 0;
  if (RFC3339.test(value)) return Date.parse(value) - setAtMs;
  const sign = value[0] === '-' ? -1 : 1;
  const parts = /^[+-]((?:\d+[smhdwy])+)$/.exec(value)?.[1]?.match(/\d+[smhdwy]/g);
  if (!parts) {
    throw new LabError('CLOCK_INVALID', {
      what: `"${value.slice(0, 60)}" is not a time`,
      fix: 'write +90d, -2h, or an instant such as 2027-11-24T00:00:00Z',
    });
  }
  const shift = parts.reduce((sum, part) => {
    const unit = part.at(-1) as keyof typeof UNIT_MS;
    return sum + Number(part.slice(0, -1)) * UNIT_MS[unit];
  }, 0);
  return sign * shift;
}

/**
 * The shift that the first existing file of a list asks for.
 * @param files  most specific first: a host's own clock, then the cluster's
 * @returns      milliseconds to add to real time; 0 when no file exists
 * @throws       LabError CLOCK_INVALID, naming the file
 */
export function readClockShift(files: readonly string[]): number {
  for (const file of files) {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (!stat?.isFile()) continue;
    try {
      return parseClock(readFileSync(file, 'utf8'), stat.mtimeMs);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      throw new LabError('CLOCK_INVALID', { what: `${file}: ${error.what}`, fix: error.fix, cause: error });
    }
  }
  return 0;
}
