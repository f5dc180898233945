/**
 * The files behind a client, looked at before every dial, as client-go does: a file that changed is used by the next
 * connection.
 */
import { statSync } from 'node:fs';
import type { Host } from '../host.ts';
import { type KeyPairMaterial, type NamedBytes, problem, readKeyPair, readRoots } from './credentials.ts';
import { readFile } from './server-files.ts';
import { watchFiles } from './watch.ts';

/** A PEM file inside the host, or PEM text embedded in a kubeconfig (`*-data`). */
export type PemSource = { readonly file: string } | { readonly pem: string; readonly from: string };

/** What a client brings to a connection. */
export interface ClientSources {
  readonly host: Host;
  /** Absent: nothing is trusted. */
  readonly ca?: PemSource;
  /** Absent: no client certificate is shown. */
  readonly cert?: PemSource;
  readonly key?: PemSource;
}

/** The same, read. */
export interface ClientMaterial {
  readonly pair: KeyPairMaterial | null;
  readonly roots: readonly Uint8Array[];
}

/**
 * Read what a client brings.
 * @throws LabError with the file, what was found and the fix; `goTextOf` has Go's words
 */
export function readClientMaterial({ host, ca, cert, key }: ClientSources): ClientMaterial {
  const id = [ca, cert, key].map((source) => signatureOf(host, source)).join('\n');
  const known = kept.get(id);
  if (known) return known;
  const read = (source: PemSource | undefined): NamedBytes | undefined => {
    if (source === undefined) return undefined;
    return 'file' in source
      ? readFile(host, source.file)
      : { from: source.from, bytes: Buffer.from(source.pem) };
  };
  const material = parse(read(ca), read(cert), read(key));
  kept.set(id, material);
  const [oldest] = kept.keys();
  if (kept.size > MATERIALS_KEPT && oldest !== undefined) kept.delete(oldest);
  return material;
}

/** What a source is, without reading it: a file's place, inode, size and times; empty for one that is not there. */
function signatureOf(host: Host, source: PemSource | undefined): string {
  if (source === undefined) return '-';
  if ('pem' in source) return `${source.from} ${source.pem}`;
  const path = host.path(source.file);
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return `${path} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return `${path} cannot be looked at`;
  }
}

/** Files are looked at before every dial, and read when they have changed. */
const kept = new Map<string, ClientMaterial>();
/** A thousand kubelets in one process, and room. */
const MATERIALS_KEPT = 2048;

function parse(
  ca: NamedBytes | undefined,
  cert: NamedBytes | undefined,
  key: NamedBytes | undefined,
): ClientMaterial {
  const roots = ca === undefined ? [] : readRoots(ca, 'client-go');
  if (cert === undefined && key === undefined) return { pair: null, roots };
  if (cert === undefined || key === undefined) {
    const [has, lacks] = cert === undefined ? ['key', 'certificate'] : ['certificate', 'key'];
    throw problem('FILE_MISSING', `tls: failed to find any PEM data in ${lacks} input`, {
      what: `a client ${has} is given, but no client ${lacks}`,
      fix: `name the ${lacks} beside the ${has}`,
    });
  }
  return { pair: readKeyPair(cert, key), roots };
}

/** Where a source lies, for people; null when there is none. */
export function placeOf(source: PemSource | undefined): string | null {
  if (source === undefined) return null;
  return 'file' in source ? source.file : source.from;
}

/**
 * Hear when a client's own certificate or key file changes: client-go closes its connections then.
 * @returns stop listening
 * @see     client-go transport/cert_rotation.go
 */
export function onCredentialsChanged(sources: ClientSources, changed: () => void): () => void {
  const files = [sources.cert, sources.key].flatMap((source) =>
    source && 'file' in source ? [sources.host.path(source.file)] : [],
  );
  return files.length === 0 ? () => {} : watchFiles(files, changed);
}
