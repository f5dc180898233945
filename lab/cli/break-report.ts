/**
 * What `break` prints once it has acted: what was replaced, what came of it on each connection (waited for in a running lab,
 * and only told as seen), the guess beside it, and where to go from here.
 */
import { join, relative } from 'node:path';
import { caCertificates } from '../../certs/desk.ts';
import { isLabError } from '../../certs/errors.ts';
import { callLab } from '../api.ts';
import type { ChannelState } from '../channel.ts';
import type { LabDirectory } from '../directory.ts';
import { differencesOf } from '../faults/difference.ts';
import { type ExpectedOutcome, expectedOutcomes, outcomeText } from '../faults/expect.ts';
import type { Fault } from '../faults/fault.ts';
import type { Letter, Question } from '../faults/guess.ts';
import { type BreakRecord, readBytes } from '../faults/records.ts';
import { runningLab } from '../lock.ts';
import type { StatusReport } from '../status.ts';
import { verdict } from './channels.ts';
import type { Invocation } from './command.ts';

/** A round is 5 s, and much longer only with hundreds of workers. */
const WAIT_MS = 15_000;
const LOOK_MS = 200;

/** Everything that the report is about. */
export interface Break {
  readonly invocation: Invocation;
  readonly directory: LabDirectory;
  readonly fault: Fault;
  readonly target: string;
  readonly record: BreakRecord;
  readonly expected: readonly ExpectedOutcome[];
  readonly question: Question;
  readonly guess: Letter | undefined;
  /** The lab's report before; undefined when none runs. */
  readonly before: StatusReport | undefined;
}

/** The running lab's report; undefined when none runs. */
export async function readBefore(invocation: Invocation): Promise<StatusReport | undefined> {
  if (runningLab(invocation.dir) === undefined) return undefined;
  try {
    return (await callLab(invocation, 'GET /status')) as StatusReport;
  } catch (error) {
    if (isLabError(error) && error.code === 'LAB_NOT_RUNNING') return undefined;
    throw error;
  }
}

/** Print the report, as text or as JSON. */
export async function reportBreak(what: Break): Promise<number> {
  const { invocation, directory, fault, target, record, expected } = what;
  const { json, terminal } = invocation;
  const files = record.files.map(({ path }) => join(directory.dir, path));
  if (json) {
    terminal.print(JSON.stringify({ ok: true, fault: fault.id, target, files, expected }));
    return 0;
  }
  terminal.print(`\n${target}: ${fault.title}\n`);
  for (const line of replacedLines(what)) terminal.print(line);
  terminal.print('          The old ones are kept: fix --undo\n');
  if (what.before === undefined) terminal.print(statedText(expected));
  else await printSeen(what, what.before);
  const stock = stockLine(what);
  if (stock !== undefined) terminal.print(`${terminal.paint('yellow', '!')} ${stock}`);
  terminal.print(`\n${nextSteps(what)}`);
  return 0;
}

function replacedLines({ directory, record }: Break): string[] {
  const { dir, choices } = directory;
  const cas = caCertificates(dir, choices);
  return record.files.flatMap(({ path, before }) => {
    const { rows, same } = differencesOf(before, readBytes(dir, path), cas);
    return [
      `Replaced  ${relative(process.cwd(), join(dir, path))}`,
      ...rows.map(({ what, before: old, after }) => `          ${what.padEnd(14)} ${old}  →  ${after}`),
      ...(same.length === 0 ? [] : [`          same ${same.join(', ')}`]),
    ];
  });
}

/** Without a running lab: what is going to happen. */
function statedText(expected: readonly ExpectedOutcome[]): string {
  if (expected.length === 0) return 'No lab runs here. When one does, every connection is as before.';
  const rows = expected.map((one) => `  ${arrow(one.channel)}   ${outcomeText(one)}  ${one.code ?? ''}`);
  return ['No lab runs here. When one does:', ...rows].join('\n');
}

