/** Hellos byte by byte, with every extension that current browsers, Go and OpenSSL send. */

const hex = (...parts: readonly string[]) => Buffer.from(parts.join('').replace(/\s/g, ''), 'hex');
const u16 = (value: number) => value.toString(16).padStart(4, '0');
/** Content behind its length of two bytes. */
const sized = (...parts: readonly string[]) => {
  const body = parts.join('').replace(/\s/g, '');
  return u16(body.length / 2) + body;
};
const extension = (type: number, ...body: readonly string[]) => u16(type) + sized(...body);
const text = (value: string) => Buffer.from(value).toString('hex');

/** A handshake message: type(1) length(3) body. */
export function handshake(type: number, body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(type, 0, body.length >> 8, body.length & 0xff), body]);
}

/** A record in the clear. */
export function record(type: number, fragment: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(type, 3, 1, fragment.length >> 8, fragment.length & 0xff), fragment]);
}

/** A ClientHello with GREASE, ECH, ALPS, a PSK and all the ordinary extensions. */
export const CLIENT_HELLO: Uint8Array = handshake(
  1,
  hex(
    '0303', // legacy_version: TLS 1.2
    `${'00'.repeat(31)}07`, // random
    '04 01020304', // legacy_session_id
    sized(
      '2a2a', // GREASE
      '1301', // TLS_AES_128_GCM_SHA256
      'c02b', // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
      '00ff', // TLS_EMPTY_RENEGOTIATION_INFO_SCSV
      '7777', // nobody's
    ),
    '01 00', // legacy_compression_methods: null
    sized(
      extension(0x3a3a), // GREASE
      extension(0, sized('00', sized(text('worker-1')))), // server_name
      extension(5, '01 0000 0000'), // status_request: ocsp
      extension(10, sized('6a6a 11ec 001d 0017')), // supported_groups
      extension(11, '01 00'), // ec_point_formats
      extension(13, sized('0403 0804 0401')), // signature_algorithms
      extension(16, sized('02', text('h2'), '08', text('http/1.1'))), // ALPN
      extension(18), // signed_certificate_timestamp
      extension(22), // encrypt_then_mac
      extension(23), // extended_master_secret
      extension(27, '02 0002'), // compress_certificate: brotli
      extension(28, '4001'), // record_size_limit
      extension(35), // session_ticket
      extension(42), // early_data
      extension(43, '06 4a4a 0304 0303'), // supported_versions
      extension(44, sized('c0ffee')), // cookie
      extension(45, '01 01'), // psk_key_exchange_modes
      extension(
        47, // certificate_authorities: CN=kubernetes
        sized(sized('3015 3113 3011 0603 550403 0c0a', text('kubernetes'))),
      ),
      extension(49), // post_handshake_auth
      extension(50, sized('0403')), // signature_algorithms_cert
      extension(51, sized('6a6a', sized('00'), '001d', sized('aa'.repeat(32)))), // key_share
      extension(17513, sized('02', text('h2'))), // application_settings
      extension(21, '0000'), // padding
      extension(65037, '00 0001 0001 07', sized('bb'), sized('cc')), // encrypted_client_hello
      extension(65281, '00'), // renegotiation_info
      extension(41, sized(sized('dd'), '00000001'), sized('02 eeee')), // pre_shared_key
    ),
  ),
);

/** A ServerHello of TLS 1.3 that picks x25519. */
export const SERVER_HELLO: Uint8Array = handshake(
  2,
  hex(
    '0303',
    '11'.repeat(32), // random
    '04 01020304', // legacy_session_id_echo
    '1301', // TLS_AES_128_GCM_SHA256
    '00',
    sized(extension(43, '0304'), extension(51, '001d', sized('aa'.repeat(32))), extension(41, '0000')),
  ),
);

/** A ServerHello of TLS 1.2 from a server that was talked down from 1.3. */
export const DOWNGRADED_SERVER_HELLO: Uint8Array = handshake(
  2,
  hex(
    '0303',
    `${'11'.repeat(24)}444f574e47524401`, // random with the downgrade mark
    '00',
    'c02b', // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    '00',
    sized(extension(65281, '00'), extension(11, '01 00'), extension(16, sized('02', text('h2')))),
  ),
);
