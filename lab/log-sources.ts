/** Which program printed a log line, by the line itself. */

/** Which log a line stands in, as far as it shows. */
export const LOG_SOURCES: readonly {
  readonly pattern: RegExp;
  readonly program: string;
  readonly side: 'client' | 'server';
}[] = [
  {
    pattern: /http: TLS handshake error from/,
    program: 'a Go server (kube-apiserver, kubelet)',
    side: 'server',
  },
  { pattern: /rejected connection/, program: 'etcd', side: 'server' },
  {
    pattern: /Unable to connect to the server|memcache\.go|error: You must be logged in/,
    program: 'kubectl',
    side: 'client',
  },
  {
    pattern: /authentication handshake failed|Reconnecting\.\.\.|grpc/i,
    program: 'a gRPC client (kube-apiserver towards etcd, etcdctl)',
    side: 'client',
  },
  { pattern: /curl: \(\d+\)/, program: 'curl', side: 'client' },
  {
    pattern: /verify error:num=|Verify return code|SSL routines|:error:[0-9A-F]{8}/i,
    program: 'openssl, or a program that uses it',
    side: 'client',
  },
  {
    pattern: /reflector\.go|leaderelection\.go|error retrieving resource lock|Failed to (watch|list)/,
    program: 'client-go (scheduler, controller-manager, kubelet, kube-proxy)',
    side: 'client',
  },
];
