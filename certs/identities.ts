/**
 * The PKI as one table: every certificate of the cluster, who signs it, what it says and where it lives.
 *
 * `csr`, `ca`, `desk`, `hosts`, `expected` and the faults all read these rows; nothing about a certificate is
 * written down anywhere else. File names are the seed's.
 */
import { LabError } from './errors.ts';

/** What `init` lets a user choose. */
export interface Choices {
  /** One CA for all, or a CA of its own for etcd. */
  readonly cas: 'single' | 'separate';
  /** Dedicated client certificates for the API server, or its serving certificate reused as a client's. */
  readonly apiserverClient: 'dedicated' | 'reuse';
  readonly key: 'rsa-2048' | 'ecdsa-p256';
  /** `crt`: NAME.crt and NAME.key; `pem`: NAME.pem and NAME-key.pem. */
  readonly names: 'crt' | 'pem';
  readonly workers: number;
}

export const DEFAULT_CHOICES = {
  cas: 'single',
  apiserverClient: 'dedicated',
  key: 'rsa-2048',
  names: 'crt',
  workers: 1,
} as const satisfies Choices;

/** The two purposes that Kubernetes uses. */
export type ExtendedKeyUsage = 'serverAuth' | 'clientAuth';

/** One Subject Alternative Name. */
export interface San {
  readonly kind: 'dns' | 'ip';
  readonly value: string;
}

/** `apiserver`, `ca`; per worker with its host: `kubelet@worker-1`. */
export type IdentityId = string;

/** File names without folders. */
export interface IdentityFiles {
  readonly cert: string;
  readonly key: string;
  /** null for a CA: it signs itself. */
  readonly csr: string | null;
}

/** A place on a host where a copy belongs; paths are absolute inside the host. */
export interface Copy {
  readonly host: string;
  readonly cert: string;
  /** null for a CA: its key stays on the desk. */
  readonly key: string | null;
}

/** One certificate of the cluster. */
export interface Identity {
  readonly id: IdentityId;
  /** File name without ending: `kubelet`. */
  readonly base: string;
  readonly kind: 'ca' | 'leaf';
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly usages: readonly ExtendedKeyUsage[];
  readonly sans: readonly San[];
  /** Id of the CA that signs it; its own id for a CA. */
  readonly signer: IdentityId;
  /** Folder under pki/: empty, or the worker's name. */
  readonly folder: string;
  readonly files: IdentityFiles;
  readonly copies: readonly Copy[];
  /** Instance ids of the components that show it; `kube-proxy@worker-1` … for one that many share. */
  readonly shownBy: readonly string[];
}

/** Folders on hosts. */
export const PLACES = {
  laptop: '/.kube/pki',
  kubernetes: '/etc/kubernetes/pki',
  kubelet: '/var/lib/kubelet/pki',
  kubeProxy: '/var/lib/kube-proxy/pki',
} as const;

const LOOPBACK = ['IP:127.0.0.1', 'IP:::1'] as const;

interface Row {
  readonly base: string;
  readonly kind?: 'ca';
  /** Default: always. */
  readonly when?: (choices: Choices) => boolean;
  /** `{worker}` stands for the worker's name: one certificate per worker. */
  readonly commonName: string;
  readonly organization?: string;
  readonly usages: (choices: Choices) => readonly ExtendedKeyUsage[];
  readonly sans?: readonly string[];
  /** Signed by etcd's CA when that is a separate one. */
  readonly etcd?: true;
  /** Hosts and folders; `workers` are all of them, `worker` the certificate's own. */
  readonly places: readonly (readonly [
    'laptop' | 'control-plane' | 'workers' | 'worker',
    keyof typeof PLACES,
  ])[];
  readonly shownBy?: readonly string[];
}

const SERVER = (): readonly ExtendedKeyUsage[] => ['serverAuth'];
const CLIENT = (): readonly ExtendedKeyUsage[] => ['clientAuth'];
const DEDICATED = (choices: Choices): boolean => choices.apiserverClient === 'dedicated';

/**
 * Subjects, purposes and names are kubeadm's where kubeadm has the certificate (cmd/kubeadm/app/phases/certs/certlist.go,
 * util/pkiutil/pki_helpers.go, phases/kubeconfig/kubeconfig.go; v1.33), with localhost and the loopback addresses
 * added to the API server's names, since everything here is on one computer.
 */
