/** `up`: from nothing to a running cluster, every connection shown; then the prompt, or the end with --once. */
import { join, relative } from 'node:path';
import { LabError } from '../../certs/errors.ts';
import { loadComponent } from '../../components/registry.ts';
import type { ChannelState } from '../channel.ts';
import { readWorkload } from '../consequences.ts';
import { directoryState, readDirectory, settingsOf } from '../directory.ts';
import { createJournal } from '../journal.ts';
import { type Lab, startLab } from '../lab.ts';
import { runningLab } from '../lock.ts';
import { instancesOf } from '../topology.ts';
import { channelTable, consequenceLines, expectedFiles, modeLine, problemLines } from './channels.ts';
import { INIT_ONLY, readChoices } from './choices.ts';
import { type Invocation, switchOption, textOption } from './command.ts';
import { initLines } from './init.ts';
import { openLiveTable } from './live-table.ts';
import { duration } from './render.ts';
import { untilStopped } from './signals.ts';

const HEADLINE =
  'mtls-lab: a small Kubernetes control plane over real mutual TLS. All on 127.0.0.1, nothing leaves this machine.';
/** How long `up` waits for the pods of deployment web before it says how many run. */
const PODS_MS = 3000;
const LOOK_MS = 100;

export async function run(invocation: Invocation): Promise<number> {
  const { json, terminal, shownDir } = invocation;
  if (invocation.prompt) {
    throw new LabError('LAB_RUNNING', { what: 'the lab runs already: you are in it', fix: 'status' });
  }
  if (!json) terminal.print(HEADLINE);
  const notes = await prepare(invocation);
  if (!json) for (const note of notes) terminal.print(note);
  const { lab, channels } = await bringUp(invocation);
  try {
    const elapsedMs = Math.round(performance.now());
    const ok = isGood(lab, channels);
    const clientAuth = settingsOf(lab.directory, 'kube-apiserver').clientAuth;
    if (switchOption(invocation, 'once')) {
      if (json)
        terminal.print(JSON.stringify({ ok, clientAuth, elapsedMs, channels, components: problems(lab) }));
      else show(invocation, lab, channels, elapsedMs);
      return ok ? 0 : 1;
    }
    if (json) terminal.print(JSON.stringify({ ok, clientAuth, elapsedMs, channels, url: lab.api.url }));
    else {
      show(invocation, lab, channels, elapsedMs);
      await showWorkload(invocation, lab);
      for (const line of hints(invocation)) terminal.print(line);
    }
    await stayUp(invocation);
    if (!json) terminal.print(`Stopped. Your files stay in ${shownDir}.`);
    return 0;
  } finally {
    await lab.close();
  }
}

/** Start everything and wait for outcomes; on a terminal the table is painted meanwhile. */
async function bringUp({
  dir,
  json,
  terminal,
}: Invocation): Promise<{ lab: Lab; channels: readonly ChannelState[] }> {
  const journal = createJournal();
  if (!json) terminal.print('');
  const live = json ? undefined : openLiveTable(terminal, readDirectory(dir), journal);
  let lab: Lab | undefined;
  try {
    lab = await startLab({ dir, journal });
    return { lab, channels: await lab.cluster.settle() };
  } catch (error) {
    await lab?.close();
    throw error;
  } finally {
    live?.clear();
  }
}

/** Make the directory, or change it as the options say. Loading the code goes on beside it. */
async function prepare(invocation: Invocation): Promise<string[]> {
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

function isGood(lab: Lab, channels: readonly ChannelState[]): boolean {
  return channels.every(({ layer }) => layer === 'ok') && problems(lab).length === 0;
}

function problems(lab: Lab): { id: string; phase: string; problem: unknown }[] {
  return lab.cluster
    .states()
    .filter(({ phase, problem }) => phase !== 'running' || problem !== null)
    .map(({ id, phase, problem }) => ({ id, phase, problem }));
}

function show(
  { terminal }: Invocation,
  lab: Lab,
  channels: readonly ChannelState[],
  elapsedMs: number,
): void {
  const expected = expectedFiles(lab.directory.choices, lab.cluster.topology);
  terminal.print(channelTable(channels, terminal, expected));
  const good = channels.filter(({ layer }) => layer === 'ok').length;
  const all = good === channels.length;
  const mark = all ? terminal.paint('teal', '✓') : terminal.paint('vermilion', '✗');
  terminal.print(
    `${mark} ${good} of ${channels.length} connections, each verified from both sides (${duration(elapsedMs)}).`,
  );
  const lines = problemLines(lab.cluster.states(), terminal);
  if (lines !== '') terminal.print(lines);
  terminal.print(modeLine(settingsOf(lab.directory, 'kube-apiserver').clientAuth));
}

async function showWorkload({ terminal }: Invocation, lab: Lab): Promise<void> {
  const deadline = performance.now() + PODS_MS;
  let workload = await readWorkload(lab.cluster);
  while (workload.web && workload.web.running < workload.web.wanted && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    workload = await readWorkload(lab.cluster);
  }
  if (workload.web) {
    terminal.print(`deployment web: ${workload.web.running} of ${workload.web.wanted} pods running`);
  }
  if (workload.troubles.length > 0) terminal.print(consequenceLines(workload.troubles, terminal));
}

function hints({ dir, terminal }: Invocation): string[] {
  const kubeconfig = join(dir, 'hosts', 'laptop', '.kube', 'config');
  const near = relative(process.cwd(), kubeconfig);
  const shown = near.startsWith('..') ? kubeconfig : `$PWD/${near}`;
  return [
    '',
    `Own kubectl export KUBECONFIG="${shown}"      (second terminal)`,
    terminal.isTty
      ? `Type here, or in a second terminal put \`npx mtls-lab\` in front. Ctrl-C stops; your files stay.`
      : 'In a second terminal: npx mtls-lab status. SIGINT or SIGTERM stops; your files stay.',
  ];
}

async function stayUp(invocation: Invocation): Promise<void> {
  if (!invocation.terminal.isTty || invocation.json || switchOption(invocation, 'no-prompt')) {
    await untilStopped();
    return;
  }
  const { openPrompt } = await import('./prompt.ts');
  await untilStopped(openPrompt(invocation));
}
