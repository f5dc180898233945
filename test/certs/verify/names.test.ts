/** Names of a certificate beside the name that is dialled. */
import { expect, test } from 'vitest';
import { dnsNames, ipNames, nameFault } from '../../../certs/verify/names.ts';
import { readCertificate } from '../../../certs/x509.ts';
import { mint, name, san } from '../../support/mint.ts';

const LOOPBACK = 'ip:7f000001';
const certificate = (sans: readonly string[] | null, cn = 'leaf') =>
  readCertificate(mint({ subject: name(`CN=${cn}`), extensions: sans === null ? [] : [san(sans)] }).der);

const FIT = [
  { sans: ['dns:kubernetes'], host: 'kubernetes' },
  { sans: ['dns:Kubernetes'], host: 'KUBERNETES' },
  { sans: ['dns:a', 'dns:b'], host: 'b' },
  { sans: ['dns:*.svc'], host: 'web.svc' },
  { sans: ['dns:kubernetes'], host: 'kubernetes.' },
  { sans: [LOOPBACK], host: '127.0.0.1' },
  { sans: [`ip:${'00'.repeat(15)}01`], host: '::1' },
  { sans: [`ip:${'00'.repeat(15)}01`], host: '[::1]' },
  { sans: ['dns:under_score'], host: 'under_score' },
];

test.for(FIT)('$sans is for $host', ({ sans, host }) => {
  expect(nameFault(certificate(sans), host)).toBeNull();
});

const MISFIT = [
  {
    sans: ['dns:a', 'dns:b'],
    host: 'c',
    code: 'CERT_NAME_MISMATCH',
    text: 'x509: certificate is valid for a, b, not c',
  },
  { sans: ['dns:*.svc'], host: 'svc', code: 'CERT_NAME_MISMATCH' },
  { sans: ['dns:*.svc'], host: 'a.web.svc', code: 'CERT_NAME_MISMATCH' },
  { sans: ['dns:w*.svc'], host: 'web.svc', code: 'CERT_NAME_MISMATCH' },
  { sans: ['dns:web.*'], host: 'web.svc', code: 'CERT_NAME_MISMATCH' },
  { sans: ['dns:*'], host: 'web', code: 'CERT_NAME_MISMATCH' },
  { sans: ['dns:kubernetes.'], host: 'kubernetes', code: 'CERT_NAME_MISMATCH' },
  {
    sans: [LOOPBACK],
    host: 'localhost',
    code: 'CERT_NAME_MISMATCH',
    text: 'x509: certificate is not valid for any names, but wanted to match localhost',
  },
  {
    sans: [LOOPBACK],
    host: '10.0.0.1',
    code: 'CERT_NAME_MISMATCH',
    text: 'x509: certificate is valid for 127.0.0.1, not 10.0.0.1',
  },
  {
    sans: ['dns:127.0.0.1'],
    host: '127.0.0.1',
    code: 'CERT_NO_IP_SANS',
    text: "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
  },
  {
    sans: null,
    host: 'leaf',
    code: 'CERT_NO_SANS',
    text: 'x509: certificate relies on legacy Common Name field, use SANs instead',
  },
  { sans: null, host: 'other', code: 'CERT_NAME_MISMATCH' },
] as const;

test.for(MISFIT)('$sans is not for $host: $code', (row) => {
  const fault = nameFault(certificate(row.sans), row.host);
  expect(fault?.code).toBe(row.code);
  if ('text' in row) expect(fault?.text).toBe(row.text);
});

test.for([99, 100])('%s names are listed up to 99', (count) => {
  const fault = nameFault(certificate(Array.from({ length: count }, (_, i) => `dns:n${i}`)), 'x');
  expect(fault?.text.includes('n98')).toBe(count === 99);
});

test('names come in the order of the certificate', () => {
  const both = certificate(['dns:b', 'ip:0a600001', 'dns:a', LOOPBACK]);
  expect(dnsNames(both)).toEqual(['b', 'a']);
  expect(ipNames(both)).toEqual(['10.96.0.1', '127.0.0.1']);
});
