/**
 * The words of TLS and of Kubernetes' certificates: one line each, and where a cluster uses it.
 */
import { CERTIFICATE_WORDS } from './glossary-certificates.ts';
import { type Word, word } from './glossary-word.ts';

const CLUSTER_WORDS: readonly Word[] = [
  word(
    'handshake',
    ['TLS handshake'],
    'The first messages of a connection: agree on version and keys, show certificates, prove the keys.',
    'Watch one: npx mtls-lab handshake kube-scheduler kube-apiserver.',
  ),
  word(
    'ClientHello',
    ['client hello'],
    'The first message: what the client can do, and which host it wants.',
    'Plain on the wire, SNI included.',
  ),
  word(
    'ServerHello',
    ['server hello'],
    'The second message: what the server picked. In TLS 1.3 everything after it is encrypted.',
    'Its version and cipher suite are what --tls-min-version and --tls-cipher-suites rule.',
  ),
  word(
    'CertificateRequest',
    ['certificate request'],
    "The server's wish to see a client certificate, with the names of the CAs it accepts.",
    'etcd demands one; the API server and the kubelet ask, and take also none.',
  ),
  word(
    'CertificateVerify',
    ['certificate verify'],
    'The proof: a signature over the handshake so far, made with the private key of the certificate shown.',
    'Why a stolen certificate without its key is worth nothing.',
  ),
  word(
    'alert',
    ['TLS alert'],
    'The last word of a side that breaks off: a number and a name. It is sent to the other side.',
    '"remote error: tls: bad certificate" means: the other end refused OUR certificate.',
  ),
  word(
    'client',
    [],
    'Who opens the connection.',
    'kubectl, scheduler, controller-manager, kube-proxy, kubelet; and the API server towards etcd and kubelets.',
  ),
  word('server', [], 'Who is dialled.', 'etcd, the API server, and every kubelet.'),
  word(
    'mTLS',
    ['mutual TLS', 'mutual authentication'],
    'TLS in which both sides show certificates and check those of the other.',
    'API server to etcd always; towards the API server the client certificate is one way to log in.',
  ),
  word(
    'TLS',
    ['SSL'],
    'Transport Layer Security: encryption and proof of identity for a TCP connection. SSL is its name from before 1999.',
    'Every connection of a control plane.',
  ),
  word(
    'kubeconfig',
    ['kube config', 'admin.conf'],
    'A file with clusters (server, CA), users (certificate, key) and contexts that join them.',
    'kubectl, scheduler, controller-manager, kube-proxy and kubelet each have one.',
  ),
  word(
    'SNI',
    ['server name indication', 'server_name'],
    'The host name in the ClientHello, by which a server can choose its certificate. Never an IP address.',
    'kubeconfig: tls-server-name sets it, and the name that is checked.',
  ),
  word(
    'ALPN',
    ['application-layer protocol negotiation'],
    'The list of protocols above TLS that a client offers.',
    'h2 or http/1.1; etcd needs h2.',
  ),
  word(
    'cipher suite',
    ['cipher', 'ciphersuite'],
    'The algorithms that protect the data.',
    '--tls-cipher-suites, for TLS 1.2 only.',
  ),
  word(
    'bundle',
    ['CA bundle', 'CA file'],
    'A file with several CA certificates; any of them is trusted.',
    'Old and new CA side by side while a CA is replaced.',
  ),
  word(
    'revocation',
    ['CRL', 'OCSP', 'revoke'],
    'Taking a certificate back before it expires.',
    'Kubernetes has none: a stolen client certificate works until it expires or its CA is replaced.',
  ),
  word(
    '401',
    ['unauthorized', 'http 401'],
    'HTTP: I do not know who you are.',
    'TLS was fine; the client certificate was missing, expired or from another CA.',
  ),
  word(
    '403',
    ['http 403'],
    'HTTP: I know who you are, and you may not.',
    'CN and O were read; RBAC said no.',
  ),
  word(
    'RBAC',
    ['role-based access control'],
    'Rules that let users and groups do things.',
    'Binds names from certificates to rights.',
  ),
  word(
    'system:masters',
    [],
    'The group that may do anything, whatever RBAC says.',
    'A certificate with O=system:masters cannot be limited: kubeadm now uses kubeadm:cluster-admins.',
  ),
  word(
    'system:anonymous',
    ['anonymous'],
    'The user of a request without any credential.',
    'In a 403 it means that no client certificate arrived.',
  ),
  word(
    'kubeadm',
    [],
    'The tool that makes a cluster, its CAs and certificates.',
    'kubeadm certs renew all renews leaves; the components must be restarted then.',
  ),
  word(
    'control plane',
    ['control-plane'],
    'API server, etcd, scheduler and controller-manager.',
    'One host of this lab, control-plane.',
  ),
  word(
    'kube-apiserver',
    ['apiserver', 'API server'],
    'The server that everything talks to, and the only client of etcd.',
    'Shows apiserver.crt, checks clients with --client-ca-file.',
  ),
  word(
    'etcd',
    [],
    'The store of the cluster.',
    'Demands a client certificate of its own CA: --client-cert-auth, --trusted-ca-file.',
  ),
  word(
    'kubelet',
    [],
    'The agent of each node: a client of the API server and a server for logs and exec.',
    'Has two certificates: kubelet-client.crt to dial, kubelet.crt to serve.',
  ),
  word(
    'bootstrap',
    ['TLS bootstrap', 'bootstrap token'],
    'How a new node gets its first certificate: with a token it may ask for one.',
    'kubeadm join: bootstrap-kubelet.conf has the token, kube-controller-manager approves and signs. In the lab: up --client-auth request, certs signing on, and that file in hosts/WORKER/etc/kubernetes/.',
  ),
  word(
    'rotation',
    ['certificate rotation', 'renewal'],
    'Replacing a certificate before it expires.',
    'Issue, distribute, reload: a component that reads its file only at start goes on with the old one. A kubelet with rotateCertificates: true asks for a new one by itself, at 70 to 90 % of its life.',
  ),
  word(
    'key log',
    ['keylog', 'SSLKEYLOGFILE'],
    'The secrets of a connection, written down so that Wireshark can read it.',
    'npx mtls-lab capture puts them into the file.',
  ),
];

export const GLOSSARY: readonly Word[] = [...CERTIFICATE_WORDS, ...CLUSTER_WORDS];

/** Find a word by any of its spellings, in any case. */
export function findWord(text: string): Word | undefined {
  const wanted = plain(text);
  return GLOSSARY.find((entry) => [entry.word, ...entry.also].some((spelling) => plain(spelling) === wanted));
}

/** All spellings, for suggestions and tab completion. */
export function glossaryWords(): string[] {
  return GLOSSARY.flatMap((entry) => [entry.word, ...entry.also]);
}

function plain(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, ' ');
}
