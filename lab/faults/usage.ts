/** Usage: whether the certificate is for the role in which it is shown. */
import type { Fault } from './fault.ts';
import { identityOf, leaves, minted } from './mint.ts';
import { refusedClient, refusedServer } from './outcome.ts';

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
      const flaw = {
        code: 'CERT_WRONG_USAGE',
        text: 'x509: certificate specifies an incompatible key usage',
        alert: 42,
      } as const;
      // A server's certificate is left with clientAuth: a client may still show it.
      const serves = identityOf(situation.scope, situation.target).usages.includes('serverAuth');
      return serves ? refusedServer(situation, flaw) : refusedClient(situation, flaw);
    },
    harm: 'mtls-lab kubectl get pods',
    realWorld: {
      texts: [
        {
          program: 'kube-apiserver',
          text: 'x509: certificate specifies an incompatible key usage',
          source: 'https://github.com/etcd-io/etcd/issues/11736',
        },
      ],
      see: 'openssl x509 -in FILE -noout -ext extendedKeyUsage',
      mend: 'issue it again with the usage of its role: kubeadm certs renew NAME',
    },
  },
] as const satisfies readonly Fault[];
