/**
 * Bearer tokens: service accounts' (signed here), bootstrap tokens (secrets in kube-system), and the static file.
 *
 * @see k8s.io/kubernetes pkg/serviceaccount/{claims,jwt}.go, plugin/pkg/auth/authenticator/token/bootstrap,
 *      apiserver pkg/authentication/token/tokenfile
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LabError, messageOf } from '../../certs/errors.ts';
import type { UserInfo } from '../api/identity.ts';
import { isObject, textAt } from '../api/object.ts';
import { etcdKey, resource } from '../api/resources.ts';
import type { ApiServer } from './server-context.ts';

const SECONDS = 1000;
const BOOTSTRAP = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const SECRETS = resource('', 'secrets');
const ACCOUNTS = resource('', 'serviceaccounts');

/** A user, or why the token names none. */
export type TokenOutcome = { readonly user: UserInfo } | { readonly problem: string };

/** What a service account token is to say. */
export interface TokenRequest {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly audiences: readonly string[];
  readonly lifetimeSeconds: number;
  readonly pod?: { readonly name: string; readonly uid: string };
}

/** The tokens of one API server. */
export interface Tokens {
  userOf(token: string): Promise<TokenOutcome>;
  /** Sign a token; times are the host's. */
  issue(wanted: TokenRequest): { readonly token: string; readonly expires: Date };
  readonly audiences: readonly string[];
}

/**
 * Read the key and token files.
 * @throws LabError FILE_MISSING, PEM_INVALID, naming the flag
 */
export function openTokens(api: ApiServer): Tokens {
  const { flags } = api;
  const issuer = flags['service-account-issuer'][0] ?? '';
  const audiences = flags['api-audiences'].length > 0 ? flags['api-audiences'] : [issuer];
  const statics = readStaticTokens(api);
  let signer: KeyObject | undefined;
  let verifiers: readonly KeyObject[] | undefined;
  const signingKey = (): KeyObject => {
    // Without --service-account-signing-key-file a key lives as long as this process, and its tokens with it.
    signer ??= flags['service-account-signing-key-file']
      ? readKey(api, 'service-account-signing-key-file', createPrivateKey)
      : generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    return signer;
  };
  const verifyingKeys = (): readonly KeyObject[] => {
    verifiers ??= [
      createPublicKey(signingKey()),
      ...flags['service-account-key-file'].map((file) => publicKey(api, file)),
    ];
    return verifiers;
  };

  return {
    audiences,
    async userOf(token) {
      const known = statics.get(token);
      if (known) return { user: known };
      const bootstrap = BOOTSTRAP.exec(token);
      if (bootstrap && flags['enable-bootstrap-token-auth']) {
        return bootstrapUser(api, bootstrap[1] ?? '', bootstrap[2] ?? '');
      }
      const claims = readJwt(token, verifyingKeys);
      return claims ? accountUser(api, claims, issuer) : { problem: 'invalid bearer token' };
    },
    issue(wanted) {
      const now = Math.floor(api.now().getTime() / SECONDS);
      const expires = now + wanted.lifetimeSeconds;
      const claims = {
        aud: wanted.audiences.length > 0 ? wanted.audiences : audiences,
        exp: expires,
        iat: now,
        iss: issuer,
        jti: randomUUID(),
        'kubernetes.io': {
          namespace: wanted.namespace,
          ...(wanted.pod ? { pod: wanted.pod } : {}),
          serviceaccount: { name: wanted.name, uid: wanted.uid },
        },
        nbf: now,
        sub: `system:serviceaccount:${wanted.namespace}:${wanted.name}`,
      };
      return { token: signJwt(claims, signingKey()), expires: new Date(expires * SECONDS) };
    },
  };
}

function readKey(
  api: ApiServer,
  flag: 'service-account-signing-key-file',
  parse: (pem: Buffer) => KeyObject,
): KeyObject {
  const path = api.flags[flag];
  try {
    return parse(readFileSync(api.context.host.path(path)));
  } catch (error) {
    throw keyProblem(flag, path, error);
  }
}

function publicKey(api: ApiServer, path: string): KeyObject {
  try {
    return createPublicKey(readFileSync(api.context.host.path(path)));
  } catch (error) {
    throw keyProblem('service-account-key-file', path, error);
  }
}

function keyProblem(flag: string, path: string, cause: unknown): LabError {
  const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
  return new LabError(missing ? 'FILE_MISSING' : 'PEM_INVALID', {
    what: `kube-apiserver: --${flag}=${path}: ${messageOf(cause)}`,
    fix: `put a key there, or remove --${flag}`,
    cause,
  });
}

