/**
 * The kubelet's configuration file: KubeletConfiguration v1beta1, as far as the lab obeys it.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { LabError, messageOf } from '../../certs/errors.ts';
import type { Host } from '../host.ts';

/** The fields in use. Source: staging/src/k8s.io/kubelet/config/v1beta1/types.go, v1.33. */
export interface KubeletConfig {
  readonly port: number;
  readonly tlsCertFile: string;
  readonly tlsPrivateKeyFile: string;
  /** The file names its serving certificate; else these are the places where one is looked for. */
  readonly tlsFilesNamed: boolean;
  /** Empty: no client certificate is asked for. */
  readonly clientCAFile: string;
  readonly anonymous: boolean;
  readonly webhookAuthentication: boolean;
  readonly authorizationMode: 'Webhook' | 'AlwaysAllow';
  readonly rotateCertificates: boolean;
  readonly serverTLSBootstrap: boolean;
  readonly tlsMinVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly tlsCipherSuites: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

const MIN_VERSIONS: Readonly<Record<string, KubeletConfig['tlsMinVersion']>> = {
  VersionTLS12: 'TLSv1.2',
  VersionTLS13: 'TLSv1.3',
};

/**
 * Read the file.
 * @param path     absolute inside the host
 * @param certDir  where kubelet.crt and kubelet.key lie when the file names none
 * @throws         LabError FILE_MISSING, MANIFEST_INVALID with the field
 */
export function readKubeletConfig(host: Host, path: string, certDir: string): KubeletConfig {
  const refuse = (problem: string): never => {
    throw new LabError('MANIFEST_INVALID', {
      what: `failed to load kubelet config file, path: ${path}, error: ${problem}`,
      fix: `mend ${path} on ${host.name}`,
    });
  };
  let text: string;
  try {
    text = readFileSync(host.path(path), 'utf8');
  } catch (cause) {
    throw new LabError('FILE_MISSING', {
      what: `failed to load kubelet config file, path: ${path}, error: ${messageOf(cause)}`,
      fix: `put a KubeletConfiguration at ${path} on ${host.name}`,
      cause,
    });
  }
  let parsed: unknown;
  try {
    parsed = parse(text, { maxAliasCount: 20 });
  } catch (cause) {
    return refuse(messageOf(cause).split('\n')[0] ?? '');
  }
  const file = fields(parsed);
  if (file['kind'] !== 'KubeletConfiguration') refuse('kind must be KubeletConfiguration');
  const authentication = fields(file['authentication']);
  const mode = fields(file['authorization'])['mode'] ?? 'Webhook';
  const version = MIN_VERSIONS[String(file['tlsMinVersion'] ?? 'VersionTLS12')];
  const port = file['port'] ?? 10250;
  const suites = file['tlsCipherSuites'] ?? [];
  if (mode !== 'Webhook' && mode !== 'AlwaysAllow') refuse(`unknown authorization mode ${String(mode)}`);
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    refuse(`invalid configuration: port must be between 1 and 65535, was ${String(port)}`);
  }
  if (!Array.isArray(suites)) refuse('tlsCipherSuites must be a list');
  return {
    port: port as number,
    tlsCertFile: string(file['tlsCertFile']) || `${certDir}/kubelet.crt`,
    tlsPrivateKeyFile: string(file['tlsPrivateKeyFile']) || `${certDir}/kubelet.key`,
    tlsFilesNamed: string(file['tlsCertFile']) !== '' && string(file['tlsPrivateKeyFile']) !== '',
    clientCAFile: string(fields(authentication['x509'])['clientCAFile']),
    anonymous: fields(authentication['anonymous'])['enabled'] === true,
    webhookAuthentication: fields(authentication['webhook'])['enabled'] !== false,
    authorizationMode: mode as KubeletConfig['authorizationMode'],
    rotateCertificates: file['rotateCertificates'] === true,
    serverTLSBootstrap: file['serverTLSBootstrap'] === true,
    tlsMinVersion: version ?? refuse(`unknown tlsMinVersion ${String(file['tlsMinVersion'])}`),
    tlsCipherSuites: (suites as unknown[]).map(String),
  };
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function string(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
