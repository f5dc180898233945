/** `init`: make the cluster directory and say what was made. */
import type { InitReport } from '../init.ts';
import { initDirectory } from '../init.ts';
import { readChoices } from './choices.ts';
import type { Invocation } from './command.ts';
import { duration } from './render.ts';

export async function run(invocation: Invocation): Promise<number> {
  const report = await initDirectory(invocation.dir, readChoices(invocation));
  if (invocation.json) {
    invocation.terminal.print(JSON.stringify({ ok: true, ...report }));
    return 0;
  }
  for (const line of initLines(report, invocation.shownDir)) invocation.terminal.print(line);
  invocation.terminal.print('Start it: npx mtls-lab up');
  return 0;
}

/** What `init` did, for people. */
export function initLines(report: InitReport, shownDir: string): string[] {
  const cas = report.cas === 1 ? '1 CA ("kubernetes")' : `${report.cas} CAs ("kubernetes", "etcd-ca")`;
  return [
    `Made ${cas} and ${report.certificates} certificates in ${shownDir}/  (first time only, ${duration(report.elapsedMs)})`,
    ...(report.completed ? ['An earlier init had been interrupted half-way; it was begun anew.'] : []),
    ...report.moved.map(
      ({ component, wanted, got }) => `Port ${wanted} is taken: ${component} listens on ${got} instead.`,
    ),
  ];
}
