/**
 * The configuration files that `init` writes on the hosts: manifests, kubeconfigs, kubelet and kube-proxy config.
 *
 * Flags and fields are the real ones with kubeadm's values where kubeadm has them (v1.33). One thing is stricter than
 * kubeadm: the API server is told to verify kubelets (`--kubelet-certificate-authority`).
 */
import { posix } from 'node:path';
import { stringify } from 'yaml';
import { hostPath } from '../certs/hosts.ts';
import { type Choices, fileNames, PLACES, workerNames } from '../certs/identities.ts';
import { buildKubeconfig } from '../certs/kubeconfig.ts';
import { buildManifest } from '../components/manifest.ts';
import type { Ports } from './ports.ts';

/** A file to write. */
export interface ConfigFile {
  readonly host: string;
  /** Absolute inside the host. */
  readonly path: string;
  readonly text: string;
}

/** Where the configuration lies on hosts. */
export const CONFIG_PATHS = {
  manifests: '/etc/kubernetes/manifests',
  scheduler: '/etc/kubernetes/scheduler.conf',
  controllerManager: '/etc/kubernetes/controller-manager.conf',
  kubelet: '/etc/kubernetes/kubelet.conf',
  kubeletBootstrap: '/etc/kubernetes/bootstrap-kubelet.conf',
  kubeletConfig: '/var/lib/kubelet/config.yaml',
  kubeProxyConfig: '/var/lib/kube-proxy/config.conf',
  kubeProxy: '/var/lib/kube-proxy/kubeconfig.conf',
  kubectl: '/.kube/config',
} as const;

/** The static pods of the control plane, in the order in which they are started. */
export const STATIC_PODS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

export type StaticPod = (typeof STATIC_PODS)[number];

/** Every configuration file of a cluster. */
export function configFiles(choices: Choices, ports: Ports): readonly ConfigFile[] {
  return [
    ...STATIC_PODS.map((pod) => ({
      host: 'control-plane',
      path: `${CONFIG_PATHS.manifests}/${pod}.yaml`,
      text: manifestText(pod, choices, ports),
    })),
    kubeconfig(choices, ports, 'control-plane', CONFIG_PATHS.scheduler, 'scheduler', 'system:kube-scheduler'),
    kubeconfig(
      choices,
      ports,
      'control-plane',
      CONFIG_PATHS.controllerManager,
      'controller-manager',
      'system:kube-controller-manager',
    ),
    kubeconfig(choices, ports, 'laptop', CONFIG_PATHS.kubectl, 'admin', 'kubernetes-admin'),
    ...workerNames(choices).flatMap((worker) => workerFiles(choices, ports, worker)),
  ];
}

/** The configuration files of one worker. */
export function workerFiles(choices: Choices, ports: Ports, worker: string): readonly ConfigFile[] {
  return [
    kubeconfig(choices, ports, worker, CONFIG_PATHS.kubelet, 'kubelet-client', `system:node:${worker}`),
    {
      host: worker,
      path: CONFIG_PATHS.kubeletConfig,
      text: kubeletConfig(choices, ports.kubelets[worker] ?? 10_250),
    },
    { host: worker, path: CONFIG_PATHS.kubeProxyConfig, text: KUBE_PROXY_CONFIG },
    kubeconfig(choices, ports, worker, CONFIG_PATHS.kubeProxy, 'kube-proxy', 'system:kube-proxy'),
  ];
}

/** Where a configuration file lies under `dir`. */
export function configPath(dir: string, file: { readonly host: string; readonly path: string }): string {
  return hostPath(dir, file.host, file.path);
}

