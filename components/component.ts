/**
 * The one shape of a component: every real binary of the cluster is described by one of these.
 *
 * `registry.ts` lists them; `lab/cluster.ts` starts them in the order of `dependsOn`; `run.ts` runs one alone
 * from its command line. A component reads its configuration from its real flags and files, inside its host.
 */
import type { LabError } from '../certs/errors.ts';
import type { FlagTable } from './flags.ts';
import type { Host } from './host.ts';

/** The real binaries. */
export type ComponentName =
  | 'etcd'
  | 'kube-apiserver'
  | 'kubelet'
  | 'kube-scheduler'
  | 'kube-controller-manager'
  | 'kube-proxy'
  | 'kubectl';

/** A running instance: the name, with the host for those that run on workers (`kubelet@worker-1`). */
export type InstanceId = string;

/** How a server treats client certificates: refuse in TLS, or as Kubernetes does (ask, then 401 or 403). */
export type ClientAuth = 'require' | 'request';

/** TLS versions as Node spells them. */
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** What no real flag can say; lab.yaml has it per component. */
export interface Settings {
  readonly clientAuth: ClientAuth;
  /** `all`: every file is reloaded when it changes; `real`: as the real component does. */
  readonly autoReload: 'all' | 'real';
  readonly tlsMaxVersion?: TlsVersion;
  readonly tlsMinVersion?: TlsVersion;
  /** OpenSSL cipher list, to make "no common cipher" possible. */
  readonly ciphers?: string;
  /** Which alerts a refusal sends: Go's (what a cluster sends) or OpenSSL's. */
  readonly alertProfile: 'go' | 'openssl';
}

/** Everything a component is started with. */
export interface StartContext {
  readonly id: InstanceId;
  readonly host: Host;
  /** Real flags, letter for letter, without the program's name. */
  readonly argv: readonly string[];
  readonly settings: Settings;
  /** One finished log line in the real program's format (see `log.ts`). */
  readonly log: (line: string) => void;
  /** Milliseconds between two rounds in which a client dials afresh. */
  readonly roundMs: number;
}

/** One file of a component, on disk and in the process. */
export interface FileState {
  /** Path inside the host. */
  readonly path: string;
  /** The flag or config field that names it. */
  readonly flag: string;
  /** SHA-256 (hex) of what the process uses, and of what is on disk; null when there is none. */
  readonly inProcess: string | null;
  readonly onDisk: string | null;
  /** Why the file on disk is not used, when it cannot be. */
  readonly problem: string | null;
}

/** A component that runs. */
export interface Running {
  readonly id: InstanceId;
  /** Where it listens; null for a pure client. */
  readonly endpoint: { readonly url: string; readonly port: number } | null;
  /** The files that it holds, for "on disk beside in the process". */
  files(): readonly FileState[];
  /** What keeps it from its work although it runs, such as a certificate that it waits for; null or absent: nothing. */
  problem?(): LabError | null;
  /** Dial every server that this component is a client of, once, now. Resolves when each has an outcome. */
  dialNow(): Promise<void>;
  /** Stop: no handle left, port free. */
  close(): Promise<void>;
}

/** One real binary. */
export interface Component {
  readonly name: ComponentName;
  readonly role: 'server' | 'client' | 'both';
  /** The real flags, with help, default, and how the real program reloads what they name. */
  readonly flags: FlagTable;
  /** Which components must be up before this one is started. */
  readonly dependsOn: readonly ComponentName[];
  start(context: StartContext): Promise<Running>;
}