function readStaticTokens(api: ApiServer): Map<string, UserInfo> {
  const path = api.flags['token-auth-file'];
  const tokens = new Map<string, UserInfo>();
  if (path === '') return tokens;
  let text: string;
  try {
    text = readFileSync(api.context.host.path(path), 'utf8');
  } catch (error) {
    throw keyProblem('token-auth-file', path, error);
  }
  for (const line of text.split('\n')) {
    const match = /^\s*([^,\s]+)\s*,\s*([^,]+?)\s*,\s*([^,]*?)\s*(?:,\s*"?([^"]*)"?)?\s*$/.exec(line);
    if (!match) continue;
    const [, token = '', username = '', uid = '', groups = ''] = match;
    const listed = groups.split(',').map((one) => one.trim());
    tokens.set(token, { username, uid, groups: listed.filter((one) => one !== '') });
  }
  return tokens;
}

function bootstrapUser(api: ApiServer, id: string, secret: string): TokenOutcome {
  const entry = api.store.cache.get(etcdKey(SECRETS, 'kube-system', `bootstrap-token-${id}`));
  const data = (key: string): string =>
    Buffer.from(textAt(entry?.object, 'data', key), 'base64').toString('utf8');
  const right = entry !== undefined && textAt(entry.object, 'type') === 'bootstrap.kubernetes.io/token';
  const wanted = Buffer.from(data('token-secret'));
  const given = Buffer.from(secret);
  if (!right || wanted.length !== given.length || !timingSafeEqual(wanted, given)) {
    return { problem: 'invalid bearer token' };
  }
  const expiration = data('expiration');
  if (expiration !== '' && Date.parse(expiration) < api.now().getTime())
    return { problem: 'invalid bearer token' };
  if (data('usage-bootstrap-authentication') !== 'true') return { problem: 'invalid bearer token' };
  const extra = data('auth-extra-groups')
    .split(',')
    .filter((group) => group !== '');
  return { user: { username: `system:bootstrap:${id}`, groups: ['system:bootstrappers', ...extra] } };
}

function accountUser(
  api: ApiServer,
  claims: Readonly<Record<string, unknown>>,
  issuer: string,
): TokenOutcome {
  const now = api.now().getTime() / SECONDS;
  if (claims['iss'] !== issuer) return { problem: 'invalid bearer token' };
  if (typeof claims['exp'] !== 'number' || claims['exp'] < now) {
    return { problem: 'invalid bearer token, service account token has expired' };
  }
  if (typeof claims['nbf'] === 'number' && claims['nbf'] > now + 60) {
    return { problem: 'invalid bearer token, service account token is not valid yet' };
  }
  const namespace = textAt(claims, 'kubernetes.io', 'namespace');
  const name = textAt(claims, 'kubernetes.io', 'serviceaccount', 'name');
  const uid = textAt(claims, 'kubernetes.io', 'serviceaccount', 'uid');
  const account = api.store.cache.get(etcdKey(ACCOUNTS, namespace, name));
  if (account?.object.metadata.uid !== uid)
    return { problem: 'invalid bearer token, service account token has been invalidated' };
  return {
    user: {
      username: `system:serviceaccount:${namespace}:${name}`,
      uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
    },
  };
}

function signJwt(claims: object, key: KeyObject): string {
  const rsa = key.asymmetricKeyType === 'rsa';
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${part({ alg: rsa ? 'RS256' : 'ES256', typ: 'JWT' })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(body), rsa ? key : { key, dsaEncoding: 'ieee-p1363' });
  return `${body}.${signature.toString('base64url')}`;
}

function readJwt(
  token: string,
  keys: () => readonly KeyObject[],
): Readonly<Record<string, unknown>> | undefined {
  const match = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(token);
  if (!match) return undefined;
  const body = Buffer.from(`${match[1]}.${match[2]}`);
  const signature = Buffer.from(match[3] ?? '', 'base64url');
  const good = keys().some((key) =>
    verify(
      'sha256',
      body,
      key.asymmetricKeyType === 'rsa' ? key : { key, dsaEncoding: 'ieee-p1363' },
      signature,
    ),
  );
  if (!good) return undefined;
  const claims: unknown = JSON.parse(Buffer.from(match[2] ?? '', 'base64url').toString('utf8'));
  return isObject(claims) ? claims : undefined;
}
