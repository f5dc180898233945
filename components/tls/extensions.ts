/**
 * TLS extensions: one row per number, with the reader of its body in each message that may carry it.
 *
 * Source: IANA, TLS ExtensionType Values (RFC 8446 section 4.2 says which message carries what). Date: 2026-04.
 * Rows that IANA does not have are marked with who uses them.
 */
import { type FieldReader, sayText } from './field-reader.ts';
import type { MessageFacts } from './message-facts.ts';
import { nameInWords } from './names.ts';
import {
  CERTIFICATE_COMPRESSIONS,
  CERTIFICATE_TYPES,
  GROUPS,
  isGrease,
  lookUp,
  MAX_FRAGMENT_LENGTHS,
  POINT_FORMATS,
  PSK_MODES,
  SIGNATURE_SCHEMES,
  STATUS_TYPES,
  say8,
  say16,
  versionName,
} from './registries.ts';

/** The message that carries an extension: the form of its body depends on it. */
export type Carrier =
  | 'client_hello'
  | 'server_hello'
  | 'hello_retry_request'
  | 'encrypted_extensions'
  | 'certificate_request'
  | 'certificate'
  | 'new_session_ticket';

/** Reads one extension's body. `reader` ends where the body ends. */
type ReadBody = (reader: FieldReader, carrier: Carrier, facts: MessageFacts) => void;

interface ExtensionRow {
  readonly name: string;
  /** Absent: shown as bytes, or as empty. */
  readonly read?: ReadBody;
}

const EXTENSIONS: Readonly<Record<number, ExtensionRow>> = {
  0: { name: 'server_name', read: readServerName },
  1: {
    name: 'max_fragment_length',
    read: (r) => r.number('max_fragment_length', 1, (n) => say8(MAX_FRAGMENT_LENGTHS, n)),
  },
  2: { name: 'client_certificate_url' },
  3: { name: 'trusted_ca_keys' },
  4: { name: 'truncated_hmac' },
  5: { name: 'status_request', read: readStatusRequest },
  10: { name: 'supported_groups', read: (r) => read16s(r, 'named_group_list', GROUPS) },
  11: {
    name: 'ec_point_formats',
    read: (r) =>
      r.vector('ec_point_format_list', 1, (inner) =>
        inner.list(() => inner.number('format', 1, (n) => say8(POINT_FORMATS, n))),
      ),
  },
  13: { name: 'signature_algorithms', read: readSchemes },
  14: { name: 'use_srtp' },
  15: { name: 'heartbeat', read: (r) => r.number('mode', 1) },
  16: { name: 'application_layer_protocol_negotiation', read: readAlpn },
  17: { name: 'status_request_v2' },
  18: { name: 'signed_certificate_timestamp' },
  19: { name: 'client_certificate_type', read: readCertificateTypes },
  20: { name: 'server_certificate_type', read: readCertificateTypes },
  21: { name: 'padding', read: (r) => r.rest('zeros', (bytes) => `${bytes.length} bytes`) },
  22: {
    name: 'encrypt_then_mac',
    read: (_, carrier, facts) => {
      if (carrier === 'server_hello') facts.encryptThenMac = true;
    },
  },
  23: { name: 'extended_master_secret' },
  24: { name: 'token_binding' },
  25: { name: 'cached_info' },
  27: {
    name: 'compress_certificate',
    read: (r) =>
      r.vector('algorithms', 1, (inner) =>
        inner.list(() => inner.number('algorithm', 2, (n) => say16(CERTIFICATE_COMPRESSIONS, n))),
      ),
  },
  28: { name: 'record_size_limit', read: (r) => r.number('record_size_limit', 2) },
  34: {
    name: 'delegated_credential',
    read: (r) => read16s(r, 'supported_signature_algorithms', SIGNATURE_SCHEMES),
  },
  35: { name: 'session_ticket' },
  41: { name: 'pre_shared_key', read: readPreSharedKey },
  42: {
    name: 'early_data',
    read: (r, carrier) => carrier === 'new_session_ticket' && r.number('max_early_data_size', 4),
  },
  43: { name: 'supported_versions', read: readSupportedVersions },
  44: { name: 'cookie', read: (r) => r.opaque('cookie', 2) },
  45: {
    name: 'psk_key_exchange_modes',
    read: (r) =>
      r.vector('ke_modes', 1, (inner) =>
        inner.list(() => inner.number('mode', 1, (n) => say8(PSK_MODES, n))),
      ),
  },
  47: { name: 'certificate_authorities', read: readAuthorities },
  48: { name: 'oid_filters' },
  49: { name: 'post_handshake_auth' },
  50: {
    name: 'signature_algorithms_cert',
    read: (r) => read16s(r, 'supported_signature_algorithms', SIGNATURE_SCHEMES),
  },
  51: { name: 'key_share', read: readKeyShare },
  52: { name: 'transparency_info' },
  54: { name: 'connection_id' },
  57: { name: 'quic_transport_parameters' },
  58: { name: 'ticket_request' },
  59: { name: 'dnssec_chain' },
  13172: { name: 'next_protocol_negotiation (not IANA: before ALPN)' },
  17513: { name: 'application_settings (not IANA: Chromium)', read: readApplicationSettings },
  17613: { name: 'application_settings (not IANA: Chromium)', read: readApplicationSettings },
  64768: { name: 'ech_outer_extensions' },
  65037: { name: 'encrypted_client_hello', read: readEncryptedClientHello },
  65281: { name: 'renegotiation_info', read: (r) => r.opaque('renegotiated_connection', 1) },
};

