/** Settings, continued: certificates that are good, in the hands of somebody else. Nobody refuses them. */
import { createCa, issueIdentity } from '../../certs/ca.ts';
import { deskFiles, openSigner } from '../../certs/desk.ts';
import { MODES, readText } from '../../certs/files.ts';
import { hostPath } from '../../certs/hosts.ts';
import { PLACES } from '../../certs/identities.ts';
import { generateKeys, writePrivateKey } from '../../certs/keys.ts';
import { kubeconfigEdit, manifestEdit } from './edits.ts';
import type { ChangeContext, Fault, FileChange, Scope } from './fault.ts';
import { copyOf, identityOf, inDir } from './mint.ts';
import { refusedByServer } from './outcome.ts';
import { letIn, ownDial, withoutStore, workerOf } from './reach.ts';

const FORGED = 'mallory';
/** Where kube-proxy's own pair lies: a place that a thief on the worker can write. */
const LOOT = PLACES.kubeProxy;

function proxies({ workers }: Scope): readonly string[] {
  return workers.map((worker) => `kube-proxy@${worker}`);
}

/** A pair on the target's worker, and its kubeconfig that now names it. */
function shownByProxy(
  context: ChangeContext,
  name: string,
  pair: { readonly cert: string; readonly key: string },
): readonly FileChange[] {
  const { directory, target } = context;
  const host = workerOf(target);
  const at = (file: string): string => inDir(directory.dir, hostPath(directory.dir, host, `${LOOT}/${file}`));
  return [
    { path: at(`${name}.key`), content: pair.key, mode: MODES.key },
    { path: at(`${name}.crt`), content: pair.cert, mode: MODES.public },
    kubeconfigEdit(context, target, () => ({
      user: { 'client-certificate': `pki/${name}.crt`, 'client-key': `pki/${name}.key` },
    })),
  ];
}

/** The CA's key, out of its place. */
function leakedKey({ directory }: ChangeContext, host: string): FileChange {
  const { key } = deskFiles(directory.dir, identityOf(directory, 'ca'));
  const path = inDir(directory.dir, hostPath(directory.dir, host, `${PLACES.kubernetes}/ca.key`));
  return { path, content: readText(key), mode: MODES.key };
}

/** An administrator of one's own making. */
async function forged(
  context: ChangeContext,
  signer: 'ca' | 'foreign',
): Promise<{ readonly cert: string; readonly key: string; readonly ca: string }> {
  const { directory, now } = context;
  const admin = identityOf(directory, 'admin');
  const ca =
    signer === 'ca'
      ? openSigner(directory.dir, directory.choices, admin)
      : await createCa({ commonName: 'partner-ca' }, await generateKeys(directory.choices.key), now);
  const { certificatePem, keys } = issueIdentity(admin, ca, await generateKeys(directory.choices.key), now, {
    template: { subject: { organizations: ['system:masters'], commonName: FORGED } },
  });
  return { cert: certificatePem, key: writePrivateKey(keys.privateKey), ca: ca.certificatePem };
}

