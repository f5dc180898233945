/** The directory that `up` starts from: made when there is none, changed as the options say. */
import { LabError } from '../../certs/errors.ts';
import { loadComponent } from '../../components/registry.ts';
import { directoryState } from '../directory.ts';
import { runningLab } from '../lock.ts';
import { instancesOf } from '../topology.ts';
import { INIT_ONLY, readChoices } from './choices.ts';
import { type Invocation, textOption } from './command.ts';
import { initLines } from './init.ts';

/**
 * Make the directory, or change it. Loading the components' code goes on while keys are being made.
 * @returns what was done, for people
 */
export async function prepareDirectory(invocation: Invocation): Promise<string[]> {
  const { dir, shownDir } = invocation;
  const choices = readChoices(invocation);
  const { initDirectory, setClientAuth, setPortBase, setWorkers } = await import('../init.ts');
  const state = directoryState(dir);
  if (state !== 'made') {
    const [report] = await Promise.all([initDirectory(dir, choices), preload()]);
    return initLines(report, shownDir);
  }
  if (runningLab(dir)) return [];
  const late = INIT_ONLY.find((name) => textOption(invocation, name) !== undefined);
  if (late !== undefined) {
    throw new LabError('CHOICE_REFUSED', {
      what: `--${late} is chosen when the directory is made, and there is a lab in ${shownDir} already`,
      fix: `npx mtls-lab reset, then npx mtls-lab up --${late} ${textOption(invocation, late)}; or another --dir`,
    });
  }
  const notes: string[] = [];
  if (choices.clientAuth) setClientAuth(dir, choices.clientAuth);
  if (choices.portBase !== undefined) {
    const { ports } = await setPortBase(dir, choices.portBase);
    notes.push(`Ports: API server ${ports.apiserver}, etcd ${ports.etcd}`);
  }
  if (choices.workers !== undefined) {
    const { added, removed } = await setWorkers(dir, choices.workers, choices.portBase);
    if (added.length > 0) notes.push(`Added ${added.join(', ')}: keys, certificates and configuration`);
    if (removed.length > 0) notes.push(`${removed.join(', ')} left the cluster; the files stay`);
  }
  return notes;
}

/** Load every component's code while keys are being made. */
async function preload(): Promise<void> {
  const names = new Set(instancesOf(['worker-1']).map(({ component }) => component));
  await Promise.all([...names].map(loadComponent));
}
