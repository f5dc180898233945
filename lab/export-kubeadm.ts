/**
 * The lab's CAs in kubeadm's clothes: a `pki/` folder in kubeadm's layout and names, with every certificate that
 * `kubeadm init` would make, issued by the lab's own CAs for a real machine's address, and a config that uses it.
 */
import { existsSync, readdirSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Ca, createCa, issueIdentity, openCa } from '../certs/ca.ts';
import { deskFiles } from '../certs/desk.ts';
import { LabError } from '../certs/errors.ts';
import { MODES, readText, writeAtomic } from '../certs/files.ts';
import {
  type Choices,
  type ExtendedKeyUsage,
  type Identity,
  identities,
  parseSan,
} from '../certs/identities.ts';
import { generateKeys, startKeys, writePrivateKey } from '../certs/keys.ts';

/** The node that `kubeadm init` would run on. */
export interface ExportTarget {
  readonly nodeName: string;
  /** What the API server advertises; kubeadm refuses loopback. */
  readonly advertiseAddress: string;
}

export const DEFAULT_TARGET = {
  nodeName: 'control-plane',
  advertiseAddress: '192.0.2.10',
} as const satisfies ExportTarget;

type SignedBy = 'ca' | 'etcd/ca' | 'front-proxy-ca';

interface Row {
  /** Path under pki/, without ending. */
  readonly base: string;
  readonly signer: SignedBy;
  /** `{node}` and `{address}` stand for the target's. */
  readonly commonName: string;
  readonly organization?: string;
  readonly usages: readonly ExtendedKeyUsage[];
  readonly sans?: readonly string[];
}

const ETCD_SANS = ['DNS:{node}', 'DNS:localhost', 'IP:{address}', 'IP:127.0.0.1', 'IP:::1'] as const;

/**
 * Every leaf that kubeadm makes.
 * @see kubernetes cmd/kubeadm/app/phases/certs/certlist.go, GetDefaultCertList; util/pkiutil/pki_helpers.go (v1.33)
 */
const LEAVES: readonly Row[] = [
  {
    base: 'apiserver',
    signer: 'ca',
    commonName: 'kube-apiserver',
    usages: ['serverAuth'],
    sans: [
      'DNS:{node}',
      'DNS:kubernetes',
      'DNS:kubernetes.default',
      'DNS:kubernetes.default.svc',
      'DNS:kubernetes.default.svc.cluster.local',
      'IP:10.96.0.1',
      'IP:{address}',
    ],
  },
  {
    base: 'apiserver-kubelet-client',
    signer: 'ca',
    commonName: 'kube-apiserver-kubelet-client',
    organization: 'kubeadm:cluster-admins',
    usages: ['clientAuth'],
  },
  {
    base: 'front-proxy-client',
    signer: 'front-proxy-ca',
    commonName: 'front-proxy-client',
    usages: ['clientAuth'],
  },
  {
    base: 'etcd/server',
    signer: 'etcd/ca',
    commonName: '{node}',
    usages: ['serverAuth', 'clientAuth'],
    sans: ETCD_SANS,
  },
  {
    base: 'etcd/peer',
    signer: 'etcd/ca',
    commonName: '{node}',
    usages: ['serverAuth', 'clientAuth'],
    sans: ETCD_SANS,
  },
  {
    base: 'etcd/healthcheck-client',
    signer: 'etcd/ca',
    commonName: 'kube-etcd-healthcheck-client',
    usages: ['clientAuth'],
  },
  {
    base: 'apiserver-etcd-client',
    signer: 'etcd/ca',
    commonName: 'kube-apiserver-etcd-client',
    usages: ['clientAuth'],
  },
];

/**
 * Write the export.
 * @param dir  the lab's directory
 * @param to   a new or empty folder
 * @param now  the desk's time
 * @returns    the files written, relative to `to`
 * @throws     LabError CHOICE_REFUSED for a target that kubeadm would refuse, DIR_INVALID when `to` holds files
 */
