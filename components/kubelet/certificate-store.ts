/**
 * Where a kubelet keeps the certificates that it asked for: one file per certificate, with the key behind it, and a
 * link to the current one.
 *
 * `kubelet-client-2026-11-24-10-00-00.pem`, `kubelet-client-current.pem` -> the newest. The link is relative, so that
 * it stays inside the host's folder; the real kubelet's is absolute.
 *
 * @see client-go util/certificate/certificate_store.go
 */
import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { posix } from 'node:path';
import { MODES, readTextIfAny, writeAtomic } from '../../certs/files.ts';
import { readPem } from '../../certs/pem.ts';
import { type Certificate, readCertificate } from '../../certs/x509.ts';
import type { Host } from '../host.ts';

/** The certificates of one purpose, on one host. */
export interface CertificateStore {
  /** Path of the link, inside the host. */
  readonly currentPath: string;
  /** The certificate behind the link; null when there is none that can be read. */
  current(): Certificate | null;
  /**
   * Keep a new pair and point the link at it.
   * @param certPem  the certificate, with its intermediates
   * @param keyPem   its key
   * @throws         LabError DIR_UNWRITABLE
   */
  update(certPem: string, keyPem: string): void;
}

/**
 * Open the store; makes nothing.
 * @param folder  `--cert-dir`, inside the host
 * @param prefix  `kubelet-client` or `kubelet-server`
 */
export function openCertificateStore(host: Host, folder: string, prefix: string): CertificateStore {
  const currentPath = posix.join(folder, `${prefix}-current.pem`);
  return {
    currentPath,
    current: () => {
      const text = readTextIfAny(host.path(currentPath));
      return text === null ? null : firstCertificate(text);
    },
    update: (certPem, keyPem) => {
      const name = `${prefix}-${stamp(host.now())}.pem`;
      writeAtomic(host.path(posix.join(folder, name)), `${certPem.trimEnd()}\n${keyPem}`, MODES.key);
      const updated = host.path(posix.join(folder, `${prefix}-updated.pem`));
      rmSync(updated, { force: true });
      symlinkSync(name, updated);
      renameSync(updated, host.path(currentPath));
    },
  };
}

/** The first certificate of a PEM text; null when there is none that can be read. */
export function firstCertificate(pem: string): Certificate | null {
  const block = readPem(pem).find(({ label }) => label === 'CERTIFICATE');
  if (!block) return null;
  try {
    return readCertificate(block.bytes);
  } catch {
    return null;
  }
}

/** `2006-01-02-15-04-05`. */
function stamp(now: Date): string {
  return now.toISOString().slice(0, 19).replace(/[T:]/g, '-');
}
