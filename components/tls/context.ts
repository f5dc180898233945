/**
 * What OpenSSL is told about an identity: versions, cipher suites, certificate, and whose names to announce.
 *
 * SECLEVEL=0 everywhere: weak certificates load, and our verdict refuses them, not OpenSSL. No trust anchor is ever
 * given to OpenSSL (see stand-in.ts). A context costs 1.5 ms: it is made at the first connection and kept.
 */
import { constants } from 'node:crypto';
import {
  createSecureContext,
  DEFAULT_CIPHERS,
  type SecureContext,
  type SecureContextOptions,
} from 'node:tls';
import { LabError } from '../../certs/errors.ts';
import type { Settings, TlsVersion } from '../component.ts';
import type { KeyPairMaterial } from './credentials.ts';
import { standInFor } from './stand-in.ts';

/** IANA -> OpenSSL, for the suites that Go has. @see Go src/crypto/tls/cipher_suites.go; OpenSSL ciphers(1) */
const OPENSSL_NAMES: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: 'ECDHE-ECDSA-AES128-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: 'ECDHE-RSA-AES128-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_RSA_WITH_AES_128_CBC_SHA: 'AES128-SHA',
  TLS_RSA_WITH_AES_128_CBC_SHA256: 'AES128-SHA256',
  TLS_RSA_WITH_AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
  TLS_RSA_WITH_AES_256_CBC_SHA: 'AES256-SHA',
  TLS_RSA_WITH_AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
  TLS_AES_128_GCM_SHA256: 'TLS_AES_128_GCM_SHA256',
  TLS_AES_256_GCM_SHA384: 'TLS_AES_256_GCM_SHA384',
  TLS_CHACHA20_POLY1305_SHA256: 'TLS_CHACHA20_POLY1305_SHA256',
};

const SUITES_13 = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';
const VERSIONS: readonly TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];
/** A thousand kubelets in one process, and room. */
const CONTEXTS_KEPT = 2048;

/** What a context is made from. */
export interface ContextRequest {
  readonly settings: Settings;
  readonly pair: KeyPairMaterial | null;
  /** Trust anchors whose Subjects a server announces, DER. */
  readonly announce: readonly Uint8Array[];
  readonly minVersion?: TlsVersion;
  readonly maxVersion?: TlsVersion;
  /** IANA names; TLS 1.3's suites cannot be chosen, as in Go. */
  readonly cipherSuites?: readonly string[];
  /** OpenSSL's group list, `P-384`; to make a HelloRetryRequest happen. */
  readonly groups?: string;
}

/**
 * The options from which Node makes a context.
 * @throws LabError FLAG_INVALID for an unknown cipher suite
 */
export function contextOptions(request: ContextRequest): SecureContextOptions {
  const { settings, pair } = request;
  const versions = versionRange(request);
  return {
    ...versions,
    ...(pair ? { cert: pair.certPem, key: pair.keyPem } : {}),
    // An empty list, too: without one, Node would load its own hundred and fifty roots.
    ca: request.announce.flatMap((der) => standInFor(der) ?? []),
    ciphers: `${cipherList(settings.ciphers, request.cipherSuites)}:@SECLEVEL=0`,
    ecdhCurve: request.groups ?? 'auto',
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  };
}

const kept = new Map<string, SecureContext>();

/** A client's context, kept until others have pushed it out. */
export function clientContext(request: ContextRequest): SecureContext {
  const { min, max } = { min: request.minVersion, max: request.maxVersion };
  const { tlsMinVersion, tlsMaxVersion, ciphers } = request.settings;
  const key = [
    request.pair?.fingerprint,
    min,
    max,
    tlsMinVersion,
    tlsMaxVersion,
    ciphers,
    request.cipherSuites?.join(),
    request.groups,
  ].join('|');
  const known = kept.get(key);
  if (known) return known;
  const context = createSecureContext(contextOptions(request));
  kept.set(key, context);
  const [oldest] = kept.keys();
  if (kept.size > CONTEXTS_KEPT && oldest !== undefined) kept.delete(oldest);
  return context;
}

/** Flags choose the range, lab.yaml moves its ends; an empty range becomes its upper end. */
export function versionRange(request: Pick<ContextRequest, 'settings' | 'minVersion' | 'maxVersion'>): {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
} {
  const { settings } = request;
  const max = lower(request.maxVersion ?? 'TLSv1.3', settings.tlsMaxVersion ?? 'TLSv1.3');
  const min = settings.tlsMinVersion ?? request.minVersion ?? 'TLSv1.2';
  return { minVersion: lower(min, max), maxVersion: max };
}

function lower(a: TlsVersion, b: TlsVersion): TlsVersion {
  return VERSIONS.indexOf(a) < VERSIONS.indexOf(b) ? a : b;
}

function cipherList(openssl: string | undefined, iana: readonly string[] | undefined): string {
  if (openssl !== undefined && openssl !== '') {
    return openssl.includes('TLS_') ? openssl : `${openssl}:${SUITES_13}`;
  }
  if (iana === undefined || iana.length === 0) return DEFAULT_CIPHERS;
  const names = iana.map((name) => {
    const known = OPENSSL_NAMES[name];
    if (known !== undefined) return known;
    throw new LabError('FLAG_INVALID', {
      what: `Cipher suite ${name} not supported or doesn't exist`,
      fix: `choose from ${Object.keys(OPENSSL_NAMES).join(', ')}`,
    });
  });
  return [...new Set([...names.filter((name) => !name.startsWith('TLS_')), SUITES_13])].join(':');
}