export async function exportKubeadm(
  dir: string,
  choices: Choices,
  to: string,
  now: Date,
  target: ExportTarget = DEFAULT_TARGET,
): Promise<readonly string[]> {
  checkTarget(target);
  if (existsSync(to) && readdirSync(to).length > 0) {
    throw new LabError('DIR_INVALID', {
      what: `${to} exists already and holds files`,
      fix: 'name a new folder; nothing is ever overwritten there',
    });
  }
  const keys = startKeys(['front-proxy-ca', ...LEAVES.map(({ base }) => base)], choices.key);
  const serviceAccount = generateKeys('rsa-2048');
  const written: string[] = [];
  const write = (path: string, content: string, mode: number): void => {
    writeAtomic(join(to, path), content, mode);
    written.push(path);
  };
  const pair = async (base: string) => (await keys.get(base)) ?? generateKeys(choices.key);

  const cas = new Map<SignedBy, Ca>();
  for (const [base, id] of [
    ['ca', 'ca'],
    ['etcd/ca', choices.cas === 'separate' ? 'etcd-ca' : 'ca'],
  ] as const) {
    const files = deskFiles(dir, identityById(choices, id));
    const [cert, key] = [readText(files.cert), readText(files.key)];
    cas.set(base, openCa(cert, key, files));
    write(`pki/${base}.crt`, cert, MODES.public);
    write(`pki/${base}.key`, key, MODES.key);
  }
  const frontProxyKeys = await pair('front-proxy-ca');
  const frontProxy = createCa(
    { commonName: 'front-proxy-ca', sans: [{ kind: 'dns', value: 'front-proxy-ca' }] },
    frontProxyKeys,
    now,
  );
  cas.set('front-proxy-ca', frontProxy);
  write('pki/front-proxy-ca.crt', frontProxy.certificatePem, MODES.public);
  write('pki/front-proxy-ca.key', writePrivateKey(frontProxyKeys.privateKey), MODES.key);

  for (const row of LEAVES) {
    const ca = cas.get(row.signer);
    if (!ca) throw new LabError('INTERNAL', { what: `${row.base} has no signer` });
    const issued = issueIdentity(identityOf(row, target), ca, await pair(row.base), now);
    write(`pki/${row.base}.crt`, issued.certificatePem, MODES.public);
    write(`pki/${row.base}.key`, writePrivateKey(issued.keys.privateKey), MODES.key);
  }
  const { privateKey, publicKey } = await serviceAccount;
  write('pki/sa.key', writePrivateKey(privateKey), MODES.key);
  write('pki/sa.pub', publicKey.export({ type: 'spki', format: 'pem' }).toString(), MODES.public);
  write('kubeadm.yaml', kubeadmConfig(choices, target), MODES.public);
  return written;
}

function checkTarget({ advertiseAddress, nodeName }: ExportTarget): void {
  if (isIP(advertiseAddress) === 0 || /^127\.|^::1$|^0\.0\.0\.0$|^::$/.test(advertiseAddress)) {
    throw new LabError('CHOICE_REFUSED', {
      what: `${advertiseAddress} is no address that an API server could advertise to other machines`,
      why: 'kubeadm wants a global unicast address: nodes must reach it.',
      fix: 'name the machine’s own address: --advertise-address 192.0.2.10',
    });
  }
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(nodeName)) {
    throw new LabError('CHOICE_REFUSED', {
      what: `"${nodeName}" is no node name`,
      why: 'A node name is a DNS name in lower case (RFC 1123).',
      fix: 'write --node-name control-plane',
    });
  }
}

function identityById(choices: Choices, id: string): Identity {
  const identity = identities(choices).find((each) => each.id === id);
  if (!identity) throw new LabError('INTERNAL', { what: `there is no identity ${id}` });
  return identity;
}

function identityOf(row: Row, target: ExportTarget): Identity {
  const fill = (text: string): string =>
    text.replaceAll('{node}', target.nodeName).replaceAll('{address}', target.advertiseAddress);
  return {
    id: row.base,
    base: row.base,
    kind: 'leaf',
    commonName: fill(row.commonName),
    organizations: row.organization === undefined ? [] : [row.organization],
    usages: row.usages,
    sans: (row.sans ?? []).map((san) => parseSan(fill(san))),
    signer: row.signer,
    folder: '',
    files: { cert: `${row.base}.crt`, key: `${row.base}.key`, csr: null },
    copies: [],
    shownBy: [],
  };
}

/** @see kubernetes cmd/kubeadm/app/apis/kubeadm/v1beta4/types.go */
function kubeadmConfig(choices: Choices, target: ExportTarget): string {
  const documents = [
    {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'InitConfiguration',
      localAPIEndpoint: { advertiseAddress: target.advertiseAddress, bindPort: 6443 },
      nodeRegistration: { name: target.nodeName },
    },
    {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'ClusterConfiguration',
      kubernetesVersion: 'v1.33.0',
      clusterName: 'kubernetes',
      certificatesDir: '/etc/kubernetes/pki',
      encryptionAlgorithm: choices.key === 'rsa-2048' ? 'RSA-2048' : 'ECDSA-P256',
      networking: { serviceSubnet: '10.96.0.0/12', dnsDomain: 'cluster.local' },
    },
  ];
  return [
    '# Copy pki/ to /etc/kubernetes/pki on the machine, then: kubeadm init --config kubeadm.yaml',
    '# kubeadm finds every certificate there, checks it, and makes none of its own.',
    ...documents.map((document) => stringify(document).trimEnd()),
    '',
  ]
    .join('\n---\n')
    .replace('\n---\n#', '\n#')
    .replace(/\n---\n$/, '\n');
}
