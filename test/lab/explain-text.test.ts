/** `explain`: every code, alert and word; and log lines as people paste them. */
import { describe, expect, test } from 'vitest';
import { CODES, type Code } from '../../certs/codes.ts';
import { LabError } from '../../certs/errors.ts';
import { differenceReason, OPENSSL_STRICTER } from '../../certs/verify/second-opinion.ts';
import { ALERTS } from '../../components/tls/alerts.ts';
import { explainableWords, explainWhat, explanationLines } from '../../lab/explain-text.ts';
import { GLOSSARY, glossaryWords } from '../../lab/glossary.ts';
import { LOG_PATTERNS } from '../../lab/log-patterns.ts';
import { LOG_SOURCES } from '../../lab/log-sources.ts';

test.for(Object.entries(CODES))('explains the code %s with its own text', ([code, entry]) => {
  const found = explainWhat(code);
  expect(found).toMatchObject({ kind: 'code', code });
  expect(found.title).toContain(entry.title);
  const openssl = differenceReason(null, code as Code);
  expect(found.paragraphs.map(({ text }) => text)).toEqual([
    entry.why,
    entry.fix,
    entry.source,
    ...(openssl === '' ? [] : [`where it accepts this all the same: ${openssl}`]),
  ]);
  expect(explainWhat(code.toLowerCase().replaceAll('_', '-')).code).toBe(code);
});

/** UNSPECIFIED is what OpenSSL has no name for: its text says more, and is explained. */
const OPENSSL_NAMES = Object.keys(OPENSSL_STRICTER).filter((name) => name !== 'UNSPECIFIED');

test.for(OPENSSL_NAMES)('explains %s, which a second opinion may name', (name) => {
  expect(explainWhat(`OpenSSL (Node) refuses it: ${name} (…); Go accepts it.`).code).not.toBeNull();
  expect(explainWhat(name).code).not.toBeNull();
});

test.for(Object.entries(ALERTS))(
  'explains alert %s by number, by name and as a log line',
  ([number, { name, go, openssl }]) => {
    const title = `alert ${number}, ${name}`;
    expect(explainWhat(number === '401' ? 'alert 401' : number).title).toBe(title);
    expect(explainWhat(name).title).toBe(title);
    if (!go.startsWith('alert(')) {
      const line = explainWhat(`Unable to connect to the server: remote error: tls: ${go}`);
      expect(line).toMatchObject({ kind: 'log', title });
      expect(line.paragraphs.find(({ label }) => label === 'decided by')?.text).toContain(
        'the server refused this client',
      );
    }
    if (openssl !== '')
      expect(
        explainWhat(`error:0A000412:SSL routines:ssl3_read_bytes:${openssl}:SSL alert number ${number}`)
          .title,
      ).toBe(title);
  },
);

test.for(glossaryWords())('explains the word %s', (word) => {
  const found = explainWhat(word);
  expect(found.title).not.toBe('');
  for (const { text } of found.paragraphs) expect(text).not.toBe('');
});

test('every word has a meaning and a use, and no spelling is listed twice', () => {
  for (const { means, use } of GLOSSARY) {
    expect(means).toMatch(/\.$/);
    expect(use).toMatch(/\.$/);
  }
  const spellings = glossaryWords().map((word) => word.toLowerCase());
  expect(spellings.filter((word, i) => spellings.indexOf(word) !== i)).toEqual([]);
  expect(explainableWords()).toContain('SAN');
});

