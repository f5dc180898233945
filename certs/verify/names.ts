/**
 * Is the certificate for the name that was dialled? Go's rules: SANs only, exact names, or one wildcard as the
 * whole left-most label; IP addresses match IP SANs and nothing else.
 *
 * @see golang/go src/crypto/x509/verify.go, VerifyHostname, matchHostnames and HostnameError; RFC 6125 section 6.4
 */
import type { Code } from '../codes.ts';
import { ipText, parseIp, sameIp } from '../x509/ip.ts';
import type { Certificate } from '../x509.ts';

/** Go 1.24.11 and 1.25.5 stopped listing the names when there are this many (before: all of them, however many). */
const MAX_NAMES_IN_TEXT = 100;

/** DNS names of a certificate's SAN, in its order. */
export function dnsNames(certificate: Certificate): string[] {
  return certificate.san.filter(({ kind }) => kind === 'dns').map(({ text }) => text);
}

/** IP addresses of a certificate's SAN, as Go prints them. */
export function ipNames(certificate: Certificate): string[] {
  return certificate.san.filter(({ kind }) => kind === 'ip').map(({ bytes }) => ipText(bytes));
}

/** Why the certificate is not for this host; null when it is. `host` may be an IP address, in brackets or not. */
export function nameFault(
  certificate: Certificate,
  host: string,
): { readonly code: Code; readonly text: string } | null {
  const bare = host.length >= 3 && host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  const ip = parseIp(bare);
  if (ip !== undefined) {
    const isListed = certificate.san.some(({ kind, bytes }) => kind === 'ip' && sameIp(bytes, ip));
    return isListed ? null : hostnameError(certificate, bare);
  }
  const wanted = lower(host);
  const isHostname = isValidHostname(wanted, false);
  for (const { kind, text } of certificate.san) {
    if (kind !== 'dns') continue;
    const matches =
      isHostname && isValidHostname(text, true) ? matchHostnames(text, wanted) : matchExactly(text, wanted);
    if (matches) return null;
  }
  return hostnameError(certificate, host);
}

function hostnameError(
  certificate: Certificate,
  host: string,
): { readonly code: Code; readonly text: string } {
  if (!certificate.hasSan && matchHostnames(certificate.subject.commonName, host)) {
    return {
      code: 'CERT_NO_SANS',
      text: 'x509: certificate relies on legacy Common Name field, use SANs instead',
    };
  }
  const isIp = parseIp(host) !== undefined;
  const names = isIp ? ipNames(certificate) : dnsNames(certificate);
  if (isIp && names.length === 0) {
    return {
      code: 'CERT_NO_IP_SANS',
      text: `x509: cannot validate certificate for ${host} because it doesn't contain any IP SANs`,
    };
  }
  if (names.length >= MAX_NAMES_IN_TEXT) {
    const kind = isIp ? 'IP SANs' : 'names';
    return {
      code: 'CERT_NAME_MISMATCH',
      text: `x509: certificate is valid for ${names.length} ${kind}, but none matched ${host}`,
    };
  }
  const valid = names.join(', ');
  return {
    code: 'CERT_NAME_MISMATCH',
    text:
      valid === ''
        ? `x509: certificate is not valid for any names, but wanted to match ${host}`
        : `x509: certificate is valid for ${valid}, not ${host}`,
  };
}

/**
 * May the name take part in wildcard matching?
 * @param isPattern  true for a name of the certificate: `*` may be its whole first label, a last dot may not stand
 */
function isValidHostname(name: string, isPattern: boolean): boolean {
  const host = isPattern ? name : trimDot(name);
  // A bare `*` is no name since Go 1.23; before, it matched every single-label host.
  if (host === '' || host === '*') return false;
  return host
    .split('.')
    .every(
      (label, i) => (isPattern && i === 0 && label === '*') || /^[a-zA-Z0-9_][a-zA-Z0-9_-]*$/.test(label),
    );
}

function matchHostnames(pattern: string, host: string): boolean {
  const wanted = lower(trimDot(host)).split('.');
  const given = lower(pattern).split('.');
  if (pattern === '' || trimDot(host) === '' || given.length !== wanted.length) return false;
  return given.every((label, i) => (i === 0 && label === '*') || label === wanted[i]);
}

function matchExactly(name: string, host: string): boolean {
  const isNothing = (text: string) => text === '' || text === '.';
  return !isNothing(name) && !isNothing(host) && lower(name) === lower(host);
}

function trimDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

/** ASCII only, as RFC 6125 section 6.4.1 wants it. */
function lower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
