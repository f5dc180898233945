/**
 * Where etcd listens: the client port (TLS, or plain HTTP when its URL says so) and the metrics port.
 */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { LabError } from '../../certs/errors.ts';
import type { FileState, StartContext } from '../component.ts';
import type { FlagValues } from '../flags.ts';
import type { Host } from '../host.ts';
import { startTlsServer, type TlsServerEvent } from '../tls/server.ts';
import type { Engine } from './engine.ts';
import { ETCD_FLAGS } from './flags.ts';
import { createGateway } from './gateway.ts';
import { createGrpc, isGrpc } from './grpc.ts';
import { type Listener, listenPlain, listenPlainly } from './plain.ts';
import { ignoredFilesLine, type LogLine, rejectedLine, tlsLine, unusablePairLine } from './texts.ts';

type Flags = FlagValues<typeof ETCD_FLAGS>;

/** A loopback address to listen on, and whether with TLS. */
export interface Where {
  readonly url: string;
  readonly secure: boolean;
  readonly address: '127.0.0.1' | '::1';
  readonly port: number;
}

/** The client port, once it is open. */
export interface ClientListener extends Listener {
  files(): readonly FileState[];
}

/** Where Go looks for the system's roots, used when --client-cert-auth comes without --trusted-ca-file. */
const SYSTEM_ROOTS = '/etc/ssl/certs/ca-certificates.crt';
const URL_FORM = /^(https?):\/\/(127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1\]|\[::\]):(\d+)$/;

/**
 * Read a listen URL.
 * @returns undefined when it names no address of this machine's loopback
 */
export function readListenUrl(url: string): Where | undefined {
  const [, scheme, name, port] = URL_FORM.exec(url) ?? [];
  if (scheme === undefined || name === undefined) return undefined;
  return {
    url,
    secure: scheme === 'https',
    address: name.startsWith('[') ? '::1' : '127.0.0.1',
    port: Number(port),
  };
}

/**
 * The first client URL on loopback; the lab listens nowhere else.
 * @throws LabError FLAG_INVALID
 */
export function clientUrl(flags: Flags): Where {
  const urls = flags['listen-client-urls'];
  const where = urls.map(readListenUrl).find((one) => one !== undefined);
  if (where) return where;
  throw new LabError('FLAG_INVALID', {
    what: `etcd: --listen-client-urls=${urls.join(',')} names no loopback address`,
    fix: 'write --listen-client-urls=https://127.0.0.1:2379',
  });
}

/**
 * Open the client port.
 * @throws LabError FLAG_INVALID, PORT_IN_USE, and what the transport says about the files
 */
export async function listenForClients(
  context: StartContext,
  flags: Flags,
  where: Where,
  engine: Engine,
  print: (line: LogLine) => void,
): Promise<ClientListener> {
  const gateway = createGateway(engine, flags['max-request-bytes']);
  const http1 = createServer(gateway.app);
  const { 'cert-file': certFile, 'key-file': keyFile, 'trusted-ca-file': caFile } = flags;
  if (!where.secure) {
    if (certFile !== '' || keyFile !== '') print(ignoredFilesLine(where.url));
    return { ...(await listenPlainly(context, http1, where.address, where.port)), files: () => [] };
  }
  checkPair(where, certFile, keyFile);
  print(tlsLine(flags));
  const grpc = createGrpc(engine, flags['max-request-bytes']);
  const http2 = createHttp2Server((request, response) => {
    if (isGrpc(request)) grpc(request, response);
    else gateway.answer(request, response);
  });
  const demandsClientCert = caFile !== '' || flags['client-cert-auth'];
  return startTlsServer({
    host: context.host,
    component: context.id,
    settings: { ...context.settings, clientAuth: 'require' },
    address: where.address,
    port: where.port,
    certFile,
    keyFile,
    flags: { cert: '--cert-file', key: '--key-file', ca: '--trusted-ca-file' },
    ...(demandsClientCert ? { clientCaFile: caFile || systemRoots(context.host) } : {}),
    unsafe: demandsClientCert
      ? []
      : [`${context.id} asks for no client certificate: whoever reaches it reads and writes everything`],
    reload: { pair: ETCD_FLAGS['cert-file'].reload, ca: ETCD_FLAGS['trusted-ca-file'].reload },
    ...(flags['tls-min-version'] === 'TLS1.3' ? { minVersion: 'TLSv1.3' as const } : {}),
    ...(flags['cipher-suites'].length > 0 ? { cipherSuites: flags['cipher-suites'] } : {}),
    http1,
    http2,
    log: (event) => printEvent(flags, event, print),
  });
}

/** Open the metrics ports: plain HTTP, /metrics and /health and /version alone. */
export async function listenForMetrics(flags: Flags, engine: Engine): Promise<readonly Listener[]> {
  const gateway = createGateway(engine, 0);
  const open: Listener[] = [];
  try {
    for (const url of flags['listen-metrics-urls']) {
      const where = readListenUrl(url);
      if (!where || where.secure) {
        throw new LabError('FLAG_INVALID', {
          what: `etcd: --listen-metrics-urls=${url} is not a plain HTTP address on loopback`,
          fix: 'write --listen-metrics-urls=http://127.0.0.1:2381',
        });
      }
      open.push(await listenPlain(createServer(gateway.pages), where.address, where.port));
    }
    return open;
  } catch (error) {
    await Promise.all(open.map((listener) => listener.close()));
    throw error;
  }
}

function checkPair(where: Where, certFile: string, keyFile: string): void {
  const fix =
    'give both: --cert-file=/etc/kubernetes/pki/etcd-server.crt --key-file=/etc/kubernetes/pki/etcd-server.key';
  if (certFile === '' && keyFile === '') {
    throw new LabError('FLAG_INVALID', {
      what: `TLS key/cert (--cert-file, --key-file) must be provided for client url ${where.url} with HTTPS scheme`,
      fix,
    });
  }
  if (certFile === '' || keyFile === '') {
    throw new LabError('FLAG_INVALID', {
      what: `KeyFile and CertFile must both be present[key: ${keyFile}, cert: ${certFile}]`,
      fix,
    });
  }
}

/** @throws LabError FLAG_INVALID when the host has no roots of its own, as the lab's hosts have none */
function systemRoots(host: Host): string {
  if (existsSync(host.path(SYSTEM_ROOTS))) return SYSTEM_ROOTS;
  throw new LabError('FLAG_INVALID', {
    what: `etcd: --client-cert-auth without --trusted-ca-file trusts the roots in ${SYSTEM_ROOTS}, and this host has none`,
    fix: 'add --trusted-ca-file=/etc/kubernetes/pki/ca.crt',
  });
}

function printEvent(flags: Flags, event: TlsServerEvent, print: (line: LogLine) => void): void {
  if (event.kind === 'handshake-error') print(rejectedLine(event.remote, event.serverName, event.text));
  if (event.kind === 'load-failed' && event.what === 'serving-cert')
    print(unusablePairLine(flags, event.text));
}
