/**
 * Who a client is: the Subject of its certificate, or its token, as user name and groups.
 *
 * User name = CN, groups = O; nothing else of a certificate counts.
 *
 * @see apiserver pkg/authentication/request/x509/x509.go, CommonNameUserConversion
 */
import { readCertificate } from '../../certs/x509.ts';

/** A user, as the API server knows one. */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export const AUTHENTICATED = 'system:authenticated';
export const UNAUTHENTICATED = 'system:unauthenticated';
export const ANONYMOUS: UserInfo = { username: 'system:anonymous', groups: [UNAUTHENTICATED] };

/**
 * The user that a verified client certificate names.
 * @param der  the leaf
 * @returns    undefined when the Subject has no CN: then the certificate names nobody
 */
export function userOfCertificate(der: Uint8Array): UserInfo | undefined {
  const { subject, fingerprint } = readCertificate(der);
  if (subject.commonName === '') return undefined;
  return {
    username: subject.commonName,
    groups: [...subject.organizations, AUTHENTICATED],
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] },
  };
}

/** Whether a user is in a group. */
export function isIn(user: UserInfo, group: string): boolean {
  return user.groups.includes(group);
}
