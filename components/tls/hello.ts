/**
 * ClientHello, ServerHello, HelloRetryRequest and EncryptedExtensions, in wire order.
 *
 * @see RFC 8446 section 4.1, RFC 5246 section 7.4.1
 */
import { cipherSuite, cipherSuiteName } from './cipher-suites.ts';
import { readExtensions } from './extensions.ts';
import { type FieldReader, sayBytes, toHex } from './field-reader.ts';
import type { MessageFacts } from './message-facts.ts';
import { COMPRESSION_METHODS, GROUPS, isGrease, lookUp, say8, TLS13, versionName } from './registries.ts';

/** A ServerHello with this random is a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 8446, 4.1.3). */
const RETRY_RANDOM = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');
/** The last eight bytes of a random when a TLS 1.3 server was talked down (RFC 8446, 4.1.3). */
const DOWNGRADE = {
  '444f574e47524401': 'this server could do TLS 1.3',
  '444f574e47524400': 'this server could do TLS 1.2',
} as const satisfies Record<string, string>;

/** True for the random of a HelloRetryRequest. */
export function isRetryRandom(random: Uint8Array): boolean {
  return RETRY_RANDOM.equals(random);
}

/** Read a ClientHello's body. */
export function readClientHello(reader: FieldReader, facts: MessageFacts): void {
  facts.legacyVersion = reader.number('legacy_version', 2, versionName);
  facts.random = reader.take('random', 32, toHex);
  reader.opaque('legacy_session_id', 1);
  let count = 0;
  reader.vector('cipher_suites', 2, (list) =>
    list.list(() => {
      if (!isGrease(list.number('cipher_suite', 2, sayCipher))) count += 1;
    }),
  );
  facts.cipherCount = count;
  reader.vector('legacy_compression_methods', 1, (list) =>
    list.list(() => list.number('method', 1, (n) => say8(COMPRESSION_METHODS, n))),
  );
  // TLS 1.2 allows a hello without extensions.
  if (reader.left > 0) readExtensions(reader, 'client_hello', facts);
}

/** Read a ServerHello's body, or a HelloRetryRequest's: the random tells which. */
export function readServerHello(reader: FieldReader, facts: MessageFacts): void {
  facts.legacyVersion = reader.number('legacy_version', 2, versionName);
  facts.random = reader.take('random', 32, sayServerRandom);
  reader.opaque('legacy_session_id_echo', 1);
  facts.cipher = reader.number('cipher_suite', 2, sayCipher);
  reader.number('legacy_compression_method', 1, (n) => say8(COMPRESSION_METHODS, n));
  const carrier = isRetryRandom(facts.random) ? 'hello_retry_request' : 'server_hello';
  if (reader.left > 0) readExtensions(reader, carrier, facts);
  facts.version ??= facts.legacyVersion;
}

/** Read the body of EncryptedExtensions. */
export function readEncryptedExtensions(reader: FieldReader, facts: MessageFacts): void {
  readExtensions(reader, 'encrypted_extensions', facts);
}

/** `SNI worker-1, offers TLS 1.3 and 1.2, 59 cipher suites, ALPN h2 or http/1.1`. */
export function summarizeClientHello(facts: MessageFacts): string {
  const versions = (facts.versions ?? [facts.legacyVersion ?? 0]).filter((version) => !isGrease(version));
  const parts = [
    facts.sni === undefined ? 'no SNI' : `SNI ${facts.sni}`,
    `offers ${sayVersions(versions)}`,
    `${facts.cipherCount ?? 0} cipher suites`,
  ];
  if (facts.alpn !== undefined) parts.push(`ALPN ${facts.alpn.join(' or ')}`);
  return parts.join(', ');
}

/** `picks TLS 1.3, TLS_AES_128_GCM_SHA256, x25519`. */
export function summarizeServerHello(facts: MessageFacts): string {
  const parts = [`picks ${versionName(facts.version ?? 0)}`, sayCipherShort(facts.cipher ?? 0)];
  if (facts.group !== undefined) parts.push(groupName(facts.group));
  if (facts.alpn !== undefined) parts.push(`ALPN ${facts.alpn.join(', ')}`);
  return parts.join(', ');
}

/** `asks for another hello, with a key share of secp384r1`. */
export function summarizeRetry(facts: MessageFacts): string {
  const group = facts.group === undefined ? '' : `, with a key share of ${groupName(facts.group)}`;
  return `asks for another hello${group}`;
}

/** `ALPN h2`, or that there is nothing to say. */
export function summarizeEncryptedExtensions(facts: MessageFacts): string {
  return facts.alpn === undefined ? 'nothing to add' : `ALPN ${facts.alpn.join(', ')}`;
}

/** The name of a group without its number. */
export function groupName(number: number): string {
  return lookUp<string>(GROUPS, number) ?? `group 0x${number.toString(16)}`;
}

/** `TLS 1.3, 1.2 and 1.1`. */
function sayVersions(versions: readonly number[]): string {
  const [first = 'no version', ...others] = [...versions].sort((a, b) => b - a).map(versionName);
  const rest = others.map((name) => name.replace('TLS ', ''));
  const last = rest.pop();
  return last === undefined ? first : `${[first, ...rest].join(', ')} and ${last}`;
}

function sayCipher(number: number): string {
  const name = cipherSuiteName(number) ?? (isGrease(number) ? 'GREASE' : 'unassigned');
  return `${name} (0x${number.toString(16).padStart(4, '0')})`;
}

function sayCipherShort(number: number): string {
  return cipherSuite(number)?.name ?? sayCipher(number);
}

function sayServerRandom(random: Uint8Array): string {
  if (isRetryRandom(random)) return `${toHex(random)} (HelloRetryRequest)`;
  const tail = sayBytes(random.subarray(24));
  const meaning = Object.hasOwn(DOWNGRADE, tail) ? DOWNGRADE[tail as keyof typeof DOWNGRADE] : undefined;
  return meaning === undefined ? toHex(random) : `${toHex(random)} (${meaning})`;
}

/** True for a negotiated version that encrypts from ServerHello on. */
export function isTls13(version: number | null): boolean {
  return version === TLS13;
}
