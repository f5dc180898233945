/**
 * The words of certificates: keys, names, purposes, chains. The rest stands in glossary.ts.
 */
import { type Word, word } from './glossary-word.ts';

export const CERTIFICATE_WORDS: readonly Word[] = [
  word(
    'CA',
    ['certificate authority', 'certification authority'],
    'A key pair whose owner signs certificates of others, and the certificate that shows its public half.',
    'The cluster CA (ca.crt) signs every component; etcd often has a CA of its own. Whoever has ca.key can be anybody in the cluster.',
  ),
  word(
    'certificate',
    ['cert', 'X.509', 'crt'],
    'A signed statement: this public key belongs to this name, from then until then, for these purposes. It is public.',
    'Every component shows one: servers to prove their name, clients to say who they are.',
  ),
  word(
    'key',
    ['private key', 'secret key'],
    'The secret half of a key pair. Whoever has it can speak as the owner of the certificate.',
    'Files NAME.key, mode 0600, on the one machine that uses them.',
  ),
  word(
    'public key',
    [],
    'The half of a key pair that everyone may know; it stands in the certificate and checks signatures.',
    'openssl x509 -noout -pubkey shows it; it must be the pair of the key file.',
  ),
  word(
    'CSR',
    ['certificate signing request', 'request'],
    'Subject, public key and wishes, signed by the key itself, sent to a CA.',
    'Files NAME.csr on the desk; as API object certificatesigningrequests, approved with kubectl certificate approve.',
  ),
  word(
    'CN',
    ['common name'],
    'The name in a Subject.',
    'For a client it is the user name: system:kube-scheduler. For a server it counts for nothing since 2020.',
  ),
  word(
    'O',
    ['organization'],
    'Organizations in a Subject.',
    'For a client they are its groups: system:nodes, system:masters.',
  ),
  word(
    'Subject',
    ['subject name', 'distinguished name', 'DN'],
    'Whom the certificate is about, as a list of attributes such as O and CN.',
    'The API server reads user and groups from it.',
  ),
  word(
    'Issuer',
    [],
    'The Subject of the CA that signed. It is only a name: the signature decides.',
    'Two CAs called "kubernetes" are two CAs.',
  ),
  word(
    'SAN',
    ['subject alternative name', 'subjectAltName', 'sans'],
    'The names and IP addresses that a server certificate is for.',
    'apiserver.crt lists kubernetes, kubernetes.default.svc, 10.96.0.1 and every address that is dialled.',
  ),
  word(
    'EKU',
    ['extended key usage', 'extKeyUsage'],
    'The purposes of a certificate.',
    'serverAuth to serve, clientAuth to dial; etcd members need both.',
  ),
  word(
    'key usage',
    ['keyUsage', 'KU'],
    'What the key itself may do: sign data, sign certificates, encrypt keys.',
    'A CA needs keyCertSign.',
  ),
  word(
    'serverAuth',
    ['server auth', 'TLS Web Server Authentication'],
    'The extended key usage of a server certificate.',
    'In apiserver.crt, kubelet.crt, etcd-server.crt.',
  ),
  word(
    'clientAuth',
    ['client auth', 'TLS Web Client Authentication'],
    'The extended key usage of a client certificate.',
    'In admin.crt, scheduler.crt, apiserver-etcd-client.crt.',
  ),
  word(
    'basicConstraints',
    ['basic constraints', 'CA:TRUE', 'CA:FALSE', 'pathlen'],
    'Says whether a certificate is a CA, and how many CAs may stand below it.',
    'CA:TRUE in ca.crt; without it Go refuses what it signed.',
  ),
  word(
    'trust anchor',
    ['root', 'root CA', 'root certificate'],
    'A certificate that is believed because it is in the CA file, not because anyone signed it.',
    'ca.crt on every host; --client-ca-file, --etcd-cafile, certificate-authority.',
  ),
  word(
    'intermediate',
    ['intermediate CA', 'intermediate certificate'],
    'A CA that is itself signed by another. The server must send it, or clients cannot build the chain.',
    'Companies sign cluster CAs this way; NAME.crt then holds leaf and intermediate.',
  ),
  word(
    'leaf',
    ['end-entity certificate', 'leaf certificate'],
    'The certificate at the bottom of a chain: that of the component itself.',
    'First in the file, before its intermediates.',
  ),
  word(
    'chain',
    ['certificate chain', 'path'],
    'Leaf, intermediates, root: each signed by the next.',
    'npx mtls-lab verify shows every link.',
  ),
  word(
    'self-signed',
    ['self signed'],
    'Signed with its own key: nobody else vouches for it.',
    'Every root is; a kubelet without a serving certificate makes one for itself.',
  ),
  word(
    'SKI',
    ['subject key identifier', 'SKID'],
    'A short name for the public key of this certificate.',
    'Tells two CAs of one name apart.',
  ),
  word(
    'AKI',
    ['authority key identifier', 'AKID'],
    "The SKI of the issuer's key: which of several CAs signed.",
    'Go tries the matching CA first, and the others too.',
  ),
  word(
    'name constraints',
    ['nameConstraints'],
    'Names that a CA may, or may not, sign for.',
    'Rare in clusters; Go checks every SAN against them.',
  ),
  word(
    'critical',
    ['critical extension'],
    'Marks an extension that nobody may skip: whoever does not know it must refuse.',
    'x509: unhandled critical extension.',
  ),
  word(
    'serial number',
    ['serial'],
    'The number that a CA gives to a certificate, each once.',
    'Tells old and new after a renewal.',
  ),
  word(
    'notAfter',
    ['expiry', 'expiration', 'notBefore', 'validity'],
    'The end of the period in which a certificate counts; notBefore is its beginning.',
    'kubeadm: one year for leaves, ten for CAs. npx mtls-lab certs shows them.',
  ),
  word(
    'PEM',
    [],
    'Base64 between BEGIN and END lines: the form of files.',
    'Several certificates in one file make a chain or a bundle.',
  ),
  word(
    'DER',
    ['ASN.1'],
    'The bytes of a certificate, as they go over the wire and are signed.',
    'openssl x509 -outform der.',
  ),
];
