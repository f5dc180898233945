/**
 * What a fault is: one thing wrong in the files of DIR, the rule that it breaks, and what comes of it on every connection.
 *
 * A family file (`validity.ts`) exports one list, `export const validity = [...] as const satisfies readonly Fault[]`, and
 * is named in `catalogue.ts`. To add a fault to a family:
 * 1. `targets`: on what it can stand: identity ids (`scheduler`), instance ids (`kubelet@worker-1`), `ca@HOST`, a host, `cluster`.
 * 2. `change`: which files get which bytes. It writes nothing; the engine does, and keeps what was there. A file that other
 *    faults may change too (a manifest, a kubeconfig, lab.yaml) is given as an `edit`, made once and no more when made twice.
 *    Helpers: `mint.ts` for certificates, `edits.ts` for settings.
 * 3. `outcomes`: the connections that it stops, with the helpers of `outcome.ts` (a refused certificate), `verifiers.ts` (a
 *    bundle, a clock), `unusable.ts` (files), `reach.ts` (nobody there). Connections that are not named stay ok; what follows
 *    from them (no etcd, a kubelet that may not ask) is added in `expect.ts`.
 * 4. `harm`: one harmless command that lets the harm be seen. 5. `realWorld`: texts with their sources, how to see and mend it.
 */
import type { Code } from '../../certs/codes.ts';
import type { ClientAuth } from '../../components/component.ts';
import type { Layer, Side } from '../../components/tls/trace.ts';
import type { LabDirectory } from '../directory.ts';
import type { Channel } from '../topology.ts';

/** The families, in the order of the screens. */
export const FAMILIES = {
  trust: 'who signed it, and who trusts that',
  validity: 'from when until when, and by whose clock',
  names: 'for which server',
  usage: 'for which role',
  identity: 'who it says that you are',
  material: 'what is in the files',
  protocol: 'before any certificate is looked at',
  settings: 'handshakes that succeed and should not',
  noise: 'harmless lines in a log',
} as const;

export type FaultFamily = keyof typeof FAMILIES;

/** What targets and outcomes depend on: the choices of `init` and the settings of lab.yaml. */
export type Scope = Pick<LabDirectory, 'choices' | 'workers' | 'settings'>;

/** What a fault may look at to work out its change. */
export interface ChangeContext {
  readonly directory: LabDirectory;
  readonly target: string;
  /** The desk's time. */
  readonly now: Date;
}

/** What becomes of one file. `path` is relative to DIR, with `/`. */
export type FileChange =
  | { readonly path: string; readonly content: string | Uint8Array; readonly mode: number }
  | { readonly path: string; readonly vanish: true }
  | { readonly path: string; readonly edit: (text: string) => string };

/**
 * When an outcome is seen. `some seconds later`: when an answer that is remembered has run out. A server that is up keeps
 * what it read when it started; two entries for one connection say what it comes to before the restart and after.
 */
export type Shows = 'at the next connection' | 'some seconds later' | `after a restart of ${string}`;

/** What one connection comes to. Texts are parts of what the real programs print; null: that side prints nothing. */
export interface Stated {
  readonly channel: string;
  readonly layer: Layer;
  readonly by: Side | null;
  readonly code: Code | null;
  /** Number; null: none is sent. */
  readonly alert: number | null;
  readonly clientText: string | null;
  readonly serverText: string | null;
  readonly shows: Shows;
  /** What stops working, one sentence; default: what `consequences.ts` says about the connection. */
  readonly stops?: string;
  /** A part of the sentence that is said where it succeeds and should not. */
  readonly unsafe?: string;
}

/** Where outcomes are worked out: a target in a cluster, under one policy. */
export interface Situation {
  readonly scope: Scope;
  readonly target: string;
  readonly channels: readonly Channel[];
  /** How a server treats client certificates: etcd always requires them. */
  readonly policyOf: (server: string) => ClientAuth;
}

/** What people meet in real clusters. */
export interface RealWorld {
  /** `source`: a link, or `measured` for what real programs printed on such files. */
  readonly texts: readonly { readonly program: string; readonly text: string; readonly source: string }[];
  /** How to see it on a real cluster: a command. */
  readonly see: string;
  /** How to mend it on a real cluster. */
  readonly mend: string;
}

/** One way to get it wrong. */
export interface Fault {
  readonly id: string;
  readonly family: FaultFamily;
  /** What is wrong, after "TARGET: ". */
  readonly title: string;
  /** The chain, or the connection, as it stands once broken. */
  readonly chain: string;
  /** RFC section, or Kubernetes path and symbol, and what it says. */
  readonly rule: string;
  readonly targets: (scope: Scope) => readonly string[];
  readonly change: (context: ChangeContext) => readonly FileChange[] | Promise<readonly FileChange[]>;
  readonly outcomes: (situation: Situation) => readonly Stated[];
  /** `mtls-lab` command after `npx`, or another one. */
  readonly harm: string;
  readonly realWorld: RealWorld;
}