/** Lines as real programs print them, with the code that they mean. */
const LINES = [
  [
    'Unable to connect to the server: tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-24T06:18:29Z is after 2026-11-23T06:18:27Z',
    'CERT_EXPIRED',
    'this side',
  ],
  [
    'Unable to connect to the server: tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-24T06:18:29Z is before 2026-11-25T06:18:27Z',
    'CERT_NOT_YET_VALID',
    'this side',
  ],
  [
    'E1124 06:18:29.363845 19969 memcache.go:265] "Unhandled Error" err="couldn\'t get current server API group list: Get \\"https://127.0.0.1:6443/api?timeout=32s\\": tls: failed to verify certificate: x509: certificate signed by unknown authority"',
    'CERT_UNKNOWN_AUTHORITY',
    'this side',
  ],
  [
    'x509: certificate signed by unknown authority (possibly because of "crypto/rsa: verification error" while trying to verify candidate authority certificate "kubernetes")',
    'CERT_UNKNOWN_AUTHORITY',
    'this side',
  ],
  [
    'x509: certificate signed by unknown authority (possibly because of "x509: invalid signature: parent certificate cannot sign this kind of certificate" while trying to verify candidate authority certificate "infra")',
    'CERT_ISSUER_NOT_CA',
    'this side',
  ],
  [
    'x509: certificate signed by unknown authority (possibly because of "x509: cannot verify signature: insecure algorithm SHA1-RSA" while trying to verify candidate authority certificate "kubernetes")',
    'CERT_INSECURE_SIGNATURE',
    'this side',
  ],
  [
    'x509: certificate is valid for 10.96.0.1, 192.168.0.10, not 127.0.0.1',
    'CERT_NAME_MISMATCH',
    'this side',
  ],
  [
    'x509: certificate is not valid for any names, but wanted to match localhost',
    'CERT_NAME_MISMATCH',
    'this side',
  ],
  [
    "Error from server: Get https://10.142.0.39:10250/containerLogs/x: x509: cannot validate certificate for 10.142.0.39 because it doesn't contain any IP SANs",
    'CERT_NO_IP_SANS',
    'this side',
  ],
  ['x509: certificate relies on legacy Common Name field, use SANs instead', 'CERT_NO_SANS', 'this side'],
  [
    '{"level":"warn","ts":"2026-11-24T08:00:00Z","caller":"embed/config_logging.go:287","msg":"rejected connection","remote-addr":"127.0.0.1:5","error":"tls: failed to verify certificate: x509: certificate specifies an incompatible key usage"}',
    'CERT_WRONG_USAGE',
    'this side',
  ],
  ['x509: too many intermediates for path length constraint', 'CERT_PATH_TOO_LONG', 'this side'],
  [
    'x509: a root or intermediate certificate is not authorized to sign for this name: DNS name "localhost" is not permitted by any constraint',
    'CERT_NAME_CONSTRAINT',
    'this side',
  ],
  ['x509: no valid chains built: 1 chains with invalid policies', 'CERT_POLICY_INVALID', 'this side'],
  ['x509: unhandled critical extension', 'CERT_CRITICAL_EXTENSION', 'this side'],
  ['x509: malformed certificate', 'CERT_MALFORMED', 'this side'],
  [
    "http: TLS handshake error from 127.0.0.1:51234: tls: client didn't provide a certificate",
    'CERT_MISSING',
    'this side',
  ],
  [
    'tls: invalid signature by the client certificate: ECDSA verification failure',
    'KEY_PROOF_INVALID',
    'this side',
  ],
  [
    'http: TLS handshake error from 127.0.0.1:51234: tls: first record does not look like a TLS handshake',
    'NOT_TLS',
    'this side',
  ],
  [
    'Unable to connect to the server: http: server gave HTTP response to HTTPS client',
    'NOT_TLS',
    'this side',
  ],
  [
    'http: TLS handshake error from 127.0.0.1:5: tls: client offered only unsupported versions: [302 301]',
    'PROTOCOL_VERSION',
    'this side',
  ],
  ['tls: no cipher suite supported by both client and server', 'NO_SHARED_CIPHER', 'this side'],
  [
    'http: TLS handshake error from 10.0.0.1:5: no serving certificate available for the kubelet',
    'NO_SERVING_CERTIFICATE',
    'this side',
  ],
  [
    'part of the existing bootstrap client certificate in /etc/kubernetes/kubelet.conf is expired: 2022-05-17 04:45:09 +0000 UTC',
    'CERT_EXPIRED',
    'this side',
  ],
  [
    'failed to run Kubelet: unable to load bootstrap kubeconfig: stat /etc/kubernetes/bootstrap-kubelet.conf: no such file or directory',
    'FILE_MISSING',
    'this side',
  ],
  [
    'SignerValidationFailure: subject common name does not begin with system:node:',
    'CSR_REFUSED',
    'the other end',
  ],
  ['usages did not match [client auth digital signature key encipherment]', 'CSR_REFUSED', 'the other end'],
  [
    'Certificate request was not signed: certificate signing request is denied, reason: "KubectlDeny", message: "This CSR was denied by kubectl certificate deny."',
    'CSR_REFUSED',
    'the other end',
  ],
  [
    'error: You must be logged in to the server (the server has asked for the client to provide credentials)',
    'UNAUTHENTICATED',
    'the other end',
  ],
  [
    'Error from server (Forbidden): nodes is forbidden: User "system:anonymous" cannot list resource "nodes" in API group "" at the cluster scope',
    'FORBIDDEN',
    'the other end',
  ],
  [
    'Error from server (ServiceUnavailable): the server is currently unable to handle the request',
    'BACKEND_UNAVAILABLE',
    'the other end',
  ],
  [
    'The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?',
    'CONNECTION_REFUSED',
    'nobody yet',
  ],
  [
    'read tcp 127.0.0.1:5->127.0.0.1:6443: read: connection reset by peer',
    'CONNECTION_RESET',
    'the other end',
  ],
  ['Unable to connect to the server: EOF', 'CONNECTION_RESET', 'the other end'],
  ['Error: context deadline exceeded', 'CONNECT_TIMEOUT', 'nobody yet'],
  ['gnutls: handshake failure', 'HANDSHAKE_FAILURE', 'this side'],
  [
    'Unable to connect to the server: tls: private key does not match public key',
    'KEY_MISMATCH',
    'this side',
  ],
  [
    'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
    'CERT_KEY_SWAPPED',
    'this side',
  ],
  ['tls: failed to find any PEM data in certificate input', 'PEM_INVALID', 'this side'],
  ['tls: failed to parse private key', 'KEY_INVALID', 'this side'],
  [
    'error: unable to load root certificates: no valid certificate authority data seen',
    'CA_BUNDLE_EMPTY',
    'this side',
  ],
  [
    'error: unable to read client-cert /x for u due to open /x: no such file or directory',
    'FILE_MISSING',
    'this side',
  ],
  ['open /etc/kubernetes/pki/apiserver.key: permission denied', 'FILE_UNREADABLE', 'this side'],
  [
    'Error in configuration: context was not found for specified context: nope',
    'KUBECONFIG_INVALID',
    'this side',
  ],
  [
    'curl: (60) SSL certificate problem: unable to get local issuer certificate',
    'CERT_UNKNOWN_AUTHORITY',
    'this side',
  ],
  [
    "curl: (60) SSL: no alternative certificate subject name matches target host name 'localhost'",
    'CERT_NAME_MISMATCH',
    'this side',
  ],
  ['curl: (35) error:0A00010B:SSL routines::wrong version number', 'NOT_TLS', 'this side'],
  [
    'curl: (7) Failed to connect to 127.0.0.1 port 6443: Connection refused',
    'CONNECTION_REFUSED',
    'nobody yet',
  ],
  ['verify error:num=18:self-signed certificate', 'CERT_UNKNOWN_AUTHORITY', 'this side'],
  ['verify error:num=10:certificate has expired', 'CERT_EXPIRED', 'this side'],
  ['Verify return code: 26 (unsuitable certificate purpose)', 'CERT_WRONG_USAGE', 'this side'],
  [
    'Error: unable to verify the first certificate; code: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'CERT_UNKNOWN_AUTHORITY',
    'this side',
  ],
] as const;

