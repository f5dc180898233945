/**
 * Helpers with which a fault states its outcomes: a certificate that is refused, by the role in which it is shown.
 *
 * Alerts are those of Go's server (crypto/tls handshake_server.go, processCertsFromClient); Go's client answers every
 * bad server certificate with 42 (handshake_client.go, verifyServerCertificate).
 */
import type { Code } from '../../certs/codes.ts';
import { ALERTS } from '../../components/tls/alerts.ts';
import type { Channel } from '../topology.ts';
import type { Shows, Situation, Stated } from './fault.ts';

export const NEXT: Shows = 'at the next connection';
export const LATER: Shows = 'some seconds later';

/** A certificate that fails verification. */
export interface Flaw {
  readonly code: Code;
  /** Go's words after `tls: failed to verify certificate: `, or a part of them. */
  readonly text: string;
  /** What a Go server sends to a client that shows it. */
  readonly alert: number;
}

/** The target is shown on this connection by one side, and the other refuses it. */
export function refusedCertificate(situation: Situation, flaw: Flaw): Stated[] {
  return [...refusedServer(situation, flaw), ...refusedClient(situation, flaw)];
}

/** Connections on which the target is the server's certificate: each client refuses it, with alert 42. */
export function refusedServer({ channels, target }: Situation, flaw: Flaw): Stated[] {
  return channels
    .filter(({ serverIdentity }) => serverIdentity === target)
    .map(({ id }) => refusedByClient(id, flaw));
}

/** Connections on which the target is the client's certificate: refused in TLS, or let through to HTTP's 401. */
export function refusedClient({ channels, target, policyOf }: Situation, flaw: Flaw): Stated[] {
  return channels
    .filter(({ clientIdentity }) => clientIdentity === target)
    .map((channel) =>
      policyOf(channel.server) === 'require'
        ? refusedByServer(channel.id, flaw)
        : unauthorized(channel, flaw),
    );
}

/** A client refuses what its server shows. */
export function refusedByClient(channel: string, { code, text }: Pick<Flaw, 'code' | 'text'>): Stated {
  return {
    channel,
    layer: 'tls',
    by: 'client',
    code,
    alert: 42,
    clientText: `tls: failed to verify certificate: ${text}`,
    serverText: 'remote error: tls: bad certificate',
    shows: NEXT,
  };
}

/** A server refuses what its client shows. */
export function refusedByServer(channel: string, { code, text, alert }: Flaw): Stated {
  return {
    channel,
    layer: 'tls',
    by: 'server',
    code,
    alert,
    clientText: `remote error: tls: ${ALERTS[alert]?.go ?? `alert(${alert})`}`,
    serverText: `tls: failed to verify certificate: ${text}`,
    shows: NEXT,
  };
}

/** As Kubernetes does: TLS succeeds, and the server does not know who it is. */
export function unauthorized({ id, client }: Channel, { text }: Pick<Flaw, 'text'>): Stated {
  return {
    channel: id,
    layer: '401',
    by: 'server',
    code: 'UNAUTHENTICATED',
    alert: null,
    clientText: printsForUsers(client) ? 'error: You must be logged in to the server' : 'Unauthorized',
    serverText: text,
    shows: NEXT,
  };
}

/** A connection that succeeds where one would expect it to suffer, or succeeds again. */
export function succeeds({ id }: Channel): Stated {
  return {
    channel: id,
    layer: 'ok',
    by: null,
    code: null,
    alert: null,
    clientText: null,
    serverText: null,
    shows: NEXT,
  };
}

/** kubectl words a refusal itself; what the API server hears from a kubelet is told to kubectl. */
export function printsForUsers(client: string): boolean {
  return client === 'kubectl' || client === 'kube-apiserver';
}
