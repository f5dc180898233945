/** Codes of a connection: how far it came, and what the other side answered. */
import type { CodeEntry } from './entry.ts';

export const CONNECTION_CODES = {
  CONNECTION_REFUSED: {
    title: 'Nothing listens on the port',
    why: 'TCP answered with a reset before a single byte of TLS: the program is not running, or it listens on another port. No certificate was looked at.',
    fix: 'see what runs with `npx mtls-lab status`, read its log, start it with `npx mtls-lab start COMPONENT`; check the port in the URL',
    source: 'RFC 9293 section 3.5.2',
  },
  CONNECTION_RESET: {
    title: 'The peer closed the connection without a word',
    why: 'The connection was cut with no TLS alert, so the reason is known on the other side only. Typical: a peer that verifies after the handshake and then just hangs up, a proxy between the two, a program that was killed.',
    fix: "read the other side's log: `npx mtls-lab logs COMPONENT`",
    source: 'RFC 8446 section 6.1',
  },
  CONNECT_TIMEOUT: {
    title: 'The peer did not answer in time',
    why: 'Either no packet came back (a firewall, a wrong address) or the connection opened and then stayed silent (a hung program, a program that waits for something else than TLS).',
    fix: 'check address and port; see with `npx mtls-lab status` whether the component is up',
    source: 'kubernetes/kubernetes staging/src/k8s.io/client-go/rest/config.go, Config.Timeout',
  },
  NOT_TLS: {
    title: 'One side speaks TLS, the other does not',
    why: 'The first bytes were no TLS record. Plain HTTP at a TLS port, or TLS at a plain port: often only the scheme in a URL, http:// in place of https://.',
    fix: 'correct the scheme (https://) or the port in the kubeconfig or flag',
    source: 'golang/go src/crypto/tls/conn.go, RecordHeaderError',
  },
  PROTOCOL_VERSION: {
    title: 'No TLS version in common',
    why: 'The client offers versions, the server picks one; when its lowest is above all offers it answers with alert 70. Kubernetes serves TLS 1.2 and 1.3 unless --tls-min-version says otherwise.',
    fix: "lower the server's --tls-min-version to VersionTLS12, or let the client speak TLS 1.3",
    source: 'RFC 8446 section 4.2.1',
  },
  NO_SHARED_CIPHER: {
    title: 'No cipher suite in common',
    why: 'The server found none of its cipher suites among those offered, or none that fits its key: a suite with ECDSA in its name needs an ECDSA certificate. --tls-cipher-suites concerns TLS 1.2 only; TLS 1.3 has its own three.',
    fix: 'take --tls-cipher-suites out, or add a suite that fits the type of the key',
    source: 'RFC 8446 section 4.1.1; golang/go src/crypto/tls/handshake_server.go, pickCipherSuite',
  },
  HANDSHAKE_FAILURE: {
    title: 'The handshake failed for another reason',
    why: 'The two sides could not agree on something else than version, cipher suite and certificates (a curve, a signature algorithm, a message out of order). The alert names it only roughly.',
    fix: 'look at the messages one by one: `npx mtls-lab handshake CLIENT SERVER`',
    source: 'RFC 8446 section 6.2',
  },
  NO_SERVING_CERTIFICATE: {
    title: 'The server has no certificate to show',
    why: 'A server that cannot find a certificate answers with alert 80, internal_error. A kubelet with serverTLSBootstrap is in this state until its serving request is approved: it is not approved by itself.',
    fix: '`kubectl get csr`, then `kubectl certificate approve NAME`; or put certificate and key where the flags point',
    source: 'kubernetes/kubernetes pkg/kubelet/certificate/kubelet.go, NewKubeletServerCertificateManager',
  },
  KEY_PROOF_INVALID: {
    title: 'The peer could not prove that it holds the key',
    why: 'A certificate is public; whoever shows it must also sign the handshake with its private key (CertificateVerify). The signature did not fit the certificate: the key is another one, or somebody shows a certificate that is not theirs.',
    fix: 'put certificate and key of one pair together: `npx mtls-lab certs renew ID`',
    source: 'RFC 8446 section 4.4.3',
  },
  UNAUTHENTICATED: {
    title: 'HTTP 401: the server does not know who you are',
    why: 'TLS went well, but the request carried no identity that the API server accepts. Its TLS layer only asks for a client certificate; one that does not verify against --client-ca-file leads to 401, not to a TLS failure.',
    fix: 'use a client certificate signed by the CA of --client-ca-file, within its dates and with clientAuth: `npx mtls-lab certs renew ID`',
    source:
      'kubernetes/kubernetes staging/src/k8s.io/apiserver/pkg/authentication/request/x509/x509.go, Authenticator.AuthenticateRequest',
  },
  FORBIDDEN: {
    title: 'HTTP 403: known, but not allowed',
    why: 'The certificate was accepted: its CN is the user, its O values are the groups. No RBAC rule lets this user do this. system:anonymous as user means that no client certificate was shown at all.',
    fix: 'check CN and O with `npx mtls-lab inspect FILE`; bind the user or one of its groups to a role, or reissue with the right Subject',
    source:
      'kubernetes/kubernetes staging/src/k8s.io/apiserver/pkg/endpoints/filters/authorization.go, WithAuthorization',
  },
  BACKEND_UNAVAILABLE: {
    title: "The server's own backend does not answer",
    why: 'The request reached the server, which could not finish it: the API server has lost etcd, or cannot reach a kubelet. The client is fine; the broken connection is one hop further.',
    fix: "look at the server's own connections: `npx mtls-lab status`",
    source: 'RFC 9110 section 15.6',
  },
  NOT_TRIED: {
    title: 'No connection has been tried yet',
    why: 'Nothing is known, good or bad: the client has not dialled since it was started.',
    fix: 'wait for the next round, or dial now: `npx mtls-lab handshake CLIENT SERVER`',
    source: 'mtls-lab components/tls/trace.ts, Layer',
  },
} as const satisfies Record<string, CodeEntry>;