async function printSeen(what: Break, before: StatusReport): Promise<void> {
  const { invocation, expected } = what;
  const { terminal } = invocation;
  const soon = expected.filter(({ shows }) => shows === 'at the next connection');
  const begun = performance.now();
  const { report, unseen } = await waitFor(invocation, soon);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  for (const { channel } of soon) {
    const state = report.channels.find(({ id }) => id === channel);
    if (state !== undefined) terminal.print(verdict(state, terminal, true));
  }
  if (soon.length > 0 && unseen.length === 0)
    terminal.print(terminal.paint('grey', `  seen ${seconds} s after the change`));
  for (const one of unseen) {
    terminal.print(
      `○ ${arrow(one.channel)}   not seen yet after ${seconds} s; expected: ${outcomeText(one)}. Look again: npx mtls-lab status`,
    );
  }
  for (const { channel, shows, ...one } of expected) {
    if (shows === 'at the next connection') continue;
    terminal.print(`○ ${arrow(channel)}   nothing yet: ${outcomeText(one)}, ${shows}`);
  }
  const named = new Set(expected.map(({ channel }) => channel));
  const others = report.channels.filter(({ id, layer }) => !named.has(id) && layer === 'ok');
  const changed = report.channels.filter(
    (one) => !named.has(one.id) && layerOf(before, one.id) !== one.layer,
  );
  for (const one of changed) terminal.print(verdict(one, terminal, true));
  if (others.length > 0) {
    const all = others.length === report.channels.length;
    const which =
      others.length === 1
        ? 'the other connection'
        : `${all ? 'all' : 'the other'} ${others.length} connections`;
    terminal.print(`${terminal.paint('teal', '✓')} ${which} unchanged; pods that run go on`);
  }
  for (const sentence of report.consequences) {
    if (!before.consequences.includes(sentence))
      terminal.print(`${terminal.paint('yellow', '!')} ${sentence}`);
  }
  const said = guessText(what);
  if (said !== undefined) terminal.print(said);
}

/** Look until every stated outcome was seen, at most some seconds. */
async function waitFor(
  invocation: Invocation,
  expected: readonly ExpectedOutcome[],
): Promise<{ report: StatusReport; unseen: readonly ExpectedOutcome[] }> {
  const end = performance.now() + WAIT_MS;
  for (;;) {
    const report = (await callLab(invocation, 'GET /status')) as StatusReport;
    const unseen = expected.filter((one) => !report.channels.some((state) => isAs(state, one)));
    if (unseen.length === 0 || performance.now() > end || invocation.interrupt?.aborted)
      return { report, unseen };
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}

function isAs(state: ChannelState, { channel, layer, code, unsafe }: ExpectedOutcome): boolean {
  if (state.id !== channel || state.layer !== layer) return false;
  if (layer !== 'ok') return state.code === code;
  return unsafe === undefined || state.unsafe.some((sentence) => sentence.includes(unsafe));
}

function guessText({ guess, question }: Break): string | undefined {
  const right = question.answers[question.right];
  if (guess === undefined) return undefined;
  return guess === question.right
    ? `Your guess ${guess}: right, ${right}`
    : `Your guess ${guess}: no. It was ${question.right}: ${right}`;
}

/** What a stock cluster would do where strict mode refuses in TLS. */
function stockLine({ fault, target, directory, expected }: Break): string | undefined {
  const refused = expected.filter(
    ({ layer, by, channel }) => layer === 'tls' && by === 'server' && !channel.endsWith('->etcd'),
  );
  if (refused.length === 0) return undefined;
  const settings = Object.fromEntries(
    [...new Set(refused.map(({ channel }) => channel.split('->')[1] ?? ''))].map((server) => [
      server,
      { clientAuth: 'request' as const },
    ]),
  );
  const stock = expectedOutcomes(fault, target, {
    ...directory,
    settings: { ...directory.settings, ...settings },
  });
  const layers = new Set(
    stock.filter(({ channel }) => refused.some((one) => one.channel === channel)).map(({ layer }) => layer),
  );
  if (!layers.has('401') && !layers.has('403')) return undefined;
  return `stock cluster: no alert. The handshake succeeds, then HTTP ${layers.has('401') ? '401' : '403'} (strict mode is on)`;
}

function nextSteps({ fault, target, expected }: Break): string {
  const [first] = expected;
  const [client = '', server = ''] = first?.channel.split('->') ?? [];
  const rows = [
    ['See it hurt', `${fault.harm.startsWith('mtls-lab') ? 'npx ' : ''}${fault.harm}`],
    ...(first === undefined
      ? []
      : [['Look inside', `npx mtls-lab handshake ${client} ${server}     or its line on the dashboard`]]),
    ['Mend', `npx mtls-lab fix ${target}    |    by hand: faults ${fault.id}    |    take back: fix --undo`],
  ];
  return rows.map(([label = '', text = '']) => `${label.padEnd(13)}${text}`).join('\n');
}

function layerOf({ channels }: StatusReport, id: string): ChannelState['layer'] | undefined {
  return channels.find((one) => one.id === id)?.layer;
}

function arrow(channel: string): string {
  return channel.replace('->', ' → ');
}