/** The flags of a static pod, sorted as kubeadm sorts them. */
export function staticPodArgv(pod: StaticPod, choices: Choices, ports: Ports): readonly string[] {
  const pki = (base: string, what: 'cert' | 'key'): string =>
    `${PLACES.kubernetes}/${fileNames(base, choices.names, 'leaf')[what]}`;
  const ca = pki('ca', 'cert');
  const etcdCa = choices.cas === 'separate' ? pki('etcd-ca', 'cert') : ca;
  const dedicated = choices.apiserverClient === 'dedicated';
  const toEtcd = dedicated ? 'apiserver-etcd-client' : 'apiserver';
  const toKubelet = dedicated ? 'apiserver-kubelet-client' : 'apiserver';
  switch (pod) {
    case 'etcd':
      return [
        `--advertise-client-urls=https://127.0.0.1:${ports.etcd}`,
        `--cert-file=${pki('etcd-server', 'cert')}`,
        '--client-cert-auth=true',
        `--key-file=${pki('etcd-server', 'key')}`,
        `--listen-client-urls=https://127.0.0.1:${ports.etcd}`,
        '--name=control-plane',
        `--trusted-ca-file=${etcdCa}`,
      ];
    case 'kube-apiserver':
      return [
        '--advertise-address=127.0.0.1',
        '--authorization-mode=Node,RBAC',
        '--bind-address=127.0.0.1',
        `--client-ca-file=${ca}`,
        '--enable-admission-plugins=NodeRestriction',
        '--enable-bootstrap-token-auth=true',
        `--etcd-cafile=${etcdCa}`,
        `--etcd-certfile=${pki(toEtcd, 'cert')}`,
        `--etcd-keyfile=${pki(toEtcd, 'key')}`,
        `--etcd-servers=https://127.0.0.1:${ports.etcd}`,
        `--kubelet-certificate-authority=${ca}`,
        `--kubelet-client-certificate=${pki(toKubelet, 'cert')}`,
        `--kubelet-client-key=${pki(toKubelet, 'key')}`,
        '--kubelet-preferred-address-types=Hostname,InternalIP',
        `--secure-port=${ports.apiserver}`,
        '--service-cluster-ip-range=10.96.0.0/12',
        `--tls-cert-file=${pki('apiserver', 'cert')}`,
        `--tls-private-key-file=${pki('apiserver', 'key')}`,
      ];
    case 'kube-controller-manager':
      return [
        `--authentication-kubeconfig=${CONFIG_PATHS.controllerManager}`,
        `--authorization-kubeconfig=${CONFIG_PATHS.controllerManager}`,
        '--bind-address=127.0.0.1',
        `--client-ca-file=${ca}`,
        '--cluster-name=kubernetes',
        `--kubeconfig=${CONFIG_PATHS.controllerManager}`,
        '--leader-elect=true',
        `--root-ca-file=${ca}`,
      ];
    case 'kube-scheduler':
      return [
        `--authentication-kubeconfig=${CONFIG_PATHS.scheduler}`,
        `--authorization-kubeconfig=${CONFIG_PATHS.scheduler}`,
        '--bind-address=127.0.0.1',
        `--kubeconfig=${CONFIG_PATHS.scheduler}`,
        '--leader-elect=true',
      ];
  }
}

/** Images that kubeadm v1.33 would run; nothing is ever pulled. */
const IMAGES = {
  etcd: 'registry.k8s.io/etcd:3.5.21-0',
  'kube-apiserver': 'registry.k8s.io/kube-apiserver:v1.33.0',
  'kube-controller-manager': 'registry.k8s.io/kube-controller-manager:v1.33.0',
  'kube-scheduler': 'registry.k8s.io/kube-scheduler:v1.33.0',
} as const satisfies Record<StaticPod, string>;

function manifestText(pod: StaticPod, choices: Choices, ports: Ports): string {
  const kubeconfigFile =
    pod === 'kube-scheduler'
      ? CONFIG_PATHS.scheduler
      : pod === 'kube-controller-manager'
        ? CONFIG_PATHS.controllerManager
        : null;
  return buildManifest({
    name: pod,
    image: IMAGES[pod],
    argv: staticPodArgv(pod, choices, ports),
    mounts: {
      'k8s-certs': { path: PLACES.kubernetes, type: 'DirectoryOrCreate' },
      ...(kubeconfigFile === null
        ? {}
        : { kubeconfig: { path: kubeconfigFile, type: 'FileOrCreate' as const } }),
    },
  });
}

function kubeconfig(
  choices: Choices,
  ports: Ports,
  host: string,
  path: string,
  base: string,
  user: string,
): ConfigFile {
  const folder =
    host === 'laptop'
      ? PLACES.laptop
      : base === 'kube-proxy'
        ? PLACES.kubeProxy
        : base === 'kubelet-client'
          ? PLACES.kubelet
          : PLACES.kubernetes;
  const caFolder = host === 'laptop' ? PLACES.laptop : PLACES.kubernetes;
  const relative = (target: string): string => posix.relative(posix.dirname(path), target);
  const files = fileNames(base, choices.names, 'leaf');
  return {
    host,
    path,
    text: buildKubeconfig({
      server: `https://127.0.0.1:${ports.apiserver}`,
      user,
      ca: relative(`${caFolder}/${fileNames('ca', choices.names, 'ca').cert}`),
      cert: relative(`${folder}/${files.cert}`),
      key: relative(`${folder}/${files.key}`),
    }),
  };
}

/** @see k8s.io/kubelet config/v1beta1/types.go, KubeletConfiguration */
function kubeletConfig(choices: Choices, port: number): string {
  const files = fileNames('kubelet', choices.names, 'leaf');
  return stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: '127.0.0.1',
    port,
    tlsCertFile: `${PLACES.kubelet}/${files.cert}`,
    tlsPrivateKeyFile: `${PLACES.kubelet}/${files.key}`,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${PLACES.kubernetes}/${fileNames('ca', choices.names, 'ca').cert}` },
    },
    authorization: { mode: 'Webhook' },
    clusterDomain: 'cluster.local',
  });
}

/** @see k8s.io/kube-proxy config/v1alpha1/types.go, KubeProxyConfiguration */
const KUBE_PROXY_CONFIG = stringify({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  bindAddress: '127.0.0.1',
  clientConnection: { kubeconfig: CONFIG_PATHS.kubeProxy },
  clusterCIDR: '10.244.0.0/16',
  mode: 'iptables',
});
