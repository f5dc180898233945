/**
 * kubeconfig files: written with paths relative to themselves, and read as client-go reads them.
 */
import { stringify } from 'yaml';

/** What a kubeconfig of the lab says. Paths are relative to the file. */
export interface KubeconfigContent {
  readonly server: string;
  readonly user: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly namespace?: string;
}

/**
 * The text of a kubeconfig as kubeadm names its parts: cluster `kubernetes`, user = CN, context `CN@kubernetes`.
 * @see kubeadm cmd/kubeadm/app/util/kubeconfig/kubeconfig.go, CreateBasic
 */
export function buildKubeconfig(content: KubeconfigContent): string {
  const context = `${content.user}@kubernetes`;
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'kubernetes', cluster: { 'certificate-authority': content.ca, server: content.server } },
    ],
    contexts: [
      {
        name: context,
        context: {
          cluster: 'kubernetes',
          ...(content.namespace === undefined ? {} : { namespace: content.namespace }),
          user: content.user,
        },
      },
    ],
    'current-context': context,
    preferences: {},
    users: [{ name: content.user, user: { 'client-certificate': content.cert, 'client-key': content.key } }],
  });
}
