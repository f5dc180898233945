/**
 * Who may speak to the dashboard: a one-time token becomes a cookie named after the lab, and Host and Origin must be
 * the dashboard's own, so that no other page and no rebound name reaches it.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The guard of one dashboard. */
export interface Guard {
  /** The token of the printed address; good for one visit. */
  readonly token: string;
  /** Whether Host, and Origin where there is one or where it is `needed`, are the dashboard's own. */
  isOwn(request: IncomingMessage, needed: boolean): boolean;
  /** Whether the request carries the cookie. */
  isKnown(request: IncomingMessage): boolean;
  /** Take the token. @returns the value of Set-Cookie; undefined when it is wrong or used up */
  redeem(token: string): string | undefined;
}

/**
 * @param dir   the cluster directory: cookies ignore ports, so the name tells labs apart
 * @param host  `127.0.0.1:PORT`
 */
export function openGuard(dir: string, host: string): Guard {
  const name = `mtls-lab-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`;
  const token = randomBytes(24).toString('base64url');
  const secret = randomBytes(24).toString('base64url');
  let used = false;
  return {
    token,
    isOwn: ({ headers }, needed) => {
      if (headers.host !== host) return false;
      return headers.origin === undefined ? !needed : headers.origin === `http://${host}`;
    },
    isKnown: ({ headers }) =>
      (headers.cookie ?? '').split(/;\s*/).some((pair) => isSame(pair, `${name}=${secret}`)),
    redeem: (given) => {
      if (used || !isSame(given, token)) return undefined;
      used = true;
      return `${name}=${secret}; HttpOnly; SameSite=Strict; Path=/`;
    },
  };
}

function isSame(given: string, wanted: string): boolean {
  const one = Buffer.from(given);
  const other = Buffer.from(wanted);
  return one.length === other.length && timingSafeEqual(one, other);
}
