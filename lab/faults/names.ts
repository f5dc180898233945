/** Names: whether the certificate is for the server that was dialled. Only clients look at names. */
import { parseSan } from '../../certs/identities.ts';
import type { Fault } from './fault.ts';
import { leaves, minted } from './mint.ts';
import { refusedServer } from './outcome.ts';

export const names = [
  {
    id: 'wrong-name',
    family: 'names',
    title: 'the Subject Alternative Names are those of another server',
    chain: 'ca (trusted) -> leaf for other.example, 192.0.2.1',
    rule: 'RFC 6125 section 6: the name that was dialled must be among the Subject Alternative Names.',
    targets: (scope) => leaves(scope, 'serverAuth'),
    change: (context) =>
      minted(context, { template: { sans: [parseSan('DNS:other.example'), parseSan('IP:192.0.2.1')] } }),
    outcomes: (situation) =>
      refusedServer(situation, {
        code: 'CERT_NAME_MISMATCH',
        text: 'x509: certificate is valid for ',
        alert: 42,
      }),
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'x509: certificate is valid for 127.0.0.1, 10.96.0.1, 192.168.0.118, 10.103.97.2, not 106.74.24.250',
          source: 'https://github.com/labring/sealos/issues/1128',
        },
      ],
      see: 'openssl s_client -connect HOST:6443 </dev/null | openssl x509 -noout -ext subjectAltName',
      mend: 'add the name to certSANs, delete apiserver.crt and apiserver.key, kubeadm init phase certs apiserver, restart',
    },
  },
] as const satisfies readonly Fault[];
