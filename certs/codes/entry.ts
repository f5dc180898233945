/** One row of the tables of codes. */

/** What a code means. */
export interface CodeEntry {
  /** What happened, as a short sentence without values. */
  readonly title: string;
  /** The rule behind it, with its RFC section where there is one. */
  readonly why: string;
  /** A command or an edit that usually mends it. */
  readonly fix: string;
  /** RFC section, or repository path and symbol. */
  readonly source: string;
}
