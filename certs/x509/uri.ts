/**
 * URIs as Go's net/url reads them: only whether they can be read, and which host they name.
 *
 * @see golang/go src/net/url/url.go, Parse and parseAuthority
 */
import { goQuote } from './go-text.ts';

/** A URI that Go can read: its authority's host with port, or empty. */
export interface ParsedUri {
  readonly host: string;
}

/** Read a URI. @returns the host, or Go's error text: `parse "…": invalid port ":x" after host` */
export function parseUri(text: string): ParsedUri | { readonly error: string } {
  const [withoutFragment, fragment] = cut(text, '#');
  const found = parse(withoutFragment);
  if (typeof found === 'string') return { error: `parse ${goQuote(withoutFragment)}: ${found}` };
  const wrong = fragment === undefined ? undefined : badEscape(fragment);
  return wrong === undefined ? found : { error: `parse ${goQuote(text)}: ${wrong}` };
}

function parse(withoutFragment: string): ParsedUri | string {
  if (/[\x00-\x1f\x7f]/.test(withoutFragment)) return 'net/url: invalid control character in URL';
  if (withoutFragment === '*') return { host: '' };
  if (withoutFragment.startsWith(':')) return 'missing protocol scheme';
  const scheme = /^[a-zA-Z][a-zA-Z0-9+\-.]*(?=:)/.exec(withoutFragment)?.[0] ?? '';
  const behind = scheme === '' ? withoutFragment : withoutFragment.slice(scheme.length + 1);
  const [rest = ''] = cut(behind, '?');
  let host = '';
  let path = rest;
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { host };
    if (cut(rest, '/')[0]?.includes(':')) return 'first path segment in URL cannot contain colon';
  }
  if ((scheme !== '' || !rest.startsWith('///')) && rest.startsWith('//')) {
    const authority = /^[^/]*/.exec(rest.slice(2))?.[0] ?? '';
    path = rest.slice(2 + authority.length);
    const found = parseAuthority(authority);
    if (typeof found === 'string') return found;
    host = found.host;
  }
  return badEscape(path) ?? { host };
}

function parseAuthority(authority: string): ParsedUri | string {
  const at = authority.lastIndexOf('@');
  const host = parseHost(authority.slice(at + 1));
  if (typeof host === 'string' || at < 0) return host;
  const user = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) return 'net/url: invalid userinfo';
  return badEscape(user) ?? host;
}

function parseHost(text: string): ParsedUri | string {
  const bracket = text.startsWith('[');
  const close = text.lastIndexOf(']');
  if (bracket && close < 0) return "missing ']' in host";
  const colon = bracket ? close + 1 : text.lastIndexOf(':');
  const port = colon < 0 ? '' : text.slice(colon);
  if (!/^(:\d*)?$/.test(port)) return `invalid port ${goQuote(port)} after host`;
  const wrongEscape = badEscape(text);
  if (wrongEscape !== undefined) return wrongEscape;
  for (const [escaped = ''] of text.matchAll(/%../g)) {
    // In a host only bytes beyond ASCII may be escaped, and a zone's percent sign.
    if (Number.parseInt(escaped.slice(1, 2), 16) < 8 && escaped !== '%25')
      return `invalid URL escape ${goQuote(escaped)}`;
  }
  const wrong = /[ \\^`{|}/?#@]/.exec(text)?.[0];
  return wrong === undefined
    ? { host: unescapeHost(text) }
    : `invalid character ${goQuote(wrong)} in host name`;
}

/** Escaped bytes as one character each: none of them may stand in a domain. */
function unescapeHost(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
}

function badEscape(text: string): string | undefined {
  const wrong = /%(?![0-9a-fA-F]{2}).{0,2}/s.exec(text)?.[0];
  return wrong === undefined ? undefined : `invalid URL escape ${goQuote(wrong)}`;
}

function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
