/**
 * Streams to a kubelet: exec, attach and port-forward, WebSocket and SPDY alike.
 *
 * The client's upgrade is sent on over a connection of the API server's own; once the kubelet agrees, bytes pass
 * both ways unread. Otherwise the kubelet's answer goes back as it came.
 *
 * @see apimachinery pkg/util/proxy/upgradeaware.go (tryUpgrade)
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { textAt } from '../api/object.ts';
import { badRequest, noSuchResource, type Status, StatusError } from '../api/status.ts';
import type { Connection } from '../tls/client.ts';
import { dialKubelet, dialText, type KubeletAddress, kubeletOf } from './kubelet-address.ts';
import { podAndContainer } from './kubelet-proxy.ts';
import { goJson, note } from './negotiate.ts';
import type { RequestInfo } from './request-info.ts';
import { type Admitted, statusOf } from './server.ts';
import type { ApiServer } from './server-context.ts';

const HEAD_LIMIT_BYTES = 64 * 1024;
const PASSED_HEADERS =
  /^(upgrade|connection|sec-websocket-.*|x-stream-protocol-version|content-length|user-agent)$/i;
const SECRET_PROTOCOL = /base64url\.bearer\.authorization\.k8s\.io\.[A-Za-z0-9_-]+,? ?/g;

/** Kubernetes' option -> the kubelet's. k8s.io/kubernetes pkg/registry/core/pod/strategy.go, streamParams */
const STREAMS = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' } as const;

/** Serve a request that wants to upgrade; `admit` says who it is, or throws. */
export async function serveUpgrade(
  api: ApiServer,
  admit: () => Promise<Admitted>,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  socket.on('error', () => socket.destroy());
  try {
    const { info } = await admit();
    const { kubelet, path } = await targetOf(api, info);
    const connection = await dialKubelet(api, kubelet).catch((error: unknown) => {
      throw new StatusError(500, '', `error dialing backend: ${dialText(error)}`);
    });
    await passThrough(request, socket, head, connection, kubelet, path);
  } catch (error) {
    refuse(request, socket, statusOf(error));
  }
}

async function targetOf(
  api: ApiServer,
  info: RequestInfo,
): Promise<{ kubelet: KubeletAddress; path: string }> {
  const { namespace, name, query, subresource } = info;
  if (info.resource === 'nodes' && subresource === 'proxy') {
    const text = query.toString();
    return {
      kubelet: await kubeletOf(api, name),
      path: `${info.rest || '/'}${text === '' ? '' : `?${text}`}`,
    };
  }
  if (info.resource !== 'pods') throw noSuchResource();
  const asked = query.get('container') ?? '';
  const { pod, container } = await podAndContainer(api, namespace, name, asked);
  const node = textAt(pod, 'spec', 'nodeName');
  if (node === '') throw badRequest(`pod ${name} does not have a host assigned`);
  const phase = textAt(pod, 'status', 'phase');
  if (phase === 'Succeeded' || phase === 'Failed') {
    throw badRequest(`cannot exec into a container in a completed pod; current phase is ${phase}`);
  }
  const kubelet = await kubeletOf(api, node);
  const out = new URLSearchParams();
  switch (subresource) {
    case 'exec':
    case 'attach':
      for (const [theirs, ours] of Object.entries(STREAMS)) if (isOn(query.get(theirs))) out.set(ours, '1');
      for (const word of query.getAll('command')) out.append('command', word);
      return { kubelet, path: `/${subresource}/${namespace}/${name}/${container}?${out}` };
    case 'portforward': {
      for (const port of query.getAll('ports')) out.append('port', port);
      const text = out.toString();
      return { kubelet, path: `/portForward/${namespace}/${name}${text === '' ? '' : `?${text}`}` };
    }
    default:
      throw noSuchResource();
  }
}

function isOn(value: string | null): boolean {
  return value === 'true' || value === '1';
}

function passThrough(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  connection: Connection,
  kubelet: KubeletAddress,
  path: string,
): Promise<void> {
  const backend = connection.socket;
  const lines = [`${request.method} ${path} HTTP/1.1`, `Host: ${kubelet.authority}`];
  for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
    const name = request.rawHeaders[at] ?? '';
    if (PASSED_HEADERS.test(name))
      lines.push(`${name}: ${(request.rawHeaders[at + 1] ?? '').replace(SECRET_PROTOCOL, '')}`);
  }
  backend.write(`${lines.join('\r\n')}\r\n\r\n`);
  if (head.length > 0) backend.write(head);
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const onClose = (): void => {
      reject(new StatusError(500, '', `error dialing backend: ${dialText(new Error('EOF'), connection)}`));
    };
    const onData = (chunk: Buffer): void => {
      answer = Buffer.concat([answer, chunk]);
      const end = answer.indexOf('\r\n\r\n');
      if (end === -1 && answer.length < HEAD_LIMIT_BYTES) return;
      backend.off('data', onData);
      backend.off('close', onClose);
      const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(answer.toString('latin1', 0, 16))?.[1] ?? 502);
      note(request, status, status === 101 ? '' : answer.toString('utf8', end + 4).trim());
      client.write(answer);
      backend.pipe(client);
      client.pipe(backend);
      const over = (): void => {
        backend.destroy();
        client.destroy();
        resolve();
      };
      client.once('close', over);
      backend.once('close', () => {
        client.end();
        resolve();
      });
    };
    backend.on('error', () => backend.destroy());
    backend.on('data', onData);
    backend.once('close', onClose);
    client.once('close', () => backend.destroy());
  });
}

/** A Status on a socket that no longer has a response object. */
function refuse(request: IncomingMessage, socket: Duplex, status: Status): void {
  const code = status.code ?? 500;
  note(request, code, status.message ?? '');
  const body = `${goJson(status)}\n`;
  const head = [
    `HTTP/1.1 ${code} ${status.reason || 'Error'}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