/** IANA's name of an extension; `GREASE` and `unassigned` for those without. */
export function extensionName(number: number): string {
  return lookUp(EXTENSIONS, number)?.name ?? (isGrease(number) ? 'GREASE' : 'unassigned');
}

/** Every row of the table: `[number, name]`. */
export function extensionNames(): readonly (readonly [number, string])[] {
  return Object.entries(EXTENSIONS).map(([number, row]) => [Number(number), row.name]);
}

/**
 * Read a block of extensions: length(2), then type(2) length(2) body for each.
 * @see RFC 8446 section 4.2
 */
export function readExtensions(reader: FieldReader, carrier: Carrier, facts: MessageFacts): void {
  reader.vector(
    'extensions',
    2,
    (block) => block.list(() => readExtension(block, carrier, facts)),
    (children) => `${children.length}: ${children.map((child) => child.name).join(', ')}`,
  );
}

function readExtension(block: FieldReader, carrier: Carrier, facts: MessageFacts): void {
  const number = block.peek(2);
  const row = lookUp(EXTENSIONS, number);
  const name = block.quiet ? '' : extensionName(number);
  block.group(
    name,
    (extension) => {
      extension.number('extension_type', 2, (value) => `${extensionName(value)} (${value})`);
      extension.vector('extension_data', 2, (body) => {
        if (body.left === 0 && row?.read !== undefined && !MUST_READ_EMPTY.has(number)) return;
        if (row?.read === undefined) body.rest('data');
        else row.read(body, carrier, facts);
      });
    },
    (children) => children.at(-1)?.value ?? '',
  );
}

/** Bodies whose emptiness means something. */
const MUST_READ_EMPTY: ReadonlySet<number> = new Set([22]);

function readServerName(reader: FieldReader, _: Carrier, facts: MessageFacts): void {
  reader.vector('server_name_list', 2, (list) =>
    list.list(() => {
      list.number('name_type', 1, (n) => (n === 0 ? 'host_name (0)' : `unassigned (${n})`));
      const name = list.opaque('host_name', 2, sayText);
      facts.sni = Buffer.from(name).toString('latin1');
    }),
  );
}

function readAlpn(reader: FieldReader, _: Carrier, facts: MessageFacts): void {
  const protocols: string[] = [];
  reader.vector('protocol_name_list', 2, (list) =>
    list.list(() => {
      protocols.push(Buffer.from(list.opaque('protocol_name', 1, sayText)).toString('latin1'));
    }),
  );
  facts.alpn = protocols;
}

