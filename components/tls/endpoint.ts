/**
 * Where a client dials, by which name, and what Go says when nobody answers there.
 */
import { isIP } from 'node:net';
import { codeOf } from '../../certs/files.ts';
import type { DialOptions } from './client.ts';
import type { ClientFailure } from './client-reason.ts';

/** Where to dial, and which name to verify. */
export interface Target {
  readonly host: '127.0.0.1' | '::1';
  readonly port: number;
  readonly name: string;
}

/** `127.0.0.1:6443`, `[::1]:6443`. */
export function address(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Every name lives on this computer. */
export function targetOf({ url, serverName }: DialOptions): Target {
  const { hostname, port } = new URL(url);
  const bare = hostname.replace(/^\[|\]$/g, '');
  return {
    host: isIP(bare) === 6 ? '::1' : '127.0.0.1',
    port: Number(port === '' ? 443 : port),
    name: serverName ?? bare,
  };
}

/** @see Go src/net/dial.go and src/syscall: the texts of dial errors */
export function tcpFailure(error: Error, { host, port }: Target): ClientFailure {
  const code = codeOf(error);
  const reason =
    { ECONNREFUSED: 'connection refused', ECONNRESET: 'connection reset by peer' }[code ?? ''] ??
    error.message;
  return {
    layer: 'tcp',
    by: null,
    code:
      code === 'ECONNREFUSED'
        ? 'CONNECTION_REFUSED'
        : code === 'ETIMEDOUT'
          ? 'CONNECT_TIMEOUT'
          : 'CONNECTION_RESET',
    text: `dial tcp ${address(host, port)}: connect: ${reason}`,
    alert: null,
  };
}
