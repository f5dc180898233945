/**
 * The prediction before a break: one question with three answers, worked out from the fault's own statement.
 */
import { createHash } from 'node:crypto';
import type { Stated } from './fault.ts';

/** What stops when a connection does, in a few words; the most far-reaching first. `{client}` and `{server}` are its ends. */
const EFFECTS = [
  { client: 'kube-apiserver', server: 'etcd', stops: 'every read and write of the API' },
  { client: 'kubectl', server: 'kube-apiserver', stops: 'kubectl' },
  { client: 'kube-scheduler', server: 'kube-apiserver', stops: 'new pods: nobody gives them a node' },
  { client: 'kube-controller-manager', server: 'kube-apiserver', stops: 'replacing pods that were lost' },
  { client: 'kubelet', server: 'kube-apiserver', stops: "a node's reports: it goes NotReady" },
  { client: 'kube-proxy', server: 'kube-apiserver', stops: 'news of services on a node: its rules go stale' },
  { client: 'kube-apiserver', server: 'kubelet', stops: 'kubectl logs and kubectl exec' },
] as const;

/** Pods go on whatever happens to a certificate: the answer that most people guess wrong. */
const PODS = 'pods that run already';
const NOTHING = 'nothing: it goes on, and should not';

export type Letter = 'a' | 'b' | 'c';
const LETTERS: readonly Letter[] = ['a', 'b', 'c'];

/** One question; `right` is what the statement says. */
export interface Question {
  readonly answers: Readonly<Record<Letter, string>>;
  readonly right: Letter;
}

/**
 * The question about a fault on a target; the same each time it is asked.
 * @param seed      decides the order of the answers: the fault and the target, say
 * @param outcomes  every connection that the fault stops or makes unsafe
 */
export function questionOf(seed: string, outcomes: readonly Pick<Stated, 'channel' | 'layer'>[]): Question {
  const stopped = EFFECTS.filter((effect) =>
    outcomes.some(({ channel, layer }) => layer !== 'ok' && isBetween(channel, effect)),
  ).map(({ stops }) => stops);
  const right = stopped[0] ?? NOTHING;
  const others = EFFECTS.map(({ stops }) => stops).filter((stops) => !stopped.includes(stops));
  const digest = createHash('sha256').update(seed).digest();
  const wrong = others[(digest[0] ?? 0) % Math.max(1, others.length)] ?? NOTHING;
  const answers = [right, PODS, wrong];
  const turned = (digest[1] ?? 0) % 3;
  const at = (index: number): string => answers[(index + turned) % 3] ?? right;
  return {
    answers: { a: at(0), b: at(1), c: at(2) },
    right: LETTERS[(3 - turned) % 3] ?? 'a',
  };
}

/** The letter that somebody typed; undefined for Enter and everything else. */
export function letterOf(typed: string): Letter | undefined {
  return LETTERS.find((letter) => letter === typed.trim().toLowerCase());
}

function isBetween(channel: string, { client, server }: { client: string; server: string }): boolean {
  const [from = '', to = ''] = channel.split('->').map((id) => id.split('@')[0]);
  return from === client && to === server;
}