/** @see draft-vvv-tls-alps: the protocols that settings are offered for, or the settings themselves */
function readApplicationSettings(reader: FieldReader, carrier: Carrier): void {
  if (carrier !== 'client_hello') reader.rest('settings');
  else
    reader.vector('supported_protocols', 2, (list) => list.list(() => list.opaque('protocol', 1, sayText)));
}

/** @see draft-ietf-tls-esni-25 section 5; browsers send one filled with random bytes where they have no key */
function readEncryptedClientHello(reader: FieldReader, carrier: Carrier): void {
  if (carrier !== 'client_hello') {
    reader.rest('retry_configs');
    return;
  }
  const type = reader.number('type', 1, (n) => (n === 0 ? 'outer (0)' : `inner (${n})`));
  if (type !== 0) return;
  reader.number('kdf_id', 2);
  reader.number('aead_id', 2);
  reader.number('config_id', 1);
  reader.opaque('enc', 2);
  reader.opaque('payload', 2);
}

function readSupportedVersions(reader: FieldReader, carrier: Carrier, facts: MessageFacts): void {
  if (carrier !== 'client_hello') {
    facts.version = reader.number('selected_version', 2, versionName);
    return;
  }
  const versions: number[] = [];
  reader.vector('versions', 1, (list) =>
    list.list(() => {
      versions.push(list.number('version', 2, versionName));
    }),
  );
  facts.versions = versions;
}

function readKeyShare(reader: FieldReader, carrier: Carrier, facts: MessageFacts): void {
  if (carrier === 'hello_retry_request') {
    facts.group = reader.number('selected_group', 2, (n) => say16(GROUPS, n));
    return;
  }
  const readEntry = (entry: FieldReader): number => {
    const group = entry.number('group', 2, (n) => say16(GROUPS, n));
    entry.opaque('key_exchange', 2);
    return group;
  };
  if (carrier === 'server_hello') {
    facts.group = readEntry(reader);
    return;
  }
  reader.vector('client_shares', 2, (list) =>
    list.list(() => list.group('key_share_entry', readEntry, (children) => children[0]?.value ?? '')),
  );
}

function readSchemes(reader: FieldReader): void {
  read16s(reader, 'supported_signature_algorithms', SIGNATURE_SCHEMES);
}

function readStatusRequest(reader: FieldReader, carrier: Carrier): void {
  reader.number('status_type', 1, (n) => say8(STATUS_TYPES, n));
  if (carrier === 'certificate') {
    reader.opaque('response', 3);
    return;
  }
  reader.opaque('responder_id_list', 2);
  reader.opaque('request_extensions', 2);
}

function readCertificateTypes(reader: FieldReader, carrier: Carrier): void {
  const readType = (from: FieldReader) => from.number('type', 1, (n) => say8(CERTIFICATE_TYPES, n));
  if (carrier === 'client_hello') reader.vector('types', 1, (list) => list.list(readType));
  else readType(reader);
}

function readPreSharedKey(reader: FieldReader, carrier: Carrier): void {
  if (carrier !== 'client_hello') {
    reader.number('selected_identity', 2);
    return;
  }
  reader.vector('identities', 2, (list) =>
    list.list(() => {
      list.opaque('identity', 2);
      list.number('obfuscated_ticket_age', 4);
    }),
  );
  reader.vector('binders', 2, (list) => list.list(() => list.opaque('binder', 1)));
}

/**
 * Read a list of distinguished names: the CAs that the sender accepts.
 * @see RFC 8446 section 4.2.4
 */
export function readAuthorities(reader: FieldReader, _: Carrier, facts: MessageFacts): void {
  const authorities: Uint8Array[] = [];
  reader.vector('authorities', 2, (list) =>
    list.list(() => {
      authorities.push(list.opaque('distinguished_name', 2, nameInWords));
    }),
  );
  facts.authorities = authorities;
}

/** Read a list of two-byte numbers behind a length of two bytes. */
export function read16s(reader: FieldReader, name: string, table: Readonly<Record<number, string>>): void {
  reader.vector(name, 2, (list) => list.list(() => list.number('value', 2, (n) => say16(table, n))));
}
