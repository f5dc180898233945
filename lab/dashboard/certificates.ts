/**
 * The certificates as the page shows them: what lies in the CA's folder and on which host, what a program holds in
 * memory, and where either differs from what the table says. Private keys are named, never sent.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { LabError, messageOf } from '../../certs/errors.ts';
import { type Place, placesOf } from '../../certs/expected/row.ts';
import { deviations, expectedVersusFound } from '../../certs/expected.ts';
import { readTextIfAny } from '../../certs/files.ts';
import { type Identity, identities } from '../../certs/identities.ts';
import { type CertificateInfo, inspectCertificate } from '../../certs/inspect-certificate.ts';
import { readPem } from '../../certs/pem.ts';
import { itemLines } from '../../certs/text.ts';
import type { FileState } from '../../components/component.ts';
import { deskNow, type LabDirectory } from '../directory.ts';
import { readHidden } from '../faults/hidden.ts';
import type { Lab } from '../lab.ts';
import { timeAt } from '../status.ts';
import { json, type Route } from './route.ts';

/** Workers whose own certificates the page lists; the terminal has them all. */
const WORKERS = 6;

/** One certificate file at one place. */
export interface PlacedCertificate {
  /** `desk` for the CA's folder, or the host's name. */
  readonly place: string;
  /** Relative to DIR. */
  readonly path: string;
  readonly hasKey: boolean;
  /** null when it cannot be read: `problem` says why. */
  readonly found: Pick<
    CertificateInfo,
    | 'subject'
    | 'notBefore'
    | 'notAfter'
    | 'state'
    | 'daysLeft'
    | 'fingerprint'
    | 'seal'
    | 'signedBy'
    | 'issuer'
  > | null;
  readonly problem: string | null;
}

/** One row of the table. */
export interface CertificateRow {
  readonly id: string;
  readonly kind: 'ca' | 'leaf';
  readonly file: string;
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly signer: string;
  readonly usages: readonly string[];
  readonly shownBy: readonly string[];
  readonly places: readonly PlacedCertificate[];
  /** Sentences about what differs. */
  readonly wrong: readonly string[];
  /** Programs that still use another file than the one on disk. */
  readonly stale: readonly string[];
}

/** Everything of the first look. */
export interface CertificateTable {
  /** The cluster's time, RFC 3339. */
  readonly now: string;
  readonly rows: readonly CertificateRow[];
  /** A hidden break stands: what differs is the answer, and covered. */
  readonly covered: boolean;
  /** Workers that are left out. */
  readonly hiddenWorkers: number;
}

/** One certificate in full. */
export interface CertificateDetail {
  readonly id: string;
  readonly places: readonly (PlacedCertificate & {
    readonly text: string;
    readonly pem: string;
    readonly openssl: string;
  })[];
  /** Empty while a hidden break stands. */
  readonly compared: readonly {
    readonly place: string;
    readonly aspect: string;
    readonly what: string;
    readonly expected: string;
    readonly found: string;
    readonly ok: boolean;
    readonly fix: string;
  }[];
  readonly held: readonly {
    readonly component: string;
    readonly path: string;
    readonly flag: string;
    readonly inProcess: string | null;
    readonly onDisk: string | null;
    readonly problem: string | null;
  }[];
}

export const CERTIFICATES = {
  'GET /certificates': async ({ lab }) => json(tableOf(lab)),
  /** `?id=IDENTITY` */
  'GET /certificate': async ({ lab, query }) => {
    const identity = identities(lab.directory.choices).find(({ id }) => id === query.get('id'));
    if (!identity) throw new LabError('NAME_UNKNOWN', { what: 'there is no such certificate' });
    return json(detailOf(lab, identity));
  },
} as const satisfies Record<string, Route>;