const ROWS: readonly Row[] = [
  {
    base: 'ca',
    kind: 'ca',
    commonName: 'kubernetes',
    usages: () => [],
    sans: ['DNS:kubernetes'],
    places: [
      ['laptop', 'laptop'],
      ['control-plane', 'kubernetes'],
      ['workers', 'kubernetes'],
    ],
  },
  {
    base: 'etcd-ca',
    kind: 'ca',
    when: (choices) => choices.cas === 'separate',
    commonName: 'etcd-ca',
    usages: () => [],
    sans: ['DNS:etcd-ca'],
    etcd: true,
    places: [['control-plane', 'kubernetes']],
  },
  {
    base: 'apiserver',
    commonName: 'kube-apiserver',
    usages: (choices) => (DEDICATED(choices) ? ['serverAuth'] : ['serverAuth', 'clientAuth']),
    sans: [
      'DNS:kubernetes',
      'DNS:kubernetes.default',
      'DNS:kubernetes.default.svc',
      'DNS:kubernetes.default.svc.cluster.local',
      'DNS:control-plane',
      'DNS:localhost',
      'IP:10.96.0.1',
      ...LOOPBACK,
    ],
    places: [['control-plane', 'kubernetes']],
    shownBy: ['kube-apiserver'],
  },
  {
    base: 'etcd-server',
    commonName: 'control-plane',
    usages: () => ['serverAuth', 'clientAuth'],
    sans: ['DNS:control-plane', 'DNS:localhost', ...LOOPBACK],
    etcd: true,
    places: [['control-plane', 'kubernetes']],
    shownBy: ['etcd'],
  },
  {
    base: 'admin',
    commonName: 'kubernetes-admin',
    organization: 'kubeadm:cluster-admins',
    usages: CLIENT,
    places: [['laptop', 'laptop']],
    shownBy: ['kubectl'],
  },
  {
    base: 'scheduler',
    commonName: 'system:kube-scheduler',
    usages: CLIENT,
    places: [['control-plane', 'kubernetes']],
    shownBy: ['kube-scheduler'],
  },
  {
    base: 'controller-manager',
    commonName: 'system:kube-controller-manager',
    usages: CLIENT,
    places: [['control-plane', 'kubernetes']],
    shownBy: ['kube-controller-manager'],
  },
  {
    base: 'kube-proxy',
    commonName: 'system:kube-proxy',
    usages: CLIENT,
    places: [['workers', 'kubeProxy']],
    shownBy: ['kube-proxy'],
  },
  {
    base: 'apiserver-etcd-client',
    when: DEDICATED,
    commonName: 'kube-apiserver-etcd-client',
    usages: CLIENT,
    etcd: true,
    places: [['control-plane', 'kubernetes']],
    shownBy: ['kube-apiserver'],
  },
  {
    base: 'apiserver-kubelet-client',
    when: DEDICATED,
    commonName: 'kube-apiserver-kubelet-client',
    organization: 'kubeadm:cluster-admins',
    usages: CLIENT,
    places: [['control-plane', 'kubernetes']],
    shownBy: ['kube-apiserver'],
  },
  {
    base: 'kubelet',
    commonName: 'system:node:{worker}',
    organization: 'system:nodes',
    usages: SERVER,
    sans: ['DNS:{worker}', 'DNS:localhost', ...LOOPBACK],
    places: [['worker', 'kubelet']],
    shownBy: ['kubelet'],
  },
  {
    base: 'kubelet-client',
    commonName: 'system:node:{worker}',
    organization: 'system:nodes',
    usages: CLIENT,
    places: [['worker', 'kubelet']],
    shownBy: ['kubelet'],
  },
];

/** `worker-1` … `worker-N`. */
export function workerNames(choices: Choices): readonly string[] {
  return Array.from({ length: choices.workers }, (_, index) => `worker-${index + 1}`);
}

/** Every host of the cluster: `laptop`, `control-plane`, then the workers. */
export function hostNames(choices: Choices): readonly string[] {
  return ['laptop', 'control-plane', ...workerNames(choices)];
}

/** The file names of a certificate under the chosen convention. */
export function fileNames(base: string, names: Choices['names'], kind: 'ca' | 'leaf'): IdentityFiles {
  const csr = kind === 'ca' ? null : `${base}.csr`;
  return names === 'pem'
    ? { cert: `${base}.pem`, key: `${base}-key.pem`, csr }
    : { cert: `${base}.crt`, key: `${base}.key`, csr };
}

