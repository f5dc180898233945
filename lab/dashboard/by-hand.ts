/** The openssl lines that break and mend a certificate by hand, as they are pasted into bash where the lab was started. */
import { plannedCopies } from '../../certs/hosts.ts';
import { identities } from '../../certs/identities.ts';
import { copyLines, issueLines } from '../../certs/openssl-lines.ts';
import type { LabDirectory } from '../directory.ts';

/** Lines for a shell. */
export interface ByHand {
  /** null: this flaw takes more than another word in the last line of openssl. */
  readonly breaks: string | null;
  /** Issues the certificate anew in the CA's folder and copies it to the machines. */
  readonly mends: string;
}

/** How the line that signs becomes one that signs with a flaw. */
const FLAWS: Readonly<Record<string, (line: string) => string>> = {
  expired: (line) => line.replace('-days 365', '-days -1'),
  'wrong-name': (line) =>
    line.replace(/subjectAltName=[^']*/, 'subjectAltName=DNS:other.example,IP:192.0.2.1'),
  'wrong-usage': (line) =>
    line.replace(/extendedKeyUsage=(\w+)(,\w+)*/, (_, first: string) =>
      first === 'serverAuth' ? 'extendedKeyUsage=clientAuth' : 'extendedKeyUsage=serverAuth',
    ),
};

/** Lines about a certificate; null for every other target. */
export function byHand({ dir, choices }: LabDirectory, fault: string, target: string): ByHand | null {
  const identity = identities(choices).find(({ id, kind }) => id === target && kind === 'leaf');
  if (!identity) return null;
  const from = process.cwd();
  const issue = issueLines(dir, choices, identity, from);
  const copies = copyLines(plannedCopies(dir, [identity]), from);
  const flaw = Object.hasOwn(FLAWS, fault) ? FLAWS[fault] : undefined;
  const text = (lines: readonly string[]): string => [...lines, ...copies].join('\n');
  return {
    breaks: flaw ? text([...issue.slice(0, -1), flaw(issue.at(-1) ?? '')]) : null,
    mends: text(issue),
  };
}