/** Part of the family settings. */
export const impostors = [
  {
    id: 'stolen-admin',
    family: 'settings',
    title: 'it shows admin.crt and admin.key, copied from the laptop',
    chain: 'ca (trusted) -> admin.crt, O=kubeadm:cluster-admins, shown from a worker',
    rule: 'RFC 8446 section 4.4.3: who signs with the key is its owner. Kubernetes knows no revocation: x509.go looks at no CRL and no OCSP.',
    targets: proxies,
    change: (context) => {
      const { cert, key } = deskFiles(context.directory.dir, identityOf(context.directory, 'admin'));
      return shownByProxy(context, 'admin', { cert: readText(cert), key: readText(key) });
    },
    outcomes: (situation) =>
      ownDial(situation).map((channel) =>
        letIn(
          channel,
          'is let in as kubernetes-admin',
          'Whoever has these two files is the administrator, from any machine, until the certificate ends.',
        ),
      ),
    harm: 'kubectl --kubeconfig=mtls-lab/hosts/worker-1/var/lib/kube-proxy/kubeconfig.conf auth whoami',
    realWorld: {
      texts: [
        {
          program: 'every program',
          text: '(nothing: it is a good certificate)',
          source: 'https://github.com/kubernetes/kubernetes/issues/18982',
        },
      ],
      see: 'the audit log: user kubernetes-admin from an address that is not yours',
      mend: 'delete the ClusterRoleBinding of its group, issue the administrators anew with another group; for system:masters replace the CA',
    },
  },
  {
    id: 'forged-admin',
    family: 'settings',
    title: 'ca.key lies on its host, and it has signed itself an administrator: mallory',
    chain: 'ca (trusted) -> mallory, O=system:masters, signed on the worker with a copied ca.key',
    rule: 'RFC 5280 section 6.1: whatever the trust anchor’s key signs is valid. Therefore that key never leaves the desk.',
    targets: proxies,
    change: async (context) => [
      leakedKey(context, workerOf(context.target)),
      ...shownByProxy(context, FORGED, await forged(context, 'ca')),
    ],
    outcomes: (situation) =>
      ownDial(situation).map((channel) =>
        letIn(
          channel,
          `is let in as ${FORGED}`,
          'It can be anybody: an administrator, a node, another API server.',
        ),
      ),
    harm: 'kubectl --kubeconfig=mtls-lab/hosts/worker-1/var/lib/kube-proxy/kubeconfig.conf auth can-i "*" "*"',
    realWorld: {
      texts: [
        {
          program: 'every program',
          text: '(nothing: the certificate is valid, and on no list)',
          source: 'https://github.com/kubernetes/kubernetes/issues/81111',
        },
      ],
      see: 'find / -name ca.key on every machine; certificates in the audit log whose serial number the desk never issued',
      mend: 'replace the CA everywhere, with an overlap of both, and issue everything anew: nothing less takes it back',
    },
  },
  {
    id: 'ca-key-on-worker',
    family: 'settings',
    title: 'ca.key lies on it',
    chain: 'ca.key: desk -> worker. No connection changes; every certificate can now be forged there',
    rule: 'kubeadm, certificates.md: ca.key belongs on the machines of the control plane at most, or on none.',
    targets: ({ workers }) => workers,
    change: (context) => [leakedKey(context, context.target)],
    outcomes: () => [],
    harm: 'mtls-lab status',
    realWorld: {
      texts: [
        {
          program: 'every program',
          text: '(nothing)',
          source: 'https://github.com/kubernetes/kubernetes/issues/81111',
        },
      ],
      see: 'find / -name ca.key on every machine',
      mend: 'delete it; if anybody could have read it, replace the CA',
    },
  },
  {
    id: 'scheduler-opens-etcd',
    family: 'settings',
    title: 'it shows etcd the scheduler’s certificate, and etcd cannot tell the difference',
    chain: 'one CA for all: ca -> scheduler.crt -> etcd, which asks for nothing but the CA’s signature',
    rule: 'etcd client/pkg/transport/listener.go, ServerConfig: RequireAndVerifyClientCert against --trusted-ca-file; the name is not looked at.',
    targets: () => ['kube-apiserver'],
    change: (context) => {
      const { cert, key } = copyOf(identityOf(context.directory, 'scheduler'));
      return [manifestEdit(context, 'kube-apiserver', { 'etcd-certfile': cert, 'etcd-keyfile': key })];
    },
    outcomes: (situation) => [
      ...ownDial(situation).map((channel) =>
        situation.scope.choices.cas === 'single'
          ? letIn(
              channel,
              'is let in as system:kube-scheduler',
              'Any certificate of this CA, also a node’s or kube-proxy’s, reads and writes every secret in etcd, past all of RBAC.',
            )
          : refusedByServer(channel.id, {
              code: 'CERT_UNKNOWN_AUTHORITY',
              text: 'x509: certificate signed by unknown authority',
              alert: 48,
            }),
      ),
      ...(situation.scope.choices.cas === 'single' ? [] : withoutStore(situation)),
    ],
    harm: 'curl --cacert mtls-lab/pki/ca.crt --cert mtls-lab/pki/scheduler.crt --key mtls-lab/pki/scheduler.key https://127.0.0.1:2379/v3/kv/range -d \'{"key":"AA==","range_end":"AA==","keys_only":true}\'',
    realWorld: {
      texts: [
        {
          program: 'etcd',
          text: '(nothing: it is let in)',
          source: 'https://github.com/etcd-io/etcd/issues/3237',
        },
      ],
      see: 'compare the CAs: openssl x509 -noout -fingerprint -in /etc/kubernetes/pki/ca.crt, and in etcd/ca.crt',
      mend: 'give etcd a CA of its own: init --cas separate here, etcd/ca.crt under kubeadm',
    },
  },
  {
    id: 'second-client-ca',
    family: 'settings',
    title:
      'the API server trusts a second CA for its clients, and that one signed it an administrator: mallory',
    chain: 'partner-ca (trusted by --client-ca-file, too) -> mallory, O=system:masters',
    rule: 'x509.go, Authenticate: every CA of --client-ca-file may name any user and any group.',
    targets: () => ['kubectl'],
    change: async (context) => {
      const { dir } = context.directory;
      const { ca, cert, key } = await forged(context, 'foreign');
      const bundle = `${PLACES.kubernetes}/client-ca-bundle.crt`;
      const own = readText(deskFiles(dir, identityOf(context.directory, 'ca')).cert);
      const at = (host: string, path: string): string => inDir(dir, hostPath(dir, host, path));
      return [
        { path: at('control-plane', bundle), content: own + ca, mode: MODES.public },
        { path: at('laptop', `${PLACES.laptop}/${FORGED}.key`), content: key, mode: MODES.key },
        { path: at('laptop', `${PLACES.laptop}/${FORGED}.crt`), content: cert, mode: MODES.public },
        manifestEdit(context, 'kube-apiserver', { 'client-ca-file': bundle }),
        kubeconfigEdit(context, context.target, () => ({
          user: { 'client-certificate': `pki/${FORGED}.crt`, 'client-key': `pki/${FORGED}.key` },
        })),
      ];
    },
    outcomes: (situation) =>
      ownDial(situation).map((channel) =>
        letIn(
          channel,
          `is let in as ${FORGED}`,
          'Whoever holds that CA’s key makes administrators of your cluster.',
        ),
      ),
    harm: 'mtls-lab kubectl auth whoami',
    realWorld: {
      texts: [
        {
          program: 'kube-apiserver',
          text: 'x509: subject with cn=system:kube-scheduler is not in the allowed list: [front-proxy-client]',
          source: 'https://github.com/platform9/cctl/issues/100',
        },
      ],
      see: 'grep -c BEGIN /etc/kubernetes/pki/ca.crt; the file that --client-ca-file names holds one CA',
      mend: 'take the CA out of the bundle; give partners a user by OIDC or a CSR, not a CA',
    },
  },
] as const satisfies readonly Fault[];
