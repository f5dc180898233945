/** Trust: who signed the certificate, and whether the other side trusts that. */
import { sequence, tagged, taggedBytes, toDer } from '../../certs/asn1.ts';
import type { RawExtension } from '../../certs/certificate.ts';
import type { Fault } from './fault.ts';
import { foreignCa, identityOf, intermediateCa, leaves, minted, selfSigned, signerOf } from './mint.ts';
import { refusedCertificate } from './outcome.ts';

const UNKNOWN = {
  code: 'CERT_UNKNOWN_AUTHORITY',
  text: 'x509: certificate signed by unknown authority',
  alert: 48,
} as const;
/** Go adds why the CA of that name did not fit. */
const POSSIBLY = { ...UNKNOWN, text: `${UNKNOWN.text} (possibly because of ` } as const;
const NOT_A_CA = { ...POSSIBLY, code: 'CERT_ISSUER_NOT_CA' } as const;
const TOO_LONG = {
  code: 'CERT_PATH_TOO_LONG',
  text: 'x509: too many intermediates for path length constraint',
  alert: 42,
} as const;
const CONSTRAINED = {
  code: 'CERT_NAME_CONSTRAINT',
  text: 'x509: a root or intermediate certificate is not authorized to sign for this name: DNS name ',
  alert: 42,
} as const;
/** permittedSubtrees [0] of one GeneralSubtree with dNSName [2]. */
const EXAMPLE_COM_ONLY: RawExtension = {
  oid: '2.5.29.30',
  critical: true,
  value: toDer(sequence(tagged(0, sequence(taggedBytes(2, Buffer.from('example.com')))))),
};
const SCALE = 'mtls-lab kubectl scale deployment web --replicas=3';
const REISSUE = 'issue it again with the cluster CA: kubeadm certs renew NAME, then restart what uses it';

