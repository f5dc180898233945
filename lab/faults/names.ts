/** Names: whether the certificate is for the server that was dialled. Only clients look at names. */
import { parseSan, type San } from '../../certs/identities.ts';
import { kubeletConfigEdit } from './edits.ts';
import type { ChangeContext, Fault, Scope } from './fault.ts';
import { copyOf, identityOf, leaves, minted } from './mint.ts';
import { refusedServer } from './outcome.ts';

/** Who is dialled by name: kubelets. Everybody else is dialled as 127.0.0.1. */
function kubelets({ workers }: Scope): readonly string[] {
  return workers.map((worker) => `kubelet@${worker}`);
}

/** What its clients dial. */
function dialledAs(target: string): string {
  return target.split('@')[1] ?? '127.0.0.1';
}

function dnsOnly({ directory, target }: ChangeContext): readonly San[] {
  return identityOf(directory, target).sans.filter(({ kind }) => kind === 'dns');
}

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
  {
    id: 'no-ip-san',
    family: 'names',
    title: 'the Subject Alternative Names hold no IP address, and it is dialled by one',
    chain: 'ca (trusted) -> leaf for DNS names only; dialled: 127.0.0.1',
    rule: 'RFC 6125 section 1.7.2, RFC 5280 section 4.2.1.6: an address is compared with iPAddress entries alone, never with names.',
    targets: () => ['apiserver', 'etcd-server'],
    change: (context) => minted(context, { template: { sans: dnsOnly(context) } }),
    outcomes: (situation) =>
      refusedServer(situation, {
        code: 'CERT_NO_IP_SANS',
        text: "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
        alert: 42,
      }),
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: "x509: cannot validate certificate for 192.168.122.20 because it doesn't contain any IP SANs",
          source: 'https://github.com/kubernetes/kubernetes/issues/27442',
        },
      ],
      see: 'openssl x509 -in FILE -noout -ext subjectAltName   no "IP Address:"',
      mend: 'issue it again with the address: certSANs in the kubeadm configuration, or -addext subjectAltName=IP:…',
    },
  },
  {
    id: 'no-dns-san',
    family: 'names',
    title: 'the Subject Alternative Names hold addresses only, and it is dialled by name',
    chain: 'ca (trusted) -> leaf for IP addresses only; dialled: worker-1',
    rule: 'RFC 6125 section 6.4: a name is compared with dNSName entries alone.',
    targets: kubelets,
    change: (context) =>
      minted(context, { template: { sans: [parseSan('IP:127.0.0.1'), parseSan('IP:::1')] } }),
    outcomes: (situation) =>
      refusedServer(situation, {
        code: 'CERT_NAME_MISMATCH',
        text: 'x509: certificate is not valid for any names, but wanted to match worker-',
        alert: 42,
      }),
    harm: 'mtls-lab kubectl logs deployment/web',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'x509: certificate is not valid for any names, but wanted to match localhost',
          source: 'measured',
        },
      ],
      see: 'openssl s_client -connect NODE:10250 </dev/null | openssl x509 -noout -ext subjectAltName',
      mend: 'issue it again with the node’s name, or --kubelet-preferred-address-types=InternalIP',
    },
  },
  {
    id: 'cn-only',
    family: 'names',
    title: 'the server’s name stands in the Common Name, not in a SAN',
    chain: 'ca (trusted) -> leaf, CN = what is dialled, no SAN',
    rule: 'RFC 6125 section 6.4.4, Go 1.15 release notes: the Common Name is no host name any more.',
    // A reused apiserver.crt says who the API server is: another Common Name would be another user.
    targets: (scope) =>
      leaves(scope, 'serverAuth').filter(
        (id) => id !== 'apiserver' || scope.choices.apiserverClient === 'dedicated',
      ),
    change: (context) =>
      minted(context, {
        template: { subject: { commonName: dialledAs(context.target) }, sans: [] },
      }),
    outcomes: (situation) =>
      refusedServer(situation, {
        code: 'CERT_NO_SANS',
        text: 'x509: certificate relies on legacy Common Name field, use SANs instead',
        alert: 42,
      }),
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'rke2',
          text: 'x509: certificate relies on legacy Common Name field, use SANs instead',
          source: 'https://github.com/rancher/rke2/issues/775',
        },
        {
          program: 'any program of Go 1.15 and 1.16',
          text: 'x509: certificate relies on legacy Common Name field, use SANs or temporarily enable Common Name matching with GODEBUG=x509ignoreCN=0',
          source: 'https://github.com/linkerd/linkerd2/issues/4945',
        },
      ],
      see: 'openssl x509 -in FILE -noout -subject -ext subjectAltName   No extensions in certificate; curl accepts it',
      mend: 'issue it again with -addext subjectAltName=DNS:NAME; GODEBUG=x509ignoreCN=0 is gone since Go 1.17',
    },
  },
  {
    id: 'node-renamed',
    family: 'names',
    title: 'the kubelet serves the certificate of the name that its node had before',
    chain: 'ca (trusted) -> leaf for old-name; dialled: worker-1',
    rule: 'RFC 6125 section 6: the name that was dialled must be among the Subject Alternative Names.',
    targets: kubelets,
    change: (context) =>
      minted(context, {
        template: {
          subject: { organizations: ['system:nodes'], commonName: 'system:node:old-name' },
          sans: [parseSan('DNS:old-name')],
        },
      }),
    outcomes: (situation) =>
      refusedServer(situation, {
        code: 'CERT_NAME_MISMATCH',
        text: 'x509: certificate is valid for old-name, not worker-',
        alert: 42,
      }),
    harm: 'mtls-lab kubectl logs deployment/web',
    realWorld: {
      texts: [
        {
          program: 'k3s',
          text: 'x509: certificate is valid for 127.0.0.1, 192.168.1.53, not 192.168.1.62',
          source: 'https://github.com/k3s-io/k3s/issues/5852',
        },
      ],
      see: 'kubectl get nodes -o wide beside openssl s_client -connect NODE:10250 </dev/null | openssl x509 -noout -ext subjectAltName',
      mend: 'delete /var/lib/kubelet/pki/kubelet.crt and .key and restart the kubelet, or approve its new serving request',
    },
  },
  {
    id: 'client-cert-served',
    family: 'names',
    title: 'the kubelet serves its client certificate, which is for no name at all',
    chain: 'ca (trusted) -> kubelet-client leaf: CN=system:node:worker-1, clientAuth, no SAN',
    rule: 'kubelet config/v1beta1 types.go, tlsCertFile: the serving certificate. Go checks names before usages.',
    targets: kubelets,
    change: (context) => {
      const worker = context.target.split('@')[1] ?? '';
      const { cert, key } = copyOf(identityOf(context.directory, `kubelet-client@${worker}`));
      return [
        kubeletConfigEdit(context, worker, [
          { path: ['tlsCertFile'], value: cert },
          { path: ['tlsPrivateKeyFile'], value: key },
        ]),
      ];
    },
    outcomes: (situation) =>
      refusedServer(situation, {
        code: 'CERT_NAME_MISMATCH',
        text: 'x509: certificate is not valid for any names, but wanted to match worker-',
        alert: 42,
      }),
    harm: 'mtls-lab kubectl logs deployment/web',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'x509: certificate is valid for system:node:aug-worker1, not aug-worker1',
          source: 'https://github.com/kelseyhightower/kubernetes-the-hard-way/issues/146',
        },
      ],
      see: 'grep tlsCertFile /var/lib/kubelet/config.yaml, then openssl x509 -noout -ext extendedKeyUsage,subjectAltName -in FILE',
      mend: 'give the kubelet a serving certificate of its own, with serverAuth and the node’s name',
    },
  },
] as const satisfies readonly Fault[];
