/** Trust: who signed it, and whether the other side trusts that. */
import type { Fault } from './fault.ts';
import { foreignCa, identityOf, leaves, minted } from './mint.ts';
import { refusedCertificate } from './outcome.ts';

export const trust = [
  {
    id: 'unknown-ca',
    family: 'trust',
    title: 'signed by a CA that nobody here trusts',
    chain: 'foreign-ca (not trusted) -> leaf',
    rule: 'RFC 5280 section 6.1: a path must end at a trust anchor of the verifier.',
    targets: leaves,
    change: async (context) => minted(context, { ca: await foreignCa(context, 'foreign-ca') }),
    outcomes: (situation) =>
      refusedCertificate(situation, {
        code: 'CERT_UNKNOWN_AUTHORITY',
        text: 'x509: certificate signed by unknown authority',
        alert: 48,
      }),
    harm: 'mtls-lab kubectl scale deployment web --replicas=3',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'Unable to connect to the server: x509: certificate signed by unknown authority',
          source: 'https://github.com/kubernetes/kubernetes/issues/53313',
        },
      ],
      see: 'openssl s_client -connect HOST:6443 -CAfile /etc/kubernetes/pki/ca.crt </dev/null | grep "Verify return"',
      mend: 'sign it with the cluster CA: kubeadm certs renew NAME, then restart what uses it',
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
    outcomes: (situation) =>
      refusedCertificate(situation, {
        code: 'CERT_UNKNOWN_AUTHORITY',
        text: 'x509: certificate signed by unknown authority (possibly because of',
        alert: 48,
      }),
    harm: 'mtls-lab kubectl scale deployment web --replicas=3',
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
] as const satisfies readonly Fault[];
