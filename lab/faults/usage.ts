/** Usage: whether the certificate is for the role in which it is shown. */
import { manifestEdit } from './edits.ts';
import type { Fault } from './fault.ts';
import { copyOf, identityOf, intermediateCa, leaves, minted, signerOf } from './mint.ts';
import { refusedByServer, refusedCertificate, refusedClient, refusedServer } from './outcome.ts';
import { withoutStore } from './reach.ts';

const WRONG_USAGE = {
  code: 'CERT_WRONG_USAGE',
  text: 'x509: certificate specifies an incompatible key usage',
  alert: 42,
} as const;

export const usage = [
  {
    id: 'wrong-usage',
    family: 'usage',
    title: 'the extended key usage is for the other role',
    chain: 'ca (trusted) -> leaf, serverAuth in place of clientAuth or the reverse',
    rule: 'RFC 5280 section 4.2.1.12: the purpose must be among the extended key usages.',
    targets: leaves,
    change: (context) =>
      minted(context, {
        template: {
          extendedKeyUsages: identityOf(context.directory, context.target).usages.includes('serverAuth')
            ? ['clientAuth']
            : ['serverAuth'],
        },
      }),
    outcomes: (situation) => {
      // A server's certificate is left with clientAuth: a client may still show it.
      const serves = identityOf(situation.scope, situation.target).usages.includes('serverAuth');
      return serves ? refusedServer(situation, WRONG_USAGE) : refusedClient(situation, WRONG_USAGE);
    },
    harm: 'mtls-lab kubectl get pods',
    realWorld: {
      texts: [
        {
          program: 'etcd',
          text: 'x509: certificate specifies an incompatible key usage',
          source: 'https://github.com/etcd-io/etcd/issues/11736',
        },
      ],
      see: 'openssl x509 -in FILE -noout -ext extendedKeyUsage',
      mend: 'issue it again with the usage of its role: kubeadm certs renew NAME',
    },
  },
  {
    id: 'foreign-usage',
    family: 'usage',
    title: 'the extended key usage is for signing code, for neither role of TLS',
    chain: 'ca (trusted) -> leaf, codeSigning only',
    rule: 'RFC 5280 section 4.2.1.12: the purpose must be among the extended key usages.',
    targets: leaves,
    change: (context) => minted(context, { template: { extendedKeyUsages: ['codeSigning'] } }),
    outcomes: (situation) => refusedCertificate(situation, WRONG_USAGE),
    harm: 'mtls-lab kubectl get pods',
    realWorld: {
      texts: [
        {
          program: 'any Go program',
          text: 'x509: certificate specifies an incompatible key usage',
          source: 'measured',
        },
      ],
      see: 'openssl x509 -in FILE -noout -ext extendedKeyUsage',
      mend: 'let the CA sign it with serverAuth or clientAuth; a profile for code or mail is the usual mistake',
    },
  },
  {
    id: 'no-usage',
    family: 'usage',
    title: 'no extended key usage at all: the certificate is good for every role',
    chain: 'ca (trusted) -> leaf without extendedKeyUsage',
    rule: 'RFC 5280 section 4.2.1.12: the extension restricts; without it nothing is restricted. Go and OpenSSL accept.',
    targets: leaves,
    change: (context) => minted(context, { template: { extendedKeyUsages: [] } }),
    outcomes: () => [],
    harm: 'mtls-lab certs',
    realWorld: {
      texts: [{ program: 'every program', text: '(nothing: it is accepted)', source: 'measured' }],
      see: 'openssl x509 -in FILE -noout -ext extendedKeyUsage   No extensions matching',
      mend: 'nothing fails; issue it with the one usage of its role, so that a stolen server key opens no API',
    },
  },
  {
    id: 'ca-usage',
    family: 'usage',
    title: 'an intermediate CA allows the other role only',
    chain: 'ca (trusted) -> intermediate, EKU of the other role -> leaf, EKU of its own role',
    rule: 'Go crypto/x509 verify.go, checkChainForKeyUsage: an extended key usage in a CA limits everything beneath it.',
    targets: leaves,
    change: async (context) => {
      const serves = identityOf(context.directory, context.target).usages.includes('serverAuth');
      const issuer = await intermediateCa(context, signerOf(context), 'one-role-ca', {
        extendedKeyUsages: [serves ? 'clientAuth' : 'serverAuth'],
      });
      return minted(context, { ca: issuer, intermediates: issuer.certificatePem });
    },
    outcomes: (situation) => {
      const serves = identityOf(situation.scope, situation.target).usages.includes('serverAuth');
      return serves ? refusedServer(situation, WRONG_USAGE) : refusedClient(situation, WRONG_USAGE);
    },
    harm: 'mtls-lab kubectl get pods',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'x509: certificate specifies an incompatible key usage',
          source: 'measured',
        },
      ],
      see: 'openssl x509 -noout -ext extendedKeyUsage -in INTERMEDIATE',
      mend: 'sign with a CA that allows both roles, or that has no extended key usage',
    },
  },
  {
    id: 'reused-serving-cert',
    family: 'usage',
    title: 'the API server shows etcd its serving certificate, for servers only',
    chain: 'ca (trusted) -> apiserver.crt, serverAuth only -> shown to etcd as a client',
    rule: 'RFC 5280 section 4.2.1.12: reuse of apiserver.crt as a client certificate needs clientAuth in it.',
    targets: ({ choices }) => [choices.apiserverClient === 'reuse' ? 'apiserver' : 'kube-apiserver'],
    change: (context) => {
      if (context.target === 'apiserver')
        return minted(context, { template: { extendedKeyUsages: ['serverAuth'] } });
      const { cert, key } = copyOf(identityOf(context.directory, 'apiserver'));
      return [manifestEdit(context, 'kube-apiserver', { 'etcd-certfile': cert, 'etcd-keyfile': key })];
    },
    outcomes: (situation) =>
      situation.target === 'apiserver'
        ? refusedClient(situation, WRONG_USAGE)
        : [refusedByServer('kube-apiserver->etcd', WRONG_USAGE), ...withoutStore(situation)],
    harm: 'mtls-lab kubectl get pods',
    realWorld: {
      texts: [
        {
          program: 'etcd',
          text: "tls: failed to verify client's certificate: x509: certificate specifies an incompatible key usage",
          source: 'https://github.com/etcd-io/etcd/issues/9785',
        },
      ],
      see: 'openssl x509 -in /etc/kubernetes/pki/apiserver.crt -noout -ext extendedKeyUsage; grep etcd-certfile /etc/kubernetes/manifests/kube-apiserver.yaml',
      mend: '--etcd-certfile=/etc/kubernetes/pki/apiserver-etcd-client.crt, or add clientAuth to apiserver.crt',
    },
  },
] as const satisfies readonly Fault[];
