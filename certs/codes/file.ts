/** Codes of files: keys, PEM, kubeconfigs, manifests. */
import type { CodeEntry } from './entry.ts';

export const FILE_CODES = {
  KEY_MISMATCH: {
    title: 'Private key and certificate are not a pair',
    why: 'The public key inside the certificate is not the one that belongs to the private key. Typical after a renewal that replaced one file of the two.',
    fix: 'compare `openssl x509 -noout -pubkey -in CRT` with `openssl pkey -pubout -in KEY`; put one pair in place: `npx mtls-lab certs renew ID`',
    source: 'golang/go src/crypto/tls/tls.go, X509KeyPair',
  },
  KEY_INVALID: {
    title: 'The private key cannot be used',
    why: 'It is no private key of a kind that is understood here (RSA, ECDSA, Ed25519 in PKCS#1, SEC 1 or PKCS#8), or it is encrypted with a passphrase: Kubernetes has no way to ask for one.',
    fix: 'take the passphrase off: `openssl pkey -in KEY -out KEY.plain`; or make the pair anew: `npx mtls-lab certs renew ID`',
    source: 'golang/go src/crypto/tls/tls.go, parsePrivateKey',
  },
  FILE_MISSING: {
    title: 'A file is missing',
    why: 'A flag, manifest or kubeconfig names a file that does not exist. Paths in manifests are inside the folder of their host; relative paths in a kubeconfig start at the kubeconfig.',
    fix: 'put the file back: `npx mtls-lab certs distribute`, or `npx mtls-lab fix`',
    source:
      'kubernetes/kubernetes staging/src/k8s.io/client-go/tools/clientcmd/validation.go, validateClusterInfo',
  },
  FILE_UNREADABLE: {
    title: 'A file cannot be read',
    why: 'The file is there, but may not be opened (its mode or owner), or it is a folder, or far too large.',
    fix: 'keys need mode 0600 and the right owner: `chmod 600 FILE`; see `npx mtls-lab doctor`',
    source: 'POSIX.1-2017, open: EACCES, EISDIR',
  },
  PEM_INVALID: {
    title: 'The file is not the PEM that was expected',
    why: 'PEM is base64 between a BEGIN and an END line of the same label. The lines are missing, cut, or of another kind than this place needs.',
    fix: 'look at the first line of the file; take it again from its origin: `npx mtls-lab certs distribute`',
    source: 'RFC 7468; golang/go src/crypto/tls/tls.go, X509KeyPair',
  },
  CERT_KEY_SWAPPED: {
    title: 'Certificate and key files are swapped',
    why: 'Where a certificate belongs there is a private key, or the other way round. A key in the place of a certificate may also have been copied where others can read it.',
    fix: 'exchange the two paths, or the two files',
    source: 'golang/go src/crypto/tls/tls.go, X509KeyPair',
  },
  CA_BUNDLE_EMPTY: {
    title: 'The CA bundle holds no certificate',
    why: 'Who trusts nobody refuses everybody. client-go takes an empty CA as "use the system\'s CAs", so the cluster\'s own CA is unknown; the API server does not start with one.',
    fix: 'put the CA certificate into the file: `npx mtls-lab certs distribute`',
    source: 'kubernetes/kubernetes staging/src/k8s.io/client-go/transport/transport.go, rootCertPool',
  },
  KUBECONFIG_INVALID: {
    title: 'The kubeconfig cannot be used',
    why: 'A kubeconfig joins a cluster (server and CA), a user (certificate and key) and a context that names both. It is no YAML, or a part that another part names is missing.',
    fix: '`kubectl config view --kubeconfig FILE`; write it anew: `npx mtls-lab fix`',
    source: 'kubernetes/kubernetes staging/src/k8s.io/client-go/tools/clientcmd/validation.go, ConfirmUsable',
  },
  MANIFEST_INVALID: {
    title: 'The manifest or configuration file cannot be used',
    why: 'A static-pod manifest or component configuration is no YAML, or not of the kind that its component reads. A kubelet then leaves the pod as it was.',
    fix: 'undo the last edit, or write it anew: `npx mtls-lab fix`',
    source: 'kubernetes/kubernetes pkg/kubelet/config/file.go, extractFromFile',
  },
} as const satisfies Record<string, CodeEntry>;
