/** Trust, the other half: the certificate is good, and whoever verifies it trusts the wrong CA. */
import { type Ca, issueIdentity } from '../../certs/ca.ts';
import { deskFiles } from '../../certs/desk.ts';
import { MODES, readText } from '../../certs/files.ts';
import { hostPath } from '../../certs/hosts.ts';
import { fileNames, identities, PLACES } from '../../certs/identities.ts';
import { generateKeys, writePrivateKey } from '../../certs/keys.ts';
import { settingsOf } from '../directory.ts';
import {
  besideKubeconfig,
  kubeconfigClients,
  kubeconfigEdit,
  kubeletConfigEdit,
  manifestEdit,
} from './edits.ts';
import type { ChangeContext, Fault, FileChange, Situation, Stated } from './fault.ts';
import { bundle, foreignCa, identityOf, inDir, minted, pairOn } from './mint.ts';
import { succeeds } from './outcome.ts';
import { gone, ownDial, withoutStore } from './reach.ts';
import { bundles, bundlesOf, hostOf, refusedWhere, refusedWithBundle } from './verifiers.ts';

const UNKNOWN = {
  code: 'CERT_UNKNOWN_AUTHORITY',
  text: 'x509: certificate signed by unknown authority',
  alert: 48,
} as const;
const POSSIBLY = { ...UNKNOWN, text: `${UNKNOWN.text} (possibly because of ` } as const;
const OTHER_CA = 'other-ca';

/** Another CA's certificate, laid beside the good ones on a host; its path inside the host. */
async function otherCa(
  context: ChangeContext,
  host: string,
): Promise<{ readonly path: string; readonly file: FileChange }> {
  const { names } = context.directory.choices;
  const folder = host === 'laptop' ? PLACES.laptop : PLACES.kubernetes;
  const path = `${folder}/${fileNames(OTHER_CA, names, 'ca').cert}`;
  const { certificatePem } = await foreignCa(context, OTHER_CA);
  return {
    path,
    file: {
      path: inDir(context.directory.dir, hostPath(context.directory.dir, host, path)),
      content: certificatePem,
      mode: MODES.public,
    },
  };
}

/** Started anew with an empty bundle: kube-apiserver and kubelet refuse to. */
function cannotStart(situation: Situation): Stated[] {
  const { target } = situation;
  const host = target.split('@')[1];
  const server = host === 'control-plane' ? 'kube-apiserver' : `kubelet@${host}`;
  if (host === 'laptop' || target.startsWith('etcd-ca@')) return [];
  return gone(situation, server).map((one): Stated => ({ ...one, shows: `after a restart of ${server}` }));
}

/** Every certificate of the control plane issued by a CA of the same name with a new key, as kubeadm init makes it anew. */
async function controlPlaneAnew(context: ChangeContext): Promise<readonly FileChange[]> {
  const { directory, now } = context;
  const { choices } = directory;
  const ca: Ca = await foreignCa(context, identityOf(directory, 'ca').commonName);
  const own = identities(choices).filter(
    ({ kind, signer, copies }) =>
      kind === 'leaf' && signer === 'ca' && copies.every(({ host }) => host === 'control-plane'),
  );
  const pairs = await Promise.all(
    own.map(async (identity) => {
      const issued = issueIdentity(identity, ca, await generateKeys(choices.key), now);
      return pairOn(context, identity, {
        cert: issued.certificatePem,
        key: writePrivateKey(issued.keys.privateKey),
      });
    }),
  );
  return [...pairs.flat(), bundle({ ...context, target: 'ca@control-plane' }, ca.certificatePem)];
}

