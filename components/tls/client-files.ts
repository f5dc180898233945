/**
 * The files behind a client, read afresh at every dial, as client-go does: a file that changes is used by the next
 * connection.
 */
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
  const read = (source: PemSource): NamedBytes =>
    'file' in source ? readFile(host, source.file) : { from: source.from, bytes: Buffer.from(source.pem) };
  const roots = ca === undefined ? [] : readRoots(read(ca), 'client-go');
  if (cert === undefined && key === undefined) return { pair: null, roots };
  if (cert === undefined || key === undefined) {
    const [has, lacks] = cert === undefined ? ['key', 'certificate'] : ['certificate', 'key'];
    throw problem('FILE_MISSING', `tls: failed to find any PEM data in ${lacks} input`, {
      what: `a client ${has} is given, but no client ${lacks}`,
      fix: `name the ${lacks} beside the ${has}`,
    });
  }
  return { pair: readKeyPair(read(cert), read(key)), roots };
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