export const trust = [
  {
    id: 'unknown-ca',
    family: 'trust',
    title: 'signed by a CA that nobody here trusts',
    chain: 'foreign-ca (not trusted) -> leaf',
    rule: 'RFC 5280 section 6.1: a path must end at a trust anchor of the verifier.',
    targets: leaves,
    change: async (context) => minted(context, { ca: await foreignCa(context, 'foreign-ca') }),
    outcomes: (situation) => refusedCertificate(situation, UNKNOWN),
    harm: SCALE,
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'Unable to connect to the server: x509: certificate signed by unknown authority',
          source: 'https://github.com/kubernetes/kubernetes/issues/53313',
        },
        {
          program: 'kube-controller-manager',
          text: 'error retrieving resource lock kube-system/kube-controller-manager: Unauthorized',
          source: 'https://github.com/kelseyhightower/kubernetes-the-hard-way/issues/354',
        },
      ],
      see: 'openssl verify -CAfile /etc/kubernetes/pki/ca.crt FILE',
      mend: REISSUE,
    },
  },
  {
    id: 'same-name-ca',
    family: 'trust',
    title: 'signed by a CA with the right name and another key',
    chain: 'CA of the same name, other key (not trusted) -> leaf',
    rule: 'RFC 5280 section 6.1.3: the signature must verify with the trusted key; a name proves nothing.',
    targets: leaves,
    change: async (context) => {
      const { signer } = identityOf(context.directory, context.target);
      return minted(context, {
        ca: await foreignCa(context, identityOf(context.directory, signer).commonName),
      });
    },
    outcomes: (situation) => refusedCertificate(situation, POSSIBLY),
    harm: SCALE,
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'x509: certificate signed by unknown authority (possibly because of "crypto/rsa: verification error" while trying to verify candidate authority certificate "kubernetes")',
          source: 'https://github.com/kubernetes/kubernetes/issues/58582',
        },
      ],
      see: 'compare keys, not names: openssl x509 -in CA.crt -noout -ext subjectKeyIdentifier on both machines',
      mend: 'after kubeadm reset and init copy the new admin.conf; certificates of the old CA are worthless',
    },
  },
  {
    id: 'self-signed',
    family: 'trust',
    title: 'signed by its own key, by no CA at all',
    chain: 'leaf (its own issuer, not trusted)',
    rule: 'RFC 5280 section 6.1: a path must end at a trust anchor; a certificate that vouches for itself has none.',
    targets: leaves,
    change: selfSigned,
    outcomes: (situation) => refusedCertificate(situation, UNKNOWN),
    harm: 'mtls-lab kubectl logs deployment/web',
    realWorld: {
      texts: [
        {
          program: 'metrics-server',
          text: 'x509: certificate signed by unknown authority',
          source: 'https://github.com/kubernetes-sigs/metrics-server/issues/146',
        },
      ],
      see: 'openssl x509 -in FILE -noout -subject -issuer   both lines are the same',
      mend: 'for a kubelet serverTLSBootstrap: true and kubectl certificate approve; never --kubelet-insecure-tls',
    },
  },
  {
    id: 'intermediate-missing',
    family: 'trust',
    title: 'signed by an intermediate CA that is not sent along',
    chain: 'ca (trusted) -> intermediate (not in the file) -> leaf',
    rule: 'RFC 8446 section 4.4.2: the sender must give every certificate between its own and the trust anchor.',
    targets: leaves,
    change: async (context) =>
      minted(context, { ca: await intermediateCa(context, signerOf(context), 'intermediate-ca') }),
    outcomes: (situation) => refusedCertificate(situation, UNKNOWN),
    harm: SCALE,
    realWorld: {
      texts: [
        {
          program: 'etcd',
          text: 'x509: certificate signed by unknown authority',
          source: 'https://github.com/etcd-io/etcd/issues/16802',
        },
      ],
      see: 'grep -c BEGIN FILE   1 where it should be 2; openssl s_client -connect HOST:PORT -showcerts </dev/null',
      mend: 'cat leaf.crt intermediate.crt > FILE: the leaf first, then each issuer',
    },
  },
  {
    id: 'issuer-not-a-ca',
    family: 'trust',
    title: 'signed with the key of another certificate, which is no CA',
    chain: 'ca (trusted) -> leaf of somebody else (CA:FALSE) -> leaf',
    rule: 'RFC 5280 section 4.2.1.9: only a certificate with CA:TRUE may have signed another one.',
    targets: leaves,
    change: async (context) => {
      const issuer = await intermediateCa(context, signerOf(context), 'some-leaf', {
        isCa: false,
        keyUsages: ['digitalSignature'],
      });
      return minted(context, { ca: issuer, intermediates: issuer.certificatePem });
    },
    outcomes: (situation) => refusedCertificate(situation, NOT_A_CA),
    harm: SCALE,
    realWorld: {
      texts: [
        {
          program: 'any Go program',
          text: '(possibly because of "x509: invalid signature: parent certificate cannot sign this kind of certificate" while trying to verify candidate authority certificate "infra-connector.infrahq")',
          source: 'https://github.com/infrahq/infra/issues/1327',
        },
      ],
      see: 'openssl x509 -in ISSUER -noout -ext basicConstraints   says CA:FALSE',
      mend: REISSUE,
    },
  },
  {
    id: 'no-cert-sign',
    family: 'trust',
    title: 'signed by a CA whose key usage does not allow to sign certificates',
    chain: 'ca (trusted) -> CA:TRUE without keyCertSign -> leaf',
    rule: 'RFC 5280 section 4.2.1.3: keyCertSign must be set in a certificate whose key verifies signatures on certificates.',
    targets: leaves,
    change: async (context) => {
      const issuer = await intermediateCa(context, signerOf(context), 'no-cert-sign-ca', {
        keyUsages: ['digitalSignature'],
      });
      return minted(context, { ca: issuer, intermediates: issuer.certificatePem });
    },
    outcomes: (situation) => refusedCertificate(situation, NOT_A_CA),
    harm: SCALE,
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'x509: certificate signed by unknown authority (possibly because of "x509: invalid signature: parent certificate cannot sign this kind of certificate" while trying to verify candidate authority certificate "kubernetes")',
          source: 'measured',
        },
      ],
      see: 'openssl x509 -in CA.crt -noout -ext keyUsage   lacks Certificate Sign',
      mend: 'make the CA again with keyUsage critical,keyCertSign,cRLSign and issue what it signed',
    },
  },
  {
    id: 'path-too-long',
    family: 'trust',
    title: 'signed below an intermediate that allows no CA beneath it',
    chain: 'ca (trusted) -> intermediate, pathlen:0 -> second intermediate -> leaf',
    rule: 'RFC 5280 section 4.2.1.9: pathLenConstraint is the number of intermediates that may follow.',
    targets: leaves,
    change: async (context) => {
      const first = await intermediateCa(context, signerOf(context), 'pathlen-0-ca', { pathLength: 0 });
      const second = await intermediateCa(context, first, 'one-too-many-ca');
      return minted(context, {
        ca: second,
        intermediates: second.certificatePem + first.certificatePem,
      });
    },
    outcomes: (situation) => refusedCertificate(situation, TOO_LONG),
    harm: SCALE,
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'x509: too many intermediates for path length constraint',
          source: 'measured',
        },
      ],
      see: 'openssl verify -CAfile ca.crt -untrusted chain.pem leaf.crt   path length constraint exceeded',
      mend: 'sign the leaf with the first intermediate, or make that one again with a longer pathlen',
    },
  },
  {
    id: 'name-constraint',
    family: 'trust',
    title: 'signed by a CA that may sign for example.com only',
    chain: 'ca (trusted) -> intermediate, permitted DNS:example.com -> leaf for other names',
    rule: 'RFC 5280 section 4.2.1.10: every name below a CA must lie inside its name constraints.',
    targets: (scope) => leaves(scope, 'serverAuth'),
    change: async (context) => {
      const issuer = await intermediateCa(context, signerOf(context), 'example-com-ca', {
        extensions: [EXAMPLE_COM_ONLY],
      });
      return minted(context, { ca: issuer, intermediates: issuer.certificatePem });
    },
    outcomes: (situation) => refusedCertificate(situation, CONSTRAINED),
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'x509: a root or intermediate certificate is not authorized to sign for this name: DNS name "localhost" is not permitted by any constraint',
          source: 'measured',
        },
      ],
      see: 'openssl x509 -in INTERMEDIATE -noout -ext nameConstraints',
      mend: 'sign with a CA whose constraints cover the cluster’s names and addresses, or that has none',
    },
  },
] as const satisfies readonly Fault[];
