/**
 * The shape of one word of the glossary.
 */

/** One word. */
export interface Word {
  /** As it is written; other spellings in `also`. */
  readonly word: string;
  readonly also: readonly string[];
  readonly means: string;
  /** Its use in Kubernetes. */
  readonly use: string;
}

/** A row of the tables. */
export function word(name: string, also: readonly string[], means: string, use: string): Word {
  return { word: name, also, means, use };
}
