/** `up`: from nothing to a running cluster, every connection shown; then the prompt, or the end with --once. */
import { join, relative } from 'node:path';
import { LabError } from '../../certs/errors.ts';
import type { ClientAuth } from '../../components/component.ts';
import { callLab } from '../api.ts';
import type { ChannelState } from '../channel.ts';
import { readWorkload } from '../consequences.ts';
import { readDirectory, settingsOf } from '../directory.ts';
import { createJournal } from '../journal.ts';
import { type Lab, startLab } from '../lab.ts';
import { runningLab } from '../lock.ts';
import { channelTable, consequenceLines, expectedFiles, modeLine, problemLines } from './channels.ts';
import { readChoices } from './choices.ts';
import { type Invocation, switchOption } from './command.ts';
import { openLiveTable } from './live-table.ts';
import { prepareDirectory } from './prepare.ts';
import { duration } from './render.ts';
import { watchSignals } from './signals.ts';

const HEADLINE = 'mtls-lab: a small Kubernetes control plane over real mutual TLS. Nothing leaves 127.0.0.1.';
/** How long `up` waits for the pods of deployment web before it says how many run. */
const PODS_MS = 3000;
const LOOK_MS = 100;

export async function run(invocation: Invocation): Promise<number> {
  const { dir, json, terminal } = invocation;
  const { clientAuth, ...others } = readChoices(invocation);
  if (clientAuth && Object.keys(others).length === 0 && runningLab(dir)) {
    return switchRunning(invocation, clientAuth);
  }
  if (invocation.prompt) {
    throw new LabError('LAB_RUNNING', { what: 'the lab runs already: you are in it', fix: 'status' });
  }
  if (!json) terminal.print(HEADLINE);
  const notes = await prepareDirectory(invocation);
  if (!json) for (const note of notes) terminal.print(note);
  const signals = watchSignals();
  let lab: Lab | undefined;
  try {
    const up = await bringUp(invocation);
    lab = up.lab;
    const elapsedMs = Math.round(performance.now());
    return await report(invocation, { ...up, elapsedMs }, signals.stopped);
  } finally {
    await lab?.close();
    signals.release();
  }
}

/** The lab runs, here or in another process: only the mode is to change. */
async function switchRunning(invocation: Invocation, clientAuth: ClientAuth): Promise<number> {
  await callLab(invocation, 'POST /mode', { clientAuth });
  if (invocation.json) invocation.terminal.print(JSON.stringify({ ok: true, clientAuth }));
  else invocation.terminal.print(modeLine(clientAuth));
  return 0;
}

interface Up {
  readonly lab: Lab;
  readonly channels: readonly ChannelState[];
  /** Since the process began. */
  readonly elapsedMs: number;
}

/** Show what came of it, and stay until the user stops it unless it is for once. */
async function report(invocation: Invocation, up: Up, stopped: Promise<void>): Promise<number> {
  const { json, terminal, shownDir } = invocation;
  const { lab, channels, elapsedMs } = up;
  const once = switchOption(invocation, 'once');
  const components = problems(lab);
  const ok = channels.every(({ layer }) => layer === 'ok') && components.length === 0;
  if (json) {
    const clientAuth = settingsOf(lab.directory, 'kube-apiserver').clientAuth;
    terminal.print(JSON.stringify({ ok, clientAuth, elapsedMs, channels, components }));
  } else show(invocation, up);
  if (once) return ok ? 0 : 1;
  const { startDashboard } = await import('../dashboard/server.ts');
  const dashboard = await startDashboard(lab);
  try {
    if (!json) {
      await Promise.race([showWorkload(invocation, lab), stopped]);
      const opened = await openPage(invocation, dashboard.url);
      terminal.print(`\nDashboard   ${dashboard.url}${opened ? '   (opened)' : ''}`);
      for (const line of hints(invocation)) terminal.print(line);
    }
    await stayUp(invocation, stopped);
  } finally {
    await dashboard.close();
  }
  if (!json) terminal.print(`Stopped. Your files stay in ${shownDir}.`);
  return 0;
}

/** Open the page where somebody sits in front of it. */
async function openPage(invocation: Invocation, url: string): Promise<boolean> {
  if (!invocation.terminal.isTty || switchOption(invocation, 'no-open')) return false;
  const { openInBrowser } = await import('../dashboard/browser.ts');
  return openInBrowser(url, process.env);
}

/** Start everything and wait for outcomes; on a terminal the table is painted meanwhile. */
async function bringUp(invocation: Invocation): Promise<{ lab: Lab; channels: readonly ChannelState[] }> {
  const { dir, json, terminal } = invocation;
  const journal = createJournal();
  if (!json) terminal.print('');
  const live = json ? undefined : openLiveTable(terminal, readDirectory(dir), journal);
  let lab: Lab | undefined;
  try {
    lab = await startLab({ dir, journal, seed: !switchOption(invocation, 'once') });
    return { lab, channels: await lab.cluster.settle() };
  } catch (error) {
    await lab?.close();
    throw error;
  } finally {
    live?.clear();
  }
}

function problems(lab: Lab): { id: string; phase: string; problem: unknown }[] {
  return lab.cluster
    .states()
    .filter(({ phase, problem }) => phase !== 'running' || problem !== null)
    .map(({ id, phase, problem }) => ({ id, phase, problem }));
}

function show({ terminal }: Invocation, { lab, channels, elapsedMs }: Up): void {
  const expected = expectedFiles(lab.directory.choices, lab.cluster.topology);
  terminal.print(channelTable(channels, terminal, expected));
  const good = channels.filter(({ layer }) => layer === 'ok').length;
  const mark = good === channels.length ? terminal.paint('teal', '✓') : terminal.paint('vermilion', '✗');
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
    'Try         break unknown-ca apiserver-etcd-client     then: status     then: fix',
    'Guided      tour   (5 minutes)          Any word or error you meet:   explain SAN',
    `Own kubectl export KUBECONFIG="${shown}"      (second terminal)`,
    terminal.isTty
      ? `Type here, or in a second terminal put \`npx mtls-lab\` in front. Ctrl-C stops; your files stay.`
      : 'In a second terminal: npx mtls-lab status. SIGINT or SIGTERM stops; your files stay.',
  ];
}

async function stayUp(invocation: Invocation, stopped: Promise<void>): Promise<void> {
  const prompt = invocation.terminal.isTty && !invocation.json && !switchOption(invocation, 'no-prompt');
  if (!prompt) return stopped;
  const { openPrompt } = await import('./prompt.ts');
  await Promise.race([openPrompt(invocation), stopped]);
}
