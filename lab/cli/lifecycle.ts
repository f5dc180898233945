/** `start`, `stop`, `restart`: asked of the running lab. */
import { callLab } from '../api.ts';
import { readDirectory } from '../directory.ts';
import { namesOf } from '../names.ts';
import type { InstanceState } from '../supervisor.ts';
import type { Invocation } from './command.ts';

const DONE = { start: 'runs', stop: 'is stopped', restart: 'was restarted' } as const;

export async function run(invocation: Invocation): Promise<number> {
  const { name, positionals, json, terminal } = invocation;
  const action = name === 'stop' ? 'stop' : name === 'restart' ? 'restart' : 'start';
  const state = (await callLab(invocation, `POST /components/${action}`, {
    component: positionals[0] ?? '',
  })) as InstanceState;
  const wanted = action === 'stop' ? 'stopped' : 'running';
  const ok = state.phase === wanted;
  if (json) terminal.print(JSON.stringify({ ok, component: state }));
  else if (ok) {
    terminal.print(`${state.id} ${DONE[action]}${state.url === null ? '' : ` on ${state.url}`}`);
  } else {
    terminal.complain(
      `${terminal.paint('red', `✗ ${state.id} does not run`)}: ${state.problem?.what ?? state.phase}`,
    );
    if (state.problem) terminal.complain(`  fix  ${state.problem.fix}`);
    terminal.complain(`  see  npx mtls-lab logs ${state.id} --tail 20`);
  }
  return ok ? 0 : 1;
}

export async function complete(dir: string): Promise<readonly string[]> {
  return namesOf(readDirectory(dir)).instances.map(({ id }) => id);
}
