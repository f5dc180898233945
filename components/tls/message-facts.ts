/**
 * What the decoder must know from a message at once, while the connection is alive. Everything else waits until
 * somebody looks.
 */
import type { CipherSuite } from './cipher-suites.ts';
import type { Side } from './trace.ts';

/** Filled by the readers, by message: absent means that the message does not say. Byte arrays are views. */
export interface MessageFacts {
  /** 32 bytes, of ClientHello or ServerHello. */
  random?: Uint8Array;
  /** The version field of a hello, before supported_versions. */
  legacyVersion?: number;
  /** Versions that a client offers in supported_versions. */
  versions?: readonly number[];
  /** The version that a server picks in supported_versions. */
  version?: number;
  /** How many cipher suites a client offers; which one a server picks. */
  cipherCount?: number;
  cipher?: number;
  sni?: string;
  /** Offered by the client, or the one picked. */
  alpn?: readonly string[];
  /** The group of the server's key share, or the one that a HelloRetryRequest wants. */
  group?: number;
  encryptThenMac?: boolean;
  /** DER, leaf first. */
  certificates?: readonly Uint8Array[];
  /** RFC 8879: the algorithm that a CompressedCertificate was squeezed with. */
  compression?: number;
  /** DER of distinguished names, of CertificateRequest. */
  authorities?: readonly Uint8Array[];
  /** SignatureScheme of CertificateVerify or of a signed key exchange. */
  scheme?: number;
  /** KeyUpdate: 1 when the peer shall update too. */
  updateRequested?: number;
  /** Seconds that a ticket lives. */
  lifetimeSeconds?: number;
}

/** What a message's form depends on. */
export interface MessageContext {
  readonly from: Side;
  /** Negotiated version; null before ServerHello. */
  readonly version: number | null;
  readonly suite: CipherSuite | null;
}
