/**
 * The KeyExchange messages of TLS 1.2, and the small messages of both versions that end and renew keys.
 *
 * @see RFC 8422 section 5.4, RFC 5246 sections 7.4.3 and 7.4.7, RFC 8446 section 4.6
 */
import { schemeName } from './certificate-message.ts';
import { readExtensions } from './extensions.ts';
import { DecodeError, type FieldReader } from './field-reader.ts';
import { groupName, isTls13 } from './hello.ts';
import type { MessageContext, MessageFacts } from './message-facts.ts';
import { CURVE_TYPES, GROUPS, KEY_UPDATE_REQUESTS, SIGNATURE_SCHEMES, say8, say16 } from './registries.ts';

const NAMED_CURVE = 3;

/** Read a ServerKeyExchange's body; its form is that of the cipher suite's key exchange. */
export function readServerKeyExchange(
  reader: FieldReader,
  facts: MessageFacts,
  context: MessageContext,
): void {
  const keyExchange = context.suite?.keyExchange;
  if (keyExchange === 'ecdhe') {
    const start = reader.offset;
    const type = reader.number('curve_type', 1, (n) => say8(CURVE_TYPES, n));
    if (type !== NAMED_CURVE) throw new DecodeError(start, 'curve type 3, named_curve', String(type));
    facts.group = reader.number('named_curve', 2, (n) => say16(GROUPS, n));
    reader.opaque('public', 1);
  } else if (keyExchange === 'dhe') {
    reader.opaque('dh_p', 2);
    reader.opaque('dh_g', 2);
    reader.opaque('dh_Ys', 2);
  } else {
    reader.rest('params');
    return;
  }
  if (context.suite?.signed === true) {
    facts.scheme = reader.number('algorithm', 2, (n) => say16(SIGNATURE_SCHEMES, n));
    reader.opaque('signature', 2);
  }
}

/** Read a ClientKeyExchange's body. */
export function readClientKeyExchange(reader: FieldReader, _: MessageFacts, context: MessageContext): void {
  const keyExchange = context.suite?.keyExchange;
  if (keyExchange === 'ecdhe') reader.opaque('ecdh_Yc', 1);
  else if (keyExchange === 'dhe') reader.opaque('dh_Yc', 2);
  else if (keyExchange === 'rsa') reader.opaque('encrypted_pre_master_secret', 2);
  else reader.rest('exchange_keys');
}

/** Read a Finished' body: the check value over all messages so far. */
export function readFinished(reader: FieldReader): void {
  reader.rest('verify_data');
}

/** Read a NewSessionTicket's body. */
export function readNewSessionTicket(
  reader: FieldReader,
  facts: MessageFacts,
  context: MessageContext,
): void {
  facts.lifetimeSeconds = reader.number('ticket_lifetime', 4, (n) => `${n} s`);
  if (isTls13(context.version)) {
    reader.number('ticket_age_add', 4);
    reader.opaque('ticket_nonce', 1);
    reader.opaque('ticket', 2);
    readExtensions(reader, 'new_session_ticket', facts);
  } else {
    reader.opaque('ticket', 2);
  }
}

/** Read a KeyUpdate's body. */
export function readKeyUpdate(reader: FieldReader, facts: MessageFacts): void {
  facts.updateRequested = reader.number('request_update', 1, (n) => say8(KEY_UPDATE_REQUESTS, n));
}

/** `x25519, signed with rsa_pss_rsae_sha256`. */
export function summarizeServerKeyExchange(facts: MessageFacts, context: MessageContext): string {
  const group = facts.group === undefined ? (context.suite?.keyExchange ?? 'a key') : groupName(facts.group);
  return facts.scheme === undefined ? group : `${group}, signed with ${schemeName(facts.scheme)}`;
}

/** What the client answers to the server's key. */
export function summarizeClientKeyExchange(_: MessageFacts, context: MessageContext): string {
  return context.suite?.keyExchange === 'rsa'
    ? 'a secret, encrypted with the key in the certificate'
    : 'its half of the key';
}

/** How long a ticket lives. */
export function summarizeNewSessionTicket(facts: MessageFacts): string {
  return `a ticket to resume, good for ${facts.lifetimeSeconds ?? 0} s`;
}

/** Whether the peer shall change its keys too. */
export function summarizeKeyUpdate(facts: MessageFacts): string {
  return facts.updateRequested === 1
    ? 'new keys from here on, and asks the same of the peer'
    : 'new keys from here on';
}
