import { expect, test } from 'vitest';
import {
  ALERTS,
  alertFor,
  alertName,
  codeOfAlert,
  goRemoteError,
  type Refusal,
} from '../../../components/tls/alerts.ts';

const server: Omit<Refusal, 'code' | 'text'> = { profile: 'go', by: 'server', protocol: 'TLSv1.3' };
const UNKNOWN = 'x509: certificate signed by unknown authority';

const CHOICES: readonly (Refusal & { readonly number: number })[] = [
  { ...server, code: 'CERT_MISSING', text: '', number: 116 },
  { ...server, protocol: 'TLSv1.2', code: 'CERT_MISSING', text: '', number: 40 },
  { ...server, code: 'CERT_UNKNOWN_AUTHORITY', text: UNKNOWN, number: 48 },
  // Go hides these behind an unknown authority, with a hint.
  { ...server, code: 'CERT_ISSUER_NOT_CA', text: `${UNKNOWN} (possibly because of …)`, number: 48 },
  { ...server, code: 'CERT_INSECURE_SIGNATURE', text: `${UNKNOWN} (possibly because of …)`, number: 48 },
  { ...server, code: 'CERT_EXPIRED', text: 'x509: …', number: 45 },
  { ...server, code: 'CERT_NOT_YET_VALID', text: 'x509: …', number: 45 },
  { ...server, code: 'CERT_WRONG_USAGE', text: 'x509: …', number: 42 },
  { ...server, code: 'CERT_PATH_TOO_LONG', text: 'x509: …', number: 42 },
  { ...server, by: 'client', code: 'CERT_EXPIRED', text: 'x509: …', number: 42 },
  { ...server, by: 'client', code: 'CERT_UNKNOWN_AUTHORITY', text: UNKNOWN, number: 42 },
  { ...server, by: 'client', code: 'CERT_NAME_MISMATCH', text: 'x509: …', number: 42 },
  { ...server, profile: 'openssl', code: 'CERT_WRONG_USAGE', text: 'x509: …', number: 43 },
  { ...server, profile: 'openssl', code: 'CERT_NOT_YET_VALID', text: 'x509: …', number: 42 },
  { ...server, profile: 'openssl', code: 'CERT_EXPIRED', text: 'x509: …', number: 45 },
  { ...server, profile: 'openssl', by: 'client', code: 'CERT_UNKNOWN_AUTHORITY', text: UNKNOWN, number: 48 },
  { ...server, profile: 'openssl', code: 'CERT_NAME_CONSTRAINT', text: 'x509: …', number: 46 },
];

test.for(CHOICES)('$profile $by $protocol: $code is alert $number', ({ number, ...refusal }) => {
  expect(alertFor(refusal)).toBe(number);
});

test('names and texts are those of the registry, of Go and of OpenSSL', () => {
  expect([alertName(48), goRemoteError(48), ALERTS[48]?.openssl]).toEqual([
    'unknown_ca',
    'remote error: tls: unknown certificate authority',
    'tlsv1 alert unknown ca',
  ]);
  expect([alertName(199), goRemoteError(199)]).toEqual(['alert_199', 'remote error: tls: alert(199)']);
});

test('an alert tells its receiver a code only where it is specific', () => {
  expect([40, 42, 45, 48, 116].map(codeOfAlert)).toEqual([
    'HANDSHAKE_FAILURE',
    'HANDSHAKE_FAILURE',
    'CERT_EXPIRED',
    'CERT_UNKNOWN_AUTHORITY',
    'CERT_MISSING',
  ]);
});
