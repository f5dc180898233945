/**
 * The shape of a comparison, the places where an identity's files lie, and how a row is worded.
 */
import { statSync } from 'node:fs';
import { relative } from 'node:path';
import type { Code } from '../codes.ts';
import { deskFiles } from '../desk.ts';
import { copyFiles } from '../hosts.ts';
import type { Choices, Identity, IdentityId } from '../identities.ts';

/** What is compared. */
export type Aspect =
  | 'file'
  | 'content'
  | 'subject'
  | 'issuer'
  | 'sans'
  | 'usages'
  | 'ca'
  | 'extensions'
  | 'algorithm'
  | 'signature'
  | 'dates'
  | 'key'
  | 'mode'
  | 'name'
  | 'ca-key'
  | 'copy';

/** One comparison. */
export interface ExpectedRow {
  readonly identity: IdentityId;
  /** `desk`, or the host's name. */
  readonly place: string;
  readonly what: 'certificate' | 'key';
  readonly aspect: Aspect;
  /** Absolute. */
  readonly path: string;
  readonly ok: boolean;
  readonly code: Code | null;
  readonly expected: string;
  readonly found: string;
  /** One sentence with both values, the path relative to DIR. */
  readonly sentence: string;
  /** Empty when it is as it should be. */
  readonly fix: string;
}

/** One place where an identity's files lie. */
export interface Place {
  readonly dir: string;
  readonly choices: Choices;
  readonly identity: Identity;
  /** `desk`, or the host's name. */
  readonly name: string;
  /** Absolute paths; the key is null for a CA on a host. */
  readonly cert: string;
  readonly key: string | null;
}

/** The desk first, then the hosts. */
export function placesOf(dir: string, choices: Choices, identity: Identity): readonly Place[] {
  const desk = deskFiles(dir, identity);
  const base = { dir, choices, identity };
  return [
    { ...base, name: 'desk', cert: desk.cert, key: desk.key },
    ...identity.copies.map((copy) => ({ ...base, name: copy.host, ...copyFiles(dir, copy) })),
  ];
}

/** What a row needs beyond its place. */
export interface Compared {
  readonly what: 'certificate' | 'key';
  readonly aspect: Aspect;
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  /** null: as it should be. */
  readonly wrong: { readonly code: Code | null; readonly fix: string; readonly says?: string } | null;
}

/** Make a row of a comparison. */
export function row(place: Pick<Place, 'dir' | 'identity' | 'name'>, compared: Compared): ExpectedRow {
  const { what, aspect, path, expected, found, wrong } = compared;
  const shown = relative(place.dir, path);
  return {
    identity: place.identity.id,
    place: place.name,
    what,
    aspect,
    path,
    ok: wrong === null,
    code: wrong?.code ?? null,
    expected,
    found,
    sentence: wrong?.says
      ? `${shown}: ${wrong.says}`
      : `${shown}: ${SUBJECTS[aspect]} ${found}${wrong ? `, expected ${expected}` : ''}`,
    fix: wrong?.fix ?? '',
  };
}

/** How a sentence about an aspect begins. */
const SUBJECTS = {
  file: 'the file is',
  content: 'it holds',
  subject: 'its subject is',
  issuer: 'its issuer is',
  sans: 'its names (SAN) are',
  usages: 'its purpose (EKU) is',
  ca: 'it is',
  extensions: 'its further extensions are',
  algorithm: 'its key and signature are',
  signature: 'it is signed by',
  dates: 'it is',
  key: 'its key is',
  mode: 'its mode is',
  name: 'its name says',
  'ca-key': 'it holds',
  copy: 'compared with pki/ it is',
} as const satisfies Record<Aspect, string>;

/** The mend that needs no thought: issue anew and copy. */
export function fixCommand(identity: Identity): string {
  return `npx mtls-lab fix ${identity.id}`;
}

/** Permission bits; null when there is no such file. */
export function modeOf(path: string): number | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? stat.mode & 0o777 : null;
}

/** `0600`. */
export function modeText(mode: number): string {
  return `0${mode.toString(8).padStart(3, '0')}`;
}