/**
 * Every certificate of a cluster, CAs first, per-worker ones last.
 * @throws LabError CHOICE_REFUSED when the choices do not go together
 */
export function identities(choices: Choices): readonly Identity[] {
  checkChoices(choices);
  const { cas, apiserverClient, key, names, workers } = choices;
  const id = [cas, apiserverClient, key, names, workers].join();
  const known = unfolded.get(id) ?? unfold(choices);
  if (unfolded.size >= 8) unfolded.clear();
  unfolded.set(id, known);
  return known;
}

/** The last few tables: with many workers they are asked for thousands of times. */
const unfolded = new Map<string, readonly Identity[]>();

function unfold(choices: Choices): readonly Identity[] {
  const workers = workerNames(choices);
  const rows = ROWS.filter((row) => row.when?.(choices) ?? true);
  const shared = rows.filter((row) => !isPerWorker(row));
  const perWorker = rows.filter(isPerWorker);
  return [
    ...shared.map((row) => makeIdentity(row, choices, workers, null)),
    ...workers.flatMap((worker) => perWorker.map((row) => makeIdentity(row, choices, workers, worker))),
  ];
}

/**
 * Refuse choices that cannot work.
 * @throws LabError CHOICE_REFUSED with the reason
 */
export function checkChoices(choices: Choices): void {
  if (choices.cas === 'separate' && choices.apiserverClient === 'reuse') {
    throw new LabError('CHOICE_REFUSED', {
      what: '--cas separate and --apiserver-client reuse do not go together',
      why:
        'With reuse the API server shows apiserver.crt to etcd. That certificate is signed by ca, but with a separate CA ' +
        'etcd trusts only certificates signed by etcd-ca, and one certificate has one signer.',
      fix: 'choose --cas single with --apiserver-client reuse, or --cas separate with --apiserver-client dedicated',
    });
  }
  if (!Number.isInteger(choices.workers) || choices.workers < 1 || choices.workers > 5000) {
    throw new LabError('CHOICE_REFUSED', {
      what: `--workers ${choices.workers} is not a number of workers`,
      why: 'A cluster has at least one worker, or there is no kubelet to talk to; 5000 is the largest that Kubernetes supports.',
      fix: 'choose --workers 1 … 5000',
    });
  }
}

function isPerWorker(row: Row): boolean {
  return row.commonName.includes('{worker}');
}

function makeIdentity(
  row: Row,
  choices: Choices,
  workers: readonly string[],
  worker: string | null,
): Identity {
  const fill = (text: string): string => text.replaceAll('{worker}', worker ?? '');
  const kind = row.kind ?? 'leaf';
  const id = worker === null ? row.base : `${row.base}@${worker}`;
  const files = fileNames(row.base, choices.names, kind);
  const copies = row.places.flatMap(([where, place]) => {
    const hosts = where === 'workers' ? workers : where === 'worker' ? [worker ?? ''] : [where];
    return hosts.map((host) => ({
      host,
      cert: `${PLACES[place]}/${files.cert}`,
      key: kind === 'ca' ? null : `${PLACES[place]}/${files.key}`,
    }));
  });
  return {
    id,
    base: row.base,
    kind,
    commonName: fill(row.commonName),
    organizations: row.organization === undefined ? [] : [row.organization],
    usages: row.usages(choices),
    sans: (row.sans ?? []).map((san) => parseSan(fill(san))),
    signer: kind === 'ca' ? id : row.etcd && choices.cas === 'separate' ? 'etcd-ca' : 'ca',
    folder: worker ?? '',
    files,
    copies,
    shownBy: (row.shownBy ?? []).flatMap((name) => {
      if (row.base === 'kube-proxy') return workers.map((each) => `${name}@${each}`);
      return [worker === null ? name : `${name}@${worker}`];
    }),
  };
}

/** Read `DNS:localhost` or `IP:127.0.0.1`. */
export function parseSan(text: string): San {
  const colon = text.indexOf(':');
  return { kind: text.slice(0, colon) === 'IP' ? 'ip' : 'dns', value: text.slice(colon + 1) };
}

/** Write a name as openssl and kubeadm show it: `DNS:localhost`, `IP:127.0.0.1`. */
export function formatSan(san: San): string {
  return `${san.kind === 'ip' ? 'IP' : 'DNS'}:${san.value}`;
}
