/**
 * The kubelet's two certificates: as whom it speaks to the API server, and what it shows on its own port; which files
 * they are in, and who keeps them fresh.
 *
 * Usually both are files that somebody else made. With `--bootstrap-kubeconfig` the first client certificate is asked
 * for, with `rotateCertificates` every further one, with `serverTLSBootstrap` the serving certificate.
 *
 * @see k8s.io/kubernetes cmd/kubelet/app/server.go, buildKubeletClientConfig; pkg/kubelet/certificate/kubelet.go
 */
import { existsSync } from 'node:fs';
import type { LabError } from '../../certs/errors.ts';
import { parseSan } from '../../certs/identities.ts';
import { type ApiClient, createApiClient } from '../api/client.ts';
import { readCredentials } from '../api/credentials.ts';
import type { StartContext } from '../component.ts';
import type { FlagValues } from '../flags.ts';
import type { Host } from '../host.ts';
import type { PemSource } from '../tls/client.ts';
import { readFile } from '../tls/server-files.ts';
import { type Bootstrap, isStillValid, noBootstrapFile, startBootstrap } from './bootstrap.ts';
import { type CertificateManager, startCertificateManager } from './certificate-manager.ts';
import { type CertificateStore, openCertificateStore } from './certificate-store.ts';
import type { KubeletConfig } from './config.ts';
import type { KUBELET_FLAGS } from './flags.ts';

/** Both certificates of a kubelet. */
export interface NodeIdentity {
  /** Speaks as the node; of no use before `ready`. */
  readonly client: ApiClient;
  readonly serving: { readonly certFile: string; readonly keyFile: string; readonly mayBeMissing: boolean };
  /** The bootstrap's round, when there is one. True: the client certificate is there. */
  ready(): Promise<boolean>;
  /** The managers' round. Never rejects. */
  refresh(): Promise<void>;
  problem(): LabError | null;
  close(): Promise<void>;
}

/** What a kubelet was started with. */
export interface IdentityOptions {
  readonly context: StartContext;
  readonly flags: FlagValues<typeof KUBELET_FLAGS>;
  readonly config: KubeletConfig;
  readonly node: string;
}

/**
 * Find or ask for the certificates; nothing is sent before the first round.
 * @throws LabError when a file that must be there is not, or cannot be used
 */
export function openIdentity(options: IdentityOptions): NodeIdentity {
  const { context, flags, config, node } = options;
  const { host, settings, roundMs, log } = context;
  const clients = openCertificateStore(host, flags['cert-dir'], 'kubelet-client');
  const servers = openCertificateStore(host, flags['cert-dir'], 'kubelet-server');
  const open = (kubeconfig: string, pairFile?: string): ApiClient =>
    createApiClient({
      ...{ host, component: context.id, kubeconfig, settings, roundMs, log },
      ...(pairFile === undefined ? {} : { pairFile }),
    });
  const client = open(flags.kubeconfig, config.rotateCertificates ? clients.currentPath : undefined);
  let speaker: ApiClient | undefined;
  try {
    let bootstrap: Bootstrap | undefined;
    if (needsBootstrap(client, host, flags)) {
      speaker = open(flags['bootstrap-kubeconfig']);
      const { kubeconfig, 'cert-dir': certDir } = flags;
      bootstrap = startBootstrap({ client: speaker, host, node, kubeconfig, certDir, store: clients });
    }
    const force =
      config.rotateCertificates && !bootstrap && adoptFromKubeconfig(host, flags.kubeconfig, clients);
    if (config.serverTLSBootstrap && config.tlsFilesNamed) adoptFromConfig(host, config, servers);
    const managers = startManagers(options, client, { clients, servers, force });
    const managed = config.serverTLSBootstrap ? servers.currentPath : null;
    return {
      client,
      serving: {
        certFile: managed ?? config.tlsCertFile,
        keyFile: managed ?? config.tlsPrivateKeyFile,
        mayBeMissing: managed !== null,
      },
      ready: async () => {
        if (!bootstrap) return true;
        if (!(await bootstrap.step())) return false;
        bootstrap = undefined;
        await speaker?.close();
        speaker = undefined;
        return true;
      },
      refresh: async () => {
        for (const manager of managers) await manager.step();
      },
      problem: () => firstProblem([...(bootstrap ? [bootstrap] : []), ...managers]),
      close: async () => {
        await Promise.all([speaker?.close(), client.close()]);
      },
    };
  } catch (error) {
    void speaker?.close();
    void client.close();
    throw error;
  }
}

function needsBootstrap(client: ApiClient, host: Host, flags: IdentityOptions['flags']): boolean {
  const path = flags['bootstrap-kubeconfig'];
  if (path === '') return false;
  const complain = (err: string): void =>
    client.klog('E', 'bootstrap.go:264', 'Unhandled Error', { err, logger: 'UnhandledError' });
  if (isStillValid(host, flags.kubeconfig, complain)) return false;
  if (!existsSync(host.path(path))) throw noBootstrapFile(host, path);
  return true;
}

function startManagers(
  { flags, config, node }: IdentityOptions,
  client: ApiClient,
  held: { readonly clients: CertificateStore; readonly servers: CertificateStore; readonly force: boolean },
): CertificateManager[] {
  const managers: CertificateManager[] = [];
  if (config.rotateCertificates) {
    const wanted = { signer: 'client', node, sans: [] } as const;
    managers.push(startCertificateManager({ client, store: held.clients, wanted, force: held.force }));
  }
  if (config.serverTLSBootstrap) {
    const sans = [parseSan(`DNS:${node}`), parseSan(`IP:${flags['node-ip']}`)];
    const wanted = { signer: 'serving', node, sans } as const;
    managers.push(startCertificateManager({ client, store: held.servers, wanted, force: false }));
  }
  return managers;
}

/**
 * Put the kubeconfig's pair into an empty store, or in place of one that has ended: rotation begins with it.
 * @returns whether it was; such a certificate is replaced at once
 * @see     client-go certificate_manager.go, getCurrentCertificateOrBootstrap
 */
function adoptFromKubeconfig(host: Host, kubeconfig: string, store: CertificateStore): boolean {
  const current = store.current();
  if (current !== null && host.now().getTime() < current.notAfter.ms) return false;
  const { cert, key } = readCredentials(host, kubeconfig);
  if (!cert || !key || ('file' in cert && cert.file === store.currentPath)) return false;
  store.update(textOf(host, cert), textOf(host, key));
  return true;
}

/** The serving certificate that the configuration names is the first one, until its time has come. */
function adoptFromConfig(host: Host, config: KubeletConfig, store: CertificateStore): void {
  if (store.current() !== null) return;
  const [cert, key] = [config.tlsCertFile, config.tlsPrivateKeyFile].map((file) => textOf(host, { file }));
  store.update(cert ?? '', key ?? '');
}

function textOf(host: Host, source: PemSource): string {
  return 'pem' in source ? source.pem : Buffer.from(readFile(host, source.file).bytes).toString('utf8');
}

function firstProblem(parts: readonly (Bootstrap | CertificateManager)[]): LabError | null {
  for (const part of parts) {
    const problem = part.problem();
    if (problem) return problem;
  }
  return null;
}
