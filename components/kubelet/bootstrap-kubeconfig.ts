/** The kubeconfig that a kubelet writes for itself when it has got its first certificate. */
import { posix } from 'node:path';
import { stringify } from 'yaml';
import type { KubeconfigUse } from '../../certs/kubeconfig.ts';

/**
 * The kubeconfig of the bootstrapped client; paths are relative to it, so that real kubectl can use it.
 * @param kubeconfig  where it will lie, inside the host
 * @param pemPath     certificate and key in one file, inside the host
 * @see bootstrap.go, writeKubeconfigFromBootstrapping
 */
export function bootstrappedKubeconfig(
  { ca, server, insecure }: Pick<KubeconfigUse, 'ca' | 'server' | 'insecure'>,
  kubeconfig: string,
  pemPath: string,
): string {
  const near = (path: string): string => posix.relative(posix.dirname(kubeconfig), path);
  const authority =
    ca === undefined
      ? {}
      : 'file' in ca
        ? { 'certificate-authority': near(ca.file) }
        : { 'certificate-authority-data': Buffer.from(ca.pem).toString('base64') };
  const cluster = { ...authority, ...(insecure ? { 'insecure-skip-tls-verify': true } : {}), server };
  const context = { cluster: 'default-cluster', namespace: 'default', user: 'default-auth' };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'default-cluster', cluster }],
    contexts: [{ name: 'default-context', context }],
    'current-context': 'default-context',
    preferences: {},
    users: [
      { name: 'default-auth', user: { 'client-certificate': near(pemPath), 'client-key': near(pemPath) } },
    ],
  });
}
