/**
 * Who sends a request: by client certificate, by bearer token, or nobody.
 *
 * A credential that is shown and refused is never treated as no credential: it ends in 401.
 *
 * @see apiserver pkg/authentication/request/{x509,bearertoken,union}, pkg/endpoints/filters/authentication.go
 */
import type { IncomingMessage } from 'node:http';
import { readCertificate } from '../../certs/x509.ts';
import { ANONYMOUS, AUTHENTICATED, type UserInfo, userOfCertificate } from '../api/identity.ts';
import { unauthorized } from '../api/status.ts';
import { type Peer, peerOf } from '../tls/server.ts';
import type { ApiServer } from './server-context.ts';
import type { Tokens } from './tokens.ts';

/**
 * The user of a request.
 * @throws StatusError 401
 */
export async function authenticate(
  api: ApiServer,
  tokens: Tokens,
  request: IncomingMessage,
): Promise<UserInfo> {
  const peer = peerOf(request.socket);
  const errors: string[] = [];
  if (peer.verdict) {
    if (peer.verdict.accepted) {
      const user = certificateUser(peer);
      if (user) return user;
    } else errors.push(refusalText(peer, peer.verdict.text ?? ''));
  }
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? tokenInProtocol(request);
  if (token !== undefined) {
    const outcome = await tokens.userOf(token);
    if ('user' in outcome) {
      return { ...outcome.user, groups: [...new Set([...outcome.user.groups, AUTHENTICATED])] };
    }
    errors.push(outcome.problem);
  }
  if (errors.length > 0) {
    const err = errors.length === 1 ? `[${errors[0]}]` : `[${errors.join(', ')}]`;
    api.log('E', 'authentication.go:75', 'Unable to authenticate the request', { err });
    throw unauthorized();
  }
  if (!api.flags['anonymous-auth']) throw unauthorized();
  return ANONYMOUS;
}

const users = new WeakMap<Uint8Array, UserInfo>();

/** Certificates are read once per connection. */
function certificateUser(peer: Peer): UserInfo | undefined {
  const [leaf] = peer.chain;
  if (!leaf) return undefined;
  const known = users.get(leaf);
  if (known) return known;
  const user = userOfCertificate(leaf);
  if (user) users.set(leaf, user);
  return user;
}

/** A browser's way to send a token over WebSocket. apiserver pkg/authentication/request/websocket/protocol.go */
function tokenInProtocol(request: IncomingMessage): string | undefined {
  const protocols = request.headers['sec-websocket-protocol'] ?? '';
  const encoded = /base64url\.bearer\.authorization\.k8s\.io\.([A-Za-z0-9_-]+)/.exec(protocols)?.[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64url').toString('utf8');
}

/** `x509: …, verifying certificate SN=…, SKID=…, AKID=… failed: x509: …`, as x509.go writes it. */
function refusalText(peer: Peer, text: string): string {
  const [leaf] = peer.chain;
  if (!leaf) return text;
  try {
    const { serial, subjectKeyId, authorityKeyId } = readCertificate(leaf);
    const which = `SN=${serial}, SKID=${colons(subjectKeyId)}, AKID=${colons(authorityKeyId)}`;
    return `${text}, verifying certificate ${which} failed: ${text}`;
  } catch {
    return text;
  }
}

function colons(bytes: Uint8Array | null): string {
  return [...(bytes ?? [])].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':');
}
