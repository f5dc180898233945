/**
 * Material: what is in the files. A client that cannot use its own files does not dial; a server that is up keeps the
 * pair that it has, and does not come up again.
 */
import { createPrivateKey } from 'node:crypto';
import { deskFiles } from '../../certs/desk.ts';
import { readText } from '../../certs/files.ts';
import { generateKeys, writePrivateKey } from '../../certs/keys.ts';
import { readPem } from '../../certs/pem.ts';
import type { Fault } from './fault.ts';
import { identityOf, leaves, minted } from './mint.ts';
import { refusedCertificate } from './outcome.ts';
import { good, holding, paths, unusable } from './unusable.ts';

const LOGS = 'mtls-lab kubectl logs deployment/web';
const BACK = 'copy the right file from where it was issued, then restart what reads it';

export const material = [
  {
    id: 'pem-garbage',
    family: 'material',
    title: 'the certificate’s file holds an error page that was saved in its place',
    chain: '(no certificate) beside a good key',
    rule: 'RFC 7468 section 2; Go crypto/tls tls.go, X509KeyPair: the file must hold a block -----BEGIN CERTIFICATE-----.',
    targets: leaves,
    change: (context) =>
      holding(context, { cert: '<html><head><title>502 Bad Gateway</title></head></html>\n' }),
    outcomes: (situation) =>
      unusable(situation, {
        code: 'PEM_INVALID',
        text: 'tls: failed to find any PEM data in certificate input',
      }),
    harm: LOGS,
    realWorld: {
      texts: [
        {
          program: 'any client of client-go',
          text: 'tls: failed to find any PEM data in certificate input',
          source: 'https://github.com/kubernetes/client-go/issues/703',
        },
      ],
      see: 'head -1 FILE',
      mend: BACK,
    },
  },
  {
    id: 'empty-file',
    family: 'material',
    title: 'the key’s file is empty: the disk was full when it was written',
    chain: 'good certificate beside (no key)',
    rule: 'Go crypto/tls tls.go, X509KeyPair: the file must hold a block ending in PRIVATE KEY.',
    targets: leaves,
    change: (context) => holding(context, { key: '' }),
    outcomes: (situation) =>
      unusable(situation, { code: 'PEM_INVALID', text: 'tls: failed to find any PEM data in key input' }),
    harm: LOGS,
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'tls: failed to find any PEM data in key input',
          source: 'measured',
        },
      ],
      see: 'ls -l FILE; df -h',
      mend: BACK,
    },
  },
  {
    id: 'der-file',
    family: 'material',
    title: 'the certificate’s file is DER, the binary form, in place of PEM',
    chain: 'good certificate, in a form that nobody here reads',
    rule: 'Go crypto/tls tls.go, X509KeyPair: PEM only. openssl x509 -outform DER writes the other form.',
    targets: leaves,
    change: (context) => {
      const [block] = readPem(good(context).cert);
      return holding(context, { cert: block?.bytes ?? new Uint8Array() });
    },
    outcomes: (situation) =>
      unusable(situation, {
        code: 'PEM_INVALID',
        text: 'tls: failed to find any PEM data in certificate input',
      }),
    harm: LOGS,
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'tls: failed to find any PEM data in certificate input',
          source: 'measured',
        },
      ],
      see: 'file FILE   says data, or DER Encoded Certificate',
      mend: 'openssl x509 -inform DER -in FILE -out FILE.pem && mv FILE.pem FILE',
    },
  },
  {
    id: 'wrong-file',
    family: 'material',
    title: 'the certificate’s file holds the signing request, which no CA has signed yet',
    chain: '(a CSR) beside a good key',
    rule: 'RFC 2986; Go crypto/tls tls.go, X509KeyPair: a CERTIFICATE REQUEST is no CERTIFICATE.',
    targets: leaves,
    change: (context) => {
      const { csr } = deskFiles(context.directory.dir, identityOf(context.directory, context.target));
      return holding(context, { cert: readText(csr ?? '') });
    },
    outcomes: (situation) =>
      unusable(situation, {
        code: 'PEM_INVALID',
        text: 'PEM block in certificate input after skipping PEM blocks',
      }),
    harm: LOGS,
    realWorld: {
      texts: [
        {
          program: 'any Go program',
          text: 'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [CERTIFICATE REQUEST]',
          source: 'https://go.dev/src/crypto/tls/tls.go',
        },
      ],
      see: 'grep BEGIN FILE',
      mend: 'openssl x509 -req -in FILE -CA ca.crt -CAkey ca.key -out NAME.crt   signs it',
    },
  },
  {
    id: 'swapped-files',
    family: 'material',
    title: 'certificate and key have changed places',
    chain: 'NAME.crt holds the key, NAME.key the certificate',
    rule: 'Go crypto/tls tls.go, X509KeyPair: each file must hold its own kind of block.',
    targets: leaves,
    change: (context) => {
      const { cert, key } = good(context);
      return holding(context, { cert: key, key: cert });
    },
    outcomes: (situation) =>
      unusable(situation, { code: 'CERT_KEY_SWAPPED', text: 'PEM inputs may have been switched' }),
    harm: LOGS,
    realWorld: {
      texts: [
        {
          program: 'any Go program',
          text: 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
          source: 'measured',
        },
      ],
      see: 'grep BEGIN NAME.crt NAME.key',
      mend: 'change the two files back, and chmod 600 the key: it lay open in the certificate’s place',
    },
  },
  {
    id: 'key-mismatch',
    family: 'material',
    title: 'the key is that of another certificate',
    chain: 'good certificate beside a key that does not belong to it',
    rule: 'Go crypto/tls tls.go, X509KeyPair: the public key of the certificate must be that of the private key.',
    targets: leaves,
    change: async (context) => {
      const keys = await generateKeys(context.directory.choices.key);
      return holding(context, { key: writePrivateKey(keys.privateKey) });
    },
    outcomes: (situation) =>
      unusable(situation, { code: 'KEY_MISMATCH', text: 'tls: private key does not match public key' }),
    harm: LOGS,
    realWorld: {
      texts: [
        {
          program: 'kube-apiserver',
          text: 'tls: private key does not match public key',
          source: 'https://github.com/kubernetes/kubernetes/issues/127538',
        },
        {
          program: 'k3s',
          text: 'tls: private key does not match public key',
          source: 'https://github.com/k3s-io/k3s/pull/650',
        },
      ],
      see: 'openssl pkey -in NAME.key -pubout | sha256sum; openssl x509 -in NAME.crt -noout -pubkey | sha256sum',
      mend: 'put the pair back together, or issue the certificate again for this key',
    },
  },
  {
    id: 'encrypted-key',
    family: 'material',
    title: 'the key is encrypted with a passphrase, and nobody is there to type it',
    chain: 'good certificate beside BEGIN ENCRYPTED PRIVATE KEY',
    rule: 'Go crypto/tls tls.go, parsePrivateKey: an encrypted key is no key. RFC 5958 section 3.',
    targets: leaves,
    change: (context) =>
      holding(context, {
        key: createPrivateKey(good(context).key)
          .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
          .toString(),
      }),
    outcomes: (situation) =>
      unusable(situation, { code: 'KEY_INVALID', text: 'tls: failed to parse private key' }),
    harm: LOGS,
    realWorld: {
      texts: [{ program: 'kubectl', text: 'tls: failed to parse private key', source: 'measured' }],
      see: 'head -1 NAME.key   says ENCRYPTED',
      mend: 'openssl pkey -in NAME.key -out NAME.plain && mv NAME.plain NAME.key; keep it 0600',
    },
  },
  {
    id: 'missing-file',
    family: 'material',
    title: 'the certificate’s file is not there',
    chain: '(nothing) beside a good key',
    rule: 'client-go tools/clientcmd/validation.go, validateAuthInfo: every file that a kubeconfig names is opened before it dials.',
    targets: leaves,
    change: (context) => paths(context, 'cert').map((path) => ({ path, vanish: true })),
    outcomes: (situation) => unusable(situation, { code: 'FILE_MISSING', text: 'no such file or directory' }),
    harm: LOGS,
    realWorld: {
      texts: [
        {
          program: 'kube-apiserver',
          text: 'Error: open /srv/kubernetes/kube-apiserver/etcd-client.crt: no such file or directory',
          source: 'https://github.com/kubernetes/kops/issues/12574',
        },
        {
          program: 'kube-apiserver',
          text: 'unable to load client CA file: open /etc/kubernetes/pki/root/tls.crt: no such file or directory',
          source: 'https://github.com/kubernetes-retired/cluster-api-provider-nested/issues/190',
        },
      ],
      see: 'ls -l the path of the message, inside the container: a missing volumeMount looks the same',
      mend: BACK,
    },
  },
  {
    id: 'unreadable-file',
    family: 'material',
    title: 'the key’s file may be read by nobody: mode 0000',
    chain: 'good certificate beside a key that the program may not open',
    rule: 'POSIX open(): EACCES. Root may read it all the same, so this fault has no targets for root.',
    targets: (scope) => (process.getuid?.() === 0 ? [] : leaves(scope)),
    change: (context) => paths(context, 'key').map((path) => ({ path, content: good(context).key, mode: 0 })),
    outcomes: (situation) => unusable(situation, { code: 'FILE_UNREADABLE', text: 'permission denied' }),
    harm: LOGS,
    realWorld: {
      texts: [
        {
          program: 'kube-apiserver',
          text: 'unable to load server certificate: open /etc/kubernetes/pki/apiserver.crt: permission denied',
          source: 'https://github.com/ReSearchITEng/kubeadm-playbook/issues/68',
        },
      ],
      see: 'ls -l FILE; ps -o user= -C kube-apiserver',
      mend: 'chown to the program’s user, chmod 600 a key, 644 a certificate',
    },
  },
  {
    id: 'negative-serial',
    family: 'material',
    title: 'the serial number is negative: 16 random bytes, the first above 0x7f',
    chain: 'ca (trusted) -> leaf, serialNumber < 0',
    rule: 'RFC 5280 section 4.1.2.2: the serial number must be positive. Go 1.23 refuses to parse others.',
    targets: leaves,
    change: (context) =>
      minted(context, { template: { serialNumber: Uint8Array.from([0xf1, ...new Array(15).fill(7)]) } }),
    outcomes: (situation) =>
      unusable(situation, { code: 'CERT_MALFORMED', text: 'x509: negative serial number' }),
    harm: LOGS,
    realWorld: {
      texts: [
        {
          program: 'any program of Go 1.23 and later',
          text: 'x509: negative serial number',
          source: 'https://github.com/istio/istio/issues/56815',
        },
        {
          program: 'any program of Go 1.23 and later',
          text: 'x509: negative serial number',
          source: 'https://github.com/jfromaniello/selfsigned/pull/12',
        },
      ],
      see: 'openssl x509 -in FILE -noout -serial   begins with a minus sign',
      mend: 'issue it again with the top bit of the serial number clear; GODEBUG=x509negativeserial=1 for a while',
    },
  },
  {
    id: 'weak-key',
    family: 'material',
    title: 'the key is RSA of 1024 bits: Go takes it, OpenSSL and browsers do not',
    chain: 'ca (trusted) -> leaf, RSA-1024',
    rule: 'NIST SP 800-57 part 1, table 2: 80 bits of strength, not since 2013. Go 1.24 crypto/rsa: refused below 1024.',
    targets: leaves,
    change: async (context) => minted(context, { keys: await generateKeys('rsa-1024') }),
    outcomes: () => [],
    harm: 'mtls-lab certs',
    realWorld: {
      texts: [
        {
          program: 'curl',
          text: 'SSL certificate problem: EE certificate key too weak',
          source: 'measured',
        },
      ],
      see: 'openssl x509 -in FILE -noout -text | grep Public-Key',
      mend: 'issue it again with RSA-2048 or P-256',
    },
  },
  {
    id: 'sha1-signature',
    family: 'material',
    title: 'the CA signed it with SHA-1',
    chain: 'ca (trusted) -> leaf, signature …WithSHA1',
    rule: 'Go 1.18 crypto/x509: SHA-1 signatures are refused; RFC 9155 deprecates them in TLS 1.2.',
    targets: leaves,
    change: (context) => minted(context, { hash: 'sha1' }),
    outcomes: (situation) =>
      refusedCertificate(situation, {
        code: 'CERT_INSECURE_SIGNATURE',
        text: 'x509: certificate signed by unknown authority (possibly because of ',
        alert: 48,
      }),
    harm: LOGS,
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'x509: certificate signed by unknown authority (possibly because of "x509: cannot verify signature: insecure algorithm SHA1-RSA" while trying to verify candidate authority certificate "kubernetes")',
          source: 'measured',
        },
      ],
      see: 'openssl x509 -in FILE -noout -text | grep "Signature Algorithm"',
      mend: 'issue it again with SHA-256: -sha256, default_md in openssl.cnf',
    },
  },
] as const satisfies readonly Fault[];
