/**
 * The simulated file system of a container: a few built-in files, and what exec wrote. Held in memory, bounded.
 */
import { posix } from 'node:path';
import { imageName, type RunningContainer } from './containers.ts';
import type { LocalPod } from './pods.ts';

/** Files by absolute path. */
export interface FileSystem {
  resolve(cwd: string, path: string): string;
  read(path: string): Uint8Array | undefined;
  write(path: string, bytes: Uint8Array): void;
  remove(path: string): boolean;
  /** Names in a folder, sorted; folders end in `/`. Undefined when it is no folder. */
  list(path: string): readonly string[] | undefined;
}

const MAX_BYTES = 1024 * 1024;
const FOLDERS = ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'tmp', 'usr', 'var'] as const;

/** nginx's first page, in short. */
export const WELCOME = `<!DOCTYPE html>
<html>
<head><title>Welcome to nginx!</title></head>
<body><h1>Welcome to nginx!</h1></body>
</html>
`;

type Built = (pod: LocalPod) => string;

const BUILT_IN: Readonly<Record<string, Built>> = {
  '/etc/hostname': (pod) => `${pod.pod.metadata.name}\n`,
  '/etc/hosts': (pod) =>
    `# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n${pod.ip}\t${pod.pod.metadata.name}\n`,
  '/etc/os-release': () => 'PRETTY_NAME="Simulated Linux"\nNAME="mTLS Lab"\nID=mtls-lab\n',
  '/etc/passwd': () => 'root:x:0:0:root:/root:/bin/sh\n',
  '/etc/resolv.conf': (pod) =>
    `search ${pod.pod.metadata.namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n`,
  '/var/run/secrets/kubernetes.io/serviceaccount/namespace': (pod) => pod.pod.metadata.namespace ?? 'default',
};

const BY_IMAGE: Readonly<Record<string, Readonly<Record<string, Built>>>> = {
  nginx: {
    '/etc/nginx/nginx.conf': () => 'events {}\nhttp { server { listen 80; root /usr/share/nginx/html; } }\n',
    '/usr/share/nginx/html/index.html': () => WELCOME,
  },
};

/** The file system of one container; what is written lives as long as the container. */
export function fileSystem(pod: LocalPod, container: RunningContainer): FileSystem {
  const built = { ...BUILT_IN, ...BY_IMAGE[imageName(container.spec.image)] };
  const written = (): Map<string, Uint8Array> => {
    container.files ??= new Map();
    return container.files;
  };
  /** Built-in files that this session removed. */
  const gone = new Set<string>();

  const read = (path: string): Uint8Array | undefined => {
    const own = container.files?.get(path);
    if (own) return own;
    const make = built[path];
    return make && !gone.has(path) ? Buffer.from(make(pod)) : undefined;
  };
  const paths = (): string[] => [
    ...new Set([...Object.keys(built).filter((path) => !gone.has(path)), ...(container.files?.keys() ?? [])]),
  ];

  return {
    resolve: (cwd, path) => posix.resolve('/', cwd, path),
    read,
    write: (path, bytes) => {
      const files = written();
      let total = bytes.length;
      for (const [other, content] of files) if (other !== path) total += content.length;
      if (total > MAX_BYTES) throw new Error('write error: No space left on device');
      files.set(path, bytes);
    },
    remove: (path) => {
      const had = read(path) !== undefined;
      container.files?.delete(path);
      if (had) gone.add(path);
      return had;
    },
    list: (path) => {
      const prefix = path === '/' ? '/' : `${path}/`;
      const names = new Set<string>(path === '/' ? FOLDERS.map((name) => `${name}/`) : []);
      for (const one of paths()) {
        if (!one.startsWith(prefix)) continue;
        const rest = one.slice(prefix.length);
        names.add(rest.includes('/') ? `${rest.split('/')[0]}/` : rest);
      }
      const isFolder = names.size > 0 || (FOLDERS as readonly string[]).includes(path.slice(1));
      return isFolder ? [...names].filter((name) => name !== '').sort() : undefined;
    },
  };
}
