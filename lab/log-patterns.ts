/**
 * Log lines that people paste: what they mean, who decided, where to look.
 *
 * Texts of kubectl, client-go, etcd, kubelet, curl, openssl and Node; the first row that matches is taken, so special
 * rows stand above general ones. Sources: Go 1.24, Kubernetes 1.33, etcd 3.5, OpenSSL 3.0, curl 7.88 (2026-11).
 */
import type { Code } from '../certs/codes.ts';

/** Who ended it, seen from the program that printed the line. */
export type Decider = 'this side' | 'the other end' | 'nobody yet';

/** One row. */
export interface LogPattern {
  readonly pattern: RegExp;
  readonly code: Code;
  readonly decided: Decider;
  /** In plain words. */
  readonly means: string;
  readonly look: string;
}

const row = (pattern: RegExp, code: Code, decided: Decider, means: string, look: string): LogPattern => {
  return { pattern, code, decided, means, look };
};

const BOTH_NAMES = "the certificate's SANs (npx mtls-lab inspect FILE) and the name in the URL";
const CA_OF_PRINTER =
  'the CA file of the program that printed this, and the issuer of the certificate it was shown';

export const LOG_PATTERNS: readonly LogPattern[] = [
  // Files of the program itself, before any connection.
  row(
    /PEM inputs may have been switched|found a certificate rather than a key/,
    'CERT_KEY_SWAPPED',
    'this side',
    'The certificate file and the key file are exchanged.',
    'the two paths in the flags or the kubeconfig',
  ),
  row(
    /private key (type )?does not match public key|KEY_VALUES_MISMATCH|key values mismatch/i,
    'KEY_MISMATCH',
    'this side',
    'The key file does not belong to the certificate file.',
    'both files of the pair, and which of them was replaced last',
  ),
  row(
    /failed to find any PEM data|unable to parse bytes as PEM block|no start line/,
    'PEM_INVALID',
    'this side',
    'A certificate or key file holds no PEM.',
    'the first line of the file',
  ),
  row(
    /failed to parse private key|bad decrypt|Enter PEM pass phrase/,
    'KEY_INVALID',
    'this side',
    'The private key cannot be read: another kind, or locked with a passphrase.',
    'the BEGIN line of the key file',
  ),
  row(
    /no valid certificate authority data seen|unable to load root certificates/,
    'CA_BUNDLE_EMPTY',
    'this side',
    'The CA file holds no certificate that can be read.',
    'certificate-authority in the kubeconfig, or the --…-ca-file flag',
  ),
  row(
    /unable to read (client-cert|client-key|certificate-authority)|open \S+: no such file or directory/,
    'FILE_MISSING',
    'this side',
    'A file that is named in the configuration is not there.',
    'the path in the text, seen from that host',
  ),
  row(
    /open \S+: permission denied|EACCES/,
    'FILE_UNREADABLE',
    'this side',
    'A file may not be read.',
    'its mode and owner',
  ),
  row(
    /client-key-data or client-key must be specified|context was not found|error loading config file|illegal base64 data|root certificates file with the insecure flag|Please enter Username/,
    'KUBECONFIG_INVALID',
    'this side',
    'The kubeconfig does not hold together: a part is missing or cannot be read.',
    'clusters, users and contexts of the kubeconfig',
  ),
  // Verdicts of the side that prints them.
  row(
    /relies on legacy Common Name field/,
    'CERT_NO_SANS',
    'this side',
    'The server certificate has no SAN, only a CN, which no longer counts.',
    BOTH_NAMES,
  ),
  row(
    /doesn't contain any IP SANs|IP address mismatch/,
    'CERT_NO_IP_SANS',
    'this side',
    'The server was dialled by IP address, and its certificate lists none.',
    BOTH_NAMES,
  ),
  row(
    /certificate is (not )?valid for .*(, not|wanted to match|none matched)|hostname mismatch|does not match (target host|any of DNSNames)|ERR_TLS_CERT_ALTNAME_INVALID|no alternative certificate subject name matches/i,
    'CERT_NAME_MISMATCH',
    'this side',
    'The server certificate is for other names than the one dialled.',
    BOTH_NAMES,
  ),
  row(
    /current time \S+ is before|CERT_NOT_YET_VALID|certificate is not yet valid/i,
    'CERT_NOT_YET_VALID',
    'this side',
    'The certificate begins later than the clock of the program that printed this.',
    "both machines' clocks, and notBefore",
  ),
  row(
    /current time \S+ is after|certificate has expired|CERT_HAS_EXPIRED/i,
    'CERT_EXPIRED',
    'this side',
    'A certificate of the chain is past its end by the clock of the program that printed this.',
    'notAfter of the certificate, its intermediates and its CA, and what the running process has loaded',
  ),
  row(
    /parent certificate cannot sign this kind of certificate|not authorized to sign other certificates|invalid CA certificate|INVALID_CA\b/i,
    'CERT_ISSUER_NOT_CA',
    'this side',
    'The certificate was signed by one that is no CA.',
    'basicConstraints and key usage of the issuer',
  ),
  row(
    /insecure algorithm|ca[ _]md[ _]too[ _]weak|CA signature digest algorithm too weak|(ee|ca)[ _]key[ _]too[ _]small|certificate key too weak/i,
    'CERT_INSECURE_SIGNATURE',
    'this side',
    'A certificate of the chain is signed with SHA-1 or MD5, or its key is too small.',
    'signature algorithm and key of the certificate and its intermediates',
  ),
  row(
    /possibly because of .*(verification error|verification failure)|certificate signature failure|CERT_SIGNATURE_FAILURE/i,
    'CERT_UNKNOWN_AUTHORITY',
    'this side',
    'A CA of the right name is trusted, but another one of the same name signed: the CA was made anew, or the file is from another cluster.',
    CA_OF_PRINTER,
  ),
  row(
    /signed by unknown authority|unable to get (local )?issuer certificate|unable to verify the first certificate|self.signed certificate|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|CERT_UNTRUSTED|CERT_REJECTED/i,
    'CERT_UNKNOWN_AUTHORITY',
    'this side',
    'No trusted CA signed the certificate, or an intermediate was not sent.',
    CA_OF_PRINTER,
  ),
  row(
    /incompatible key usage|unsuitable certificate purpose|unsupported certificate purpose|INVALID_PURPOSE/i,
    'CERT_WRONG_USAGE',
    'this side',
    'The certificate is for another purpose: a client certificate on a server, or a server certificate on a client.',
    'extended key usage of the certificate, and of every CA above',
  ),
  row(
    /too many intermediates|path length constraint exceeded|PATH_LENGTH_EXCEEDED/i,
    'CERT_PATH_TOO_LONG',
    'this side',
    'A CA allows fewer intermediates below it than there are.',
    'pathlen of the CAs',
  ),
  row(
    /not authorized to sign for this name|permitted subtree violation|excluded subtree violation/i,
    'CERT_NAME_CONSTRAINT',
    'this side',
    'A CA may not sign for one of the names.',
    'name constraints of the CAs',
  ),
  row(
    /no valid chains built/,
    'CERT_POLICY_INVALID',
    'this side',
    'A CA demands a certificate policy that the chain does not keep.',
    'certificatePolicies and policyConstraints of the chain',
  ),
  row(
    /unhandled critical extension/i,
    'CERT_CRITICAL_EXTENSION',
    'this side',
    'A certificate has a critical extension that the verifier does not know.',
    'openssl x509 -noout -text, lines with "critical"',
  ),
  row(
    /client didn't provide a certificate|PEER_DID_NOT_RETURN_A_CERTIFICATE|peer did not return a certificate/i,
    'CERT_MISSING',
    'this side',
    'The client showed no certificate, and this server demands one.',
    "the client's --…-cert-file flags or kubeconfig",
  ),
  row(
    /x509: (malformed|invalid|negative serial|trailing data|inner and outer|unsupported|certificate contains duplicate|cannot parse|SAN )|failed to parse certificate|ERROR_IN_CERT_NOT_(BEFORE|AFTER)_FIELD|format error in certificate/,
    'CERT_MALFORMED',
    'this side',
    'A certificate cannot be read.',
    'the file that the certificate comes from',
  ),
  row(
    /invalid signature by the (client|server) certificate/,
    'KEY_PROOF_INVALID',
    'this side',
    'The other side could not prove that it holds the key of its certificate.',
    'key and certificate of the other side',
  ),
  // No TLS on one of the sides.
  row(
    /first record does not look like a TLS handshake|Client sent an HTTP request to an HTTPS server|server gave HTTP response to HTTPS client|malformed HTTP response "\\x15|wrong version number|ERR_SSL_HTTP_REQUEST|http request/i,
    'NOT_TLS',
    'this side',
    'One side speaks plain HTTP (or something else), the other TLS.',
    'http or https in the URL, and the port',
  ),
  row(
    /offered only unsupported versions|unsupported protocol|protocol version not supported|server selected unsupported protocol version/i,
    'PROTOCOL_VERSION',
    'this side',
    'Client and server have no TLS version in common.',
    '--tls-min-version of the server, the age of the client',
  ),
  row(
    /no cipher suite supported by both|no shared cipher|NO_SHARED_CIPHER/i,
    'NO_SHARED_CIPHER',
    'this side',
    'Client and server have no cipher suite in common.',
    '--tls-cipher-suites, and whether the key is RSA or ECDSA',
  ),
  row(
    /no serving certificate available for the kubelet/,
    'NO_SERVING_CERTIFICATE',
    'this side',
    'The kubelet waits for its serving certificate: its request is not approved.',
    'kubectl get csr',
  ),
  // Certificates that a kubelet asks for.
  row(
    /part of the existing bootstrap client certificate in \S+ is expired/,
    'CERT_EXPIRED',
    'this side',
    'The kubelet slept through its rotation: its client certificate ended. It asks for a new one with its bootstrap token, when it has a good one.',
    '--bootstrap-kubeconfig, and whether its token still counts (kubeadm token list)',
  ),
  row(
    /unable to load bootstrap kubeconfig/,
    'FILE_MISSING',
    'this side',
    'The kubelet has no client certificate that is still good, and no token to ask for one: it does not start.',
    "the kubeconfig's certificate and its dates; kubeadm token create, or kubeadm join anew",
  ),
  row(
    /SignerValidationFailure|(subject (organization|common name)|subjectAltNames?|usages) (is not|does not|are not|did not|is required)|certificate signing request (is denied|failed)/,
    'CSR_REFUSED',
    'the other end',
    "A certificate signing request was approved but breaks its signer's rules, or somebody denied it. Nothing will be issued for it.",
    'kubectl get csr NAME -o yaml: conditions, signerName, usages; then a new request',
  ),
  // Answers over a good connection.
  row(
    /You must be logged in to the server|Unable to authenticate the request|"?Unauthorized"?\b|code=401|HTTP\/\S+ 401/,
    'UNAUTHENTICATED',
    'the other end',
    'TLS was fine; the API server does not know who this is.',
    "the client certificate's CA, dates and usage against --client-ca-file",
  ),
  row(
    /\(Forbidden\)|is forbidden: User|code=403|HTTP\/\S+ 403/,
    'FORBIDDEN',
    'the other end',
    'TLS and login were fine; this user may not do that. User "system:anonymous" means that no client certificate arrived.',
    'the user and groups in the text, RBAC bindings',
  ),
  row(
    /\(ServiceUnavailable\)|etcdserver: request timed out|code=50[0-9]|HTTP\/\S+ 50\d/,
    'BACKEND_UNAVAILABLE',
    'the other end',
    'The server could not reach what it needs itself, most often etcd.',
    "the API server's connection to etcd",
  ),
  // TCP, and silence.
  row(
    /connection refused|was refused - did you specify the right host or port|ECONNREFUSED|Failed to connect to/i,
    'CONNECTION_REFUSED',
    'nobody yet',
    'Nothing listens there; no certificate was looked at.',
    'whether the server runs, and the port',
  ),
  row(
    /connection reset by peer|ECONNRESET|socket hang up|broken pipe|unexpected eof while reading|Connection reset/i,
    'CONNECTION_RESET',
    'the other end',
    'The other end closed without a reason. In TLS 1.3 a refused client certificate can look like this, too: the alert was overtaken.',
    "the other side's log at the same second",
  ),
  row(
    /context deadline exceeded|i\/o timeout|Client\.Timeout exceeded|ETIMEDOUT|TLS handshake timeout|timed out/i,
    'CONNECT_TIMEOUT',
    'nobody yet',
    'No answer in time. Behind this text often stands a handshake that fails again and again: etcdctl and gRPC clients print nothing else.',
    "the server's log: it names the handshake error",
  ),
  row(
    /handshake failure/i,
    'HANDSHAKE_FAILURE',
    'this side',
    'The two sides could not agree.',
    'the messages of the handshake',
  ),
  row(
    /\bEOF\b/,
    'CONNECTION_RESET',
    'the other end',
    'The other end closed the connection in the middle. In a server log it is often a load balancer that only looks whether the port is open.',
    "the other side's log; if the address is a load balancer's: nothing is wrong",
  ),
];
