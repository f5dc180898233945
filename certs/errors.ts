/**
 * The one base error of the project, and the shape of a check's result.
 *
 * A failed handshake is a result (`Finding`); a broken file, flag or port is an exception (`LabError`).
 * Both carry the same explanation: code, what, why, fix, source. The texts of `why` and `source` live in
 * `codes.ts`, once.
 */
import { CODES, type Code } from './codes.ts';

/** One check's result: what was found, the rule behind it, and how to mend it. */
export interface Finding {
  readonly code: Code;
  /** false: this check refused. A passed finding keeps the code that it would have failed with. */
  readonly passed: boolean;
  /** One sentence with the actual values. */
  readonly what: string;
  /** The rule. */
  readonly why: string;
  /** A command or an edit that mends it; empty when the check passed. */
  readonly fix: string;
  /** RFC section, or Kubernetes/Go repository path and symbol. */
  readonly source: string;
}

/** What a thrower must say; `why`, `fix` and `source` come from the code table unless given. */
export interface LabErrorDetails {
  readonly what: string;
  readonly fix?: string;
  readonly why?: string;
  readonly source?: string;
  readonly cause?: unknown;
}

/** Bad input, missing files, ports in use: shown to the user without a stack trace. */
export class LabError extends Error {
  readonly code: Code;
  readonly what: string;
  readonly why: string;
  readonly fix: string;
  readonly source: string;

  constructor(code: Code, details: LabErrorDetails) {
    super(details.what, details.cause === undefined ? undefined : { cause: details.cause });
    const entry = CODES[code];
    this.name = 'LabError';
    this.code = code;
    this.what = details.what;
    this.why = details.why ?? entry.why;
    this.fix = details.fix ?? entry.fix;
    this.source = details.source ?? entry.source;
  }
}

/** True for an error that carries its own explanation. */
export function isLabError(error: unknown): error is LabError {
  return error instanceof LabError;
}

/** The message of anything that was thrown, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
