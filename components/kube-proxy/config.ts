/**
 * kube-proxy's configuration file: KubeProxyConfiguration v1alpha1, as far as the lab obeys it.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { LabError, messageOf } from '../../certs/errors.ts';
import type { Host } from '../host.ts';

/** The fields in use. Source: k8s.io/kube-proxy config/v1alpha1/types.go, v1.33. */
export interface ProxyConfig {
  readonly kubeconfig: string;
  readonly mode: string;
  readonly clusterCIDR: string;
}

/**
 * Read the file.
 * @throws LabError FILE_MISSING, MANIFEST_INVALID
 */
export function readProxyConfig(host: Host, path: string): ProxyConfig {
  const fix = `put a KubeProxyConfiguration at ${path} on ${host.name}`;
  let text: string;
  try {
    text = readFileSync(host.path(path), 'utf8');
  } catch (cause) {
    const what = `failed to load kube-proxy config file ${path}: ${messageOf(cause)}`;
    throw new LabError('FILE_MISSING', { what, fix, cause });
  }
  let file: unknown;
  try {
    file = parse(text, { maxAliasCount: 20 });
  } catch (cause) {
    const what = `failed to load kube-proxy config file ${path}: ${messageOf(cause).split('\n')[0]}`;
    throw new LabError('MANIFEST_INVALID', { what, fix, cause });
  }
  const fields = fieldsOf(file);
  const kubeconfig = fieldsOf(fields['clientConnection'])['kubeconfig'];
  if (fields['kind'] !== 'KubeProxyConfiguration' || typeof kubeconfig !== 'string' || kubeconfig === '') {
    const what = `${path}: kind must be KubeProxyConfiguration, and clientConnection.kubeconfig must be set`;
    throw new LabError('MANIFEST_INVALID', { what, fix });
  }
  return {
    kubeconfig,
    mode: String(fields['mode'] ?? 'iptables'),
    clusterCIDR: String(fields['clusterCIDR'] ?? ''),
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