export const trustBundles = [
  {
    id: 'wrong-bundle',
    family: 'trust',
    title: 'this copy of the CA’s certificate is that of another cluster',
    chain: 'good chain -> verifier, which trusts other-ca only',
    rule: 'RFC 5280 section 6.1.1: the trust anchor is input to the verifier; it is not found in the chain.',
    targets: bundles,
    change: async (context) => [bundle(context, (await foreignCa(context, OTHER_CA)).certificatePem)],
    outcomes: (situation) => refusedWithBundle(situation, UNKNOWN),
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'Unable to connect to the server: x509: certificate signed by unknown authority',
          source: 'https://github.com/kubernetes/kubernetes/issues/53313',
        },
        {
          program: 'kubelet',
          text: 'Unable to register node with API server … x509: certificate signed by unknown authority',
          source: 'https://github.com/kubernetes/kubernetes/issues/40067',
        },
      ],
      see: 'openssl x509 -in /etc/kubernetes/pki/ca.crt -noout -fingerprint -sha256   on both machines',
      mend: 'copy ca.crt from the control plane; join again with the right --discovery-token-ca-cert-hash',
    },
  },
  {
    id: 'ca-regenerated',
    family: 'trust',
    title: 'this copy of the CA’s certificate has the right name and another key',
    chain: 'good chain -> verifier, which trusts a CA of the same name with another key',
    rule: 'RFC 5280 section 6.1.3: the signature must verify with the trusted key; a name proves nothing.',
    targets: bundles,
    change: async (context) => {
      const [id = ''] = context.target.split('@');
      const { commonName } = identityOf(context.directory, id);
      return [bundle(context, (await foreignCa(context, commonName)).certificatePem)];
    },
    outcomes: (situation) => refusedWithBundle(situation, POSSIBLY),
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'x509: certificate signed by unknown authority (possibly because of "crypto/rsa: verification error" while trying to verify candidate authority certificate "kubernetes")',
          source: 'https://github.com/kubernetes/kubeadm/issues/3221',
        },
      ],
      see: 'openssl x509 -in ca.crt -noout -ext subjectKeyIdentifier   on both machines: same name, other key',
      mend: 'cp /etc/kubernetes/admin.conf ~/.kube/config after every kubeadm init',
    },
  },
  {
    id: 'empty-bundle',
    family: 'trust',
    title: 'this copy of the CA’s certificate is an empty file',
    chain: 'good chain -> verifier, which trusts nobody',
    rule: 'client-go transport/transport.go, rootCertPool: an empty bundle leaves the system’s roots. apiserver pkg/server/dynamiccertificates/dynamic_cafile_content.go, loadCABundle: missing content is an error, and the old bundle stays.',
    targets: bundles,
    change: (context) => [bundle(context, '')],
    outcomes: (situation) => [
      ...refusedWhere(situation, UNKNOWN, (channel) => {
        const { client, server } = bundlesOf(channel, situation.scope);
        return {
          client: client === situation.target,
          // etcd takes an empty bundle for one that trusts nobody; the others keep what they have.
          server: channel.server === 'etcd' && server === situation.target,
        };
      }),
      ...cannotStart(situation),
    ],
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kubelet',
          text: 'unable to load client CA file /etc/kubernetes/pki/ca.crt',
          source: 'https://github.com/kubernetes/kubernetes/issues/63571',
        },
        {
          program: 'kubectl',
          text: 'x509: certificate signed by unknown authority',
          source: 'measured',
        },
      ],
      see: 'ls -l /etc/kubernetes/pki/ca.crt   0 bytes',
      mend: 'copy ca.crt from another machine of the cluster, then restart what reads it',
    },
  },
  {
    id: 'rotated-ca',
    family: 'trust',
    title: 'the control plane has a new CA, and everybody else still trusts the old one',
    chain: 'new ca -> control plane; old ca -> workers and laptop; no bundle holds both',
    rule: 'Kubernetes documentation, tasks/tls/manual-rotation-of-ca-certificates: distribute old and new CA together first, then new certificates, then drop the old CA.',
    targets: () => ['cluster'],
    change: controlPlaneAnew,
    outcomes: (situation) =>
      refusedWhere(
        { ...situation, channels: situation.channels.filter(({ server }) => server !== 'etcd') },
        POSSIBLY,
        ({ client, server }) => {
          const [from, to] = [client, server].map((id) => hostOf(id, situation.scope) === 'control-plane');
          return { client: from !== to, server: from !== to };
        },
      ),
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kubelet',
          text: 'x509: certificate signed by unknown authority',
          source: 'https://github.com/kubernetes/kubeadm/issues/1399',
        },
      ],
      see: 'kubectl get nodes from the control plane: every node NotReady; openssl x509 -in ca.crt -noout -serial everywhere',
      mend: 'cat old-ca.crt new-ca.crt > ca.crt on every machine, restart, then issue certificates anew, then drop the old one',
    },
  },
  {
    id: 'renewed-not-reloaded',
    family: 'trust',
    title: 'a new CA was added to etcd’s bundle on disk, and etcd was not restarted',
    chain: 'new ca (in the file, not in the process) -> leaf, shown to etcd',
    rule: 'etcd client/pkg/transport/listener.go, TLSInfo.ServerConfig: the pool of CAs is made once; certificates are read at every handshake. In the lab: components.etcd.autoReload: real in lab.yaml, else there is nothing to stand on.',
    targets: (scope) => {
      const shown = scope.choices.apiserverClient === 'reuse' ? 'apiserver' : 'apiserver-etcd-client';
      return settingsOf(scope, 'etcd').autoReload === 'real' ? [shown] : [];
    },
    change: async (context) => {
      const signer = identityOf(context.directory, identityOf(context.directory, context.target).signer);
      const ca = await foreignCa(context, `${signer.commonName}-2`);
      const old = readText(deskFiles(context.directory.dir, signer).cert);
      return [
        bundle({ ...context, target: `${signer.id}@control-plane` }, old + ca.certificatePem),
        ...(await minted(context, { ca })),
      ];
    },
    outcomes: (situation) => [
      ...refusedWhere(situation, UNKNOWN, ({ client, server }) => ({
        client: false,
        server: client === 'kube-apiserver' && server === 'etcd',
      })),
      ...situation.channels.map((channel) => ({
        ...succeeds(channel),
        shows: 'after a restart of etcd' as const,
      })),
    ],
    harm: 'mtls-lab kubectl get pods',
    realWorld: {
      texts: [
        {
          program: 'kube-apiserver',
          text: '(the same refusal as before, while openssl x509 on the file looks fine: the process holds the old one)',
          source: 'https://github.com/kubernetes/kubernetes/issues/63128',
        },
        {
          program: 'kubeadm',
          text: '(the same refusal as before, until the control plane is restarted)',
          source: 'https://github.com/kubernetes/kubeadm/issues/2308',
        },
      ],
      see: 'openssl x509 -noout -enddate -in FILE   beside what the process shows: openssl s_client -connect HOST:PORT </dev/null | openssl x509 -noout -enddate; and ps -o lstart= -C etcd',
      mend: 'restart the process: mv /etc/kubernetes/manifests/etcd.yaml /tmp, wait, mv it back',
    },
  },
  {
    id: 'wrong-server-ca',
    family: 'trust',
    title: 'it is told to verify its server with another CA',
    chain: 'good server chain -> client, whose configuration names other-ca.crt',
    rule: 'client-go tools/clientcmd: certificate-authority; kube-apiserver --etcd-cafile: the one bundle that this client trusts.',
    targets: (scope) => ['kube-apiserver', ...kubeconfigClients(scope)],
    change: async (context) => {
      const { target } = context;
      const host = hostOf(target, context.directory);
      const { path, file } = await otherCa(context, host);
      return [
        file,
        target === 'kube-apiserver'
          ? manifestEdit(context, 'kube-apiserver', { 'etcd-cafile': path })
          : kubeconfigEdit(context, target, () => ({
              cluster: { 'certificate-authority': besideKubeconfig(context, file.path) },
            })),
      ];
    },
    outcomes: (situation) => [
      ...refusedWhere({ ...situation, channels: ownDial(situation) }, UNKNOWN, () => ({
        client: true,
        server: false,
      })),
      ...withoutStore(situation),
    ],
    harm: 'mtls-lab kubectl get pods',
    realWorld: {
      texts: [
        {
          program: 'kube-controller-manager',
          text: 'error retrieving resource lock kube-system/kube-controller-manager: Get https://…: x509: certificate signed by unknown authority',
          source: 'https://github.com/kubernetes/kubernetes/issues/71707',
        },
        {
          program: 'etcd',
          text: 'rejected connection … "remote error: tls: bad certificate"',
          source: 'https://github.com/kubernetes/kubernetes/issues/106407',
        },
        {
          program: 'kube-apiserver',
          text: 'Error: context deadline exceeded',
          source: 'https://github.com/etcd-io/etcd/issues/13485',
        },
      ],
      see: 'grep etcd-cafile /etc/kubernetes/manifests/kube-apiserver.yaml; grep certificate-authority in the kubeconfig',
      mend: 'name the CA that signed the server: /etc/kubernetes/pki/etcd/ca.crt for etcd, /etc/kubernetes/pki/ca.crt else',
    },
  },
  {
    id: 'wrong-client-ca',
    family: 'trust',
    title: 'it is told to verify its clients with another CA',
    chain: 'good client chain -> server, whose configuration names other-ca.crt',
    rule: 'etcd --trusted-ca-file, kube-apiserver --client-ca-file, kubelet authentication.x509.clientCAFile: who may sign client certificates.',
    targets: ({ workers }) => ['etcd', 'kube-apiserver', ...workers.map((worker) => `kubelet@${worker}`)],
    change: async (context) => {
      const { target } = context;
      const host = hostOf(target, context.directory);
      const { path, file } = await otherCa(context, host);
      switch (target) {
        case 'etcd':
          return [file, manifestEdit(context, 'etcd', { 'trusted-ca-file': path })];
        case 'kube-apiserver':
          return [file, manifestEdit(context, 'kube-apiserver', { 'client-ca-file': path })];
        default:
          return [
            file,
            kubeletConfigEdit(context, host, [
              { path: ['authentication', 'x509', 'clientCAFile'], value: path },
            ]),
          ];
      }
    },
    outcomes: (situation) =>
      refusedWhere(situation, UNKNOWN, ({ server }) => ({
        client: false,
        server: server === situation.target,
      })),
    harm: 'mtls-lab kubectl logs deployment/web',
    realWorld: {
      texts: [
        {
          program: 'etcd',
          text: "tls: failed to verify client's certificate: x509: certificate signed by unknown authority",
          source: 'https://github.com/bitnami/charts/issues/1326',
        },
        {
          program: 'kube-apiserver',
          text: 'transport: authentication handshake failed: remote error: tls: bad certificate". Reconnecting...',
          source: 'https://github.com/labring/sealos/issues/2413',
        },
      ],
      see: 'grep -E "trusted-ca-file|client-ca-file" /etc/kubernetes/manifests/*.yaml; grep clientCAFile /var/lib/kubelet/config.yaml',
      mend: 'name the CA that signed the clients; for etcd /etc/kubernetes/pki/etcd/ca.crt',
    },
  },
] as const satisfies readonly Fault[];