const decidedOf = (text: string) =>
  explainWhat(text).paragraphs.find(({ label }) => label === 'decided by')?.text ?? '';

test.for(LINES)('%s', ([line, code, decided]) => {
  expect(explainWhat(line)).toMatchObject({ kind: 'log', code });
  expect(decidedOf(line)).toContain(
    decided === 'this side'
      ? 'it refused the other end'
      : decided === 'nobody yet'
        ? 'nobody'
        : 'the other end',
  );
});

describe('the tables', () => {
  test('every pattern is the first to match some line', () => {
    const unreached = LOG_PATTERNS.filter(
      (row) => !LINES.some(([line]) => LOG_PATTERNS.find(({ pattern }) => pattern.test(line)) === row),
    );
    expect(unreached.map(({ pattern }) => pattern.source)).toEqual([]);
  });

  test('every program is recognized by some line', () => {
    const lines = [
      ...LINES.map(([line]) => line),
      'E1124 leaderelection.go:332] error retrieving resource lock kube-system/kube-scheduler: x509: malformed certificate',
      'transport: authentication handshake failed: remote error: tls: bad certificate". Reconnecting...',
    ];
    for (const { pattern, program } of LOG_SOURCES)
      expect(
        lines.some((line) => pattern.test(line)),
        program,
      ).toBe(true);
  });
});

describe('who decided', () => {
  test('a server that logs "remote error" is the innocent one: the client refused it', () => {
    const line = 'http: TLS handshake error from 127.0.0.1:51234: remote error: tls: bad certificate';
    expect(explainWhat(line)).toMatchObject({ kind: 'log', title: 'alert 42, bad_certificate' });
    expect(decidedOf(line)).toContain("the client refused this server's certificate");
  });

  test('an alert without a name in Go is found by its number', () => {
    expect(explainWhat('remote error: tls: alert(114)').title).toBe('alert 114, unassigned');
  });
});

describe('what it does not know', () => {
  test('offers the nearest word', () => {
    expect(() => explainWhat('CERT_EXPIRD')).toThrow(LabError);
    try {
      explainWhat('CERT_EXPIRD');
    } catch (error) {
      expect(error).toMatchObject({ code: 'NAME_UNKNOWN', fix: expect.stringContaining('CERT_EXPIRED') });
    }
  });

  test('survives any text', () => {
    for (const text of [
      '',
      ' ',
      '\u0000',
      'a'.repeat(100_000),
      '😀'.repeat(50),
      '(',
      '__proto__',
      'constructor',
    ]) {
      expect(() => explainWhat(text)).toThrow(LabError);
    }
  });
});

test('prints labels in one column and wraps at the width', () => {
  const lines = explanationLines(explainWhat('CERT_EXPIRED'), 60);
  expect(lines[0]).toBe('CERT_EXPIRED: The certificate has expired');
  expect(lines.slice(1).every((line) => line.length <= 60 || !line.trim().includes(' '))).toBe(true);
  expect(lines[1]).toMatch(/^why {6}\S/);
});
