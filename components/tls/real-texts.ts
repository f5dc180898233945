/**
 * What the real program would print about a connection, where, and at which level. Releases: Kubernetes v1.33,
 * etcd 3.5.
 */
import type { RealText } from './trace.ts';

/** A server whose handshake failed. */
export interface ServerFailure {
  /** Instance id. */
  readonly component: string;
  /** `127.0.0.1:51234`. */
  readonly remote: string;
  readonly serverName: string;
  /** Go's text. */
  readonly text: string;
}

/** A client that could not talk to its server. */
export interface ClientFailure {
  /** Instance ids. */
  readonly component: string;
  readonly server: string;
  /** `https://127.0.0.1:6443`. */
  readonly url: string;
  /** `127.0.0.1:6443`. */
  readonly address: string;
  /** Go's text. */
  readonly text: string;
}

/** The program behind an instance id: `kubelet@worker-1` -> `kubelet`. */
export function programOf(instance: string): string {
  return instance.split('@')[0] ?? instance;
}

/**
 * What a server's program prints when a handshake fails.
 * @see Kubernetes staging/src/k8s.io/apiserver/pkg/server/secure_serving.go, tlsHandshakeErrorWriter (V(5));
 *      Go net/http server.go, conn.serve; etcd server/embed/config_logging.go, logTLSHandshakeFailureFunc
 */
export function serverTexts({ component, remote, serverName, text }: ServerFailure): readonly RealText[] {
  const program = programOf(component);
  if (program === 'etcd') {
    const line = JSON.stringify({
      level: text === 'EOF' ? 'debug' : 'warn',
      msg: 'rejected connection on client endpoint',
      'remote-addr': remote,
      'server-name': serverName,
      error: text,
    });
    return [{ program, text: line, level: text === 'EOF' ? 'debug' : 'warn' }];
  }
  return [
    {
      program,
      text: `http: TLS handshake error from ${remote}: ${text}`,
      level: program === 'kube-apiserver' ? '-v=5' : 'info',
    },
  ];
}

/** What each client asks for first, and how its log wraps the error. */
const CLIENT_LINES: Readonly<Record<string, (failure: ClientFailure) => RealText>> = {
  kubectl: ({ address, text }) => ({
    program: 'kubectl',
    level: 'stderr',
    text: text.endsWith('connect: connection refused')
      ? `The connection to the server ${address} was refused - did you specify the right host or port?`
      : isAnswer(text)
        ? `Error from server (BadRequest): ${text}`
        : `Unable to connect to the server: ${text}`,
  }),
  'kube-scheduler': (failure) => reflector(failure, '*v1.Pod', 'pods'),
  'kube-controller-manager': (failure) => reflector(failure, '*v1.Node', 'nodes'),
  'kube-proxy': (failure) => reflector(failure, '*v1.Service', 'services'),
  kubelet: ({ url, text, component }) => {
    const node = component.split('@')[1] ?? 'worker-1';
    const err = isAnswer(text) ? `${text} (post nodes)` : `Post "${url}/api/v1/nodes": ${text}`;
    return {
      program: 'kubelet',
      level: 'error',
      text: `"Unable to register node with API server" err=${JSON.stringify(err)} node=${JSON.stringify(node)}`,
    };
  },
};

/**
 * What a client's program prints when it cannot get through.
 * @see client-go tools/cache/reflector.go; Kubernetes pkg/kubelet/kubelet_node_status.go; grpc-go clientconn.go
 */
export function clientTexts(failure: ClientFailure): readonly RealText[] {
  const program = programOf(failure.component);
  const line = CLIENT_LINES[program];
  if (line) return [line(failure)];
  const { server, url, address, text } = failure;
  if (program !== 'kube-apiserver') return [{ program, level: 'error', text }];
  if (programOf(server) === 'etcd') {
    const phase = text.startsWith('remote error')
      ? `error reading server preface: ${text}`
      : url.startsWith('http:') && text === 'EOF'
        ? 'error reading server preface: EOF'
        : text.startsWith('dial ')
          ? `transport: Error while dialing: ${text}`
          : `transport: authentication handshake failed: ${text}`;
    const target = `{Addr: "${address}", ServerName: "${address}", }`;
    return [
      {
        program,
        level: 'warning',
        text: `[core] [Channel #1 SubChannel #2]grpc: addrConn.createTransport failed to connect to ${target}. Err: connection error: desc = ${JSON.stringify(phase)}`,
      },
    ];
  }
  const message = `Get "${url}/containerLogs/default/POD/CONTAINER": ${text}`;
  return [{ program: 'kubectl', level: 'stderr', text: `Error from server: ${message}` }];
}

/** The server answered, in HTTP: client-go then names no URL. */
function isAnswer(text: string): boolean {
  return text.startsWith('the server ');
}

function reflector({ component, url, text }: ClientFailure, type: string, resource: string): RealText {
  const err = isAnswer(text)
    ? `failed to list ${type}: ${text} (get ${resource})`
    : `failed to list ${type}: Get "${url}/api/v1/${resource}?limit=500&resourceVersion=0": ${text}`;
  return {
    program: programOf(component),
    level: 'error',
    text: `"Failed to watch" err=${JSON.stringify(err)} logger="UnhandledError" reflector="k8s.io/client-go/informers/factory.go:160" type=${JSON.stringify(type)}`,
  };
}