function tableOf(lab: Lab): CertificateTable {
  const { dir, choices, workers } = lab.directory;
  const shownWorkers = new Set(workers.slice(0, WORKERS));
  const which = identities(choices).filter(({ folder }) => folder === '' || shownWorkers.has(folder));
  const rows = deviations(expectedVersusFound(dir, choices, { which, now: (place) => timeAt(dir, place) }));
  const covered = readHidden(dir) !== undefined;
  const cas = knownCas(lab.directory);
  const files = lab.cluster
    .states()
    .flatMap(({ id, host, files: own }) => own.map((file) => ({ id, host, file })));
  return {
    now: deskNow(dir).toISOString(),
    covered,
    hiddenWorkers: workers.length - shownWorkers.size,
    rows: which.map((identity) => ({
      id: identity.id,
      kind: identity.kind,
      file: identity.files.cert,
      commonName: identity.commonName,
      organizations: identity.organizations,
      signer: identity.signer,
      usages: identity.usages,
      shownBy: identity.shownBy,
      places: placesOf(dir, choices, identity)
        .filter(({ name }) => name === 'desk' || !workers.includes(name) || shownWorkers.has(name))
        .map((place) => placed(dir, place, cas)),
      wrong: (covered ? [] : rows)
        .filter((row) => row.identity === identity.id)
        .map(({ sentence }) => sentence),
      stale: files
        .filter(({ host, file }) => isStale(file) && isOf(identity, host, file))
        .map(({ id }) => id),
    })),
  };
}

function detailOf({ directory, cluster }: Lab, identity: Identity): CertificateDetail {
  const { dir, choices } = directory;
  const cas = knownCas(directory);
  const rows = expectedVersusFound(dir, choices, { which: [identity], now: (place) => timeAt(dir, place) });
  return {
    id: identity.id,
    places: placesOf(dir, choices, identity).map((place) => {
      const one = placed(dir, place, cas);
      const text = readTextIfAny(place.cert) ?? '';
      return {
        ...one,
        text: textOf(text, timeAt(dir, place.name), cas),
        pem: certificatesOnly(text),
        openssl: `openssl x509 -in ${shellWord(relative(process.cwd(), place.cert))} -noout -text`,
      };
    }),
    compared: (readHidden(dir) === undefined ? rows : []).map(
      ({ place, aspect, what, expected, found, ok, fix }) => ({
        place,
        aspect,
        what,
        expected,
        found,
        ok,
        fix,
      }),
    ),
    held: cluster.states().flatMap(({ id, host, files }) =>
      files
        .filter((file) => isOf(identity, host, file))
        .map(({ path, flag, inProcess, onDisk, problem }) => ({
          component: id,
          path,
          flag,
          inProcess,
          onDisk,
          problem,
        })),
    ),
  };
}

function placed(dir: string, place: Place, cas: readonly Uint8Array[]): PlacedCertificate {
  const base = { place: place.name, path: relative(dir, place.cert), hasKey: place.key !== null };
  try {
    const [block] = readPem(readFileSync(place.cert, 'utf8'));
    if (!block) return { ...base, found: null, problem: 'the file holds no certificate' };
    const info = inspectCertificate(block.bytes, { now: timeAt(dir, place.name), cas });
    const { subject, notBefore, notAfter, state, daysLeft, fingerprint, seal, signedBy, issuer } = info;
    const found = { subject, notBefore, notAfter, state, daysLeft, fingerprint, seal, signedBy, issuer };
    return { ...base, found, problem: null };
  } catch (error) {
    return { ...base, found: null, problem: messageOf(error) };
  }
}

/** The reading in plain words, of every certificate in the file. */
function textOf(pem: string, now: Date, cas: readonly Uint8Array[]): string {
  return readPem(pem)
    .filter(({ label }) => label === 'CERTIFICATE')
    .flatMap(({ bytes }) => {
      try {
        return itemLines(inspectCertificate(bytes, { now, cas }));
      } catch (error) {
        return [`Cannot be read: ${messageOf(error)}`];
      }
    })
    .join('\n');
}

/** A student may have put a key into the file: it stays here. */
function certificatesOnly(pem: string): string {
  return (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []).join('\n');
}

function knownCas({ dir, choices }: LabDirectory): Uint8Array[] {
  return identities(choices)
    .filter(({ kind }) => kind === 'ca')
    .flatMap((identity) => placesOf(dir, choices, identity).slice(0, 1))
    .flatMap(({ cert }) => readPem(readTextIfAny(cert) ?? '').map(({ bytes }) => bytes));
}

function isStale({ inProcess, onDisk }: FileState): boolean {
  return inProcess !== null && onDisk !== null && inProcess !== onDisk;
}

function isOf(identity: Identity, host: string, { path }: FileState): boolean {
  return identity.copies.some((copy) => copy.host === host && (copy.cert === path || copy.key === path));
}

function shellWord(text: string): string {
  return /^[\w./@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
