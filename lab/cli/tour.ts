/**
 * `tour`: six steps, each looked at whether it was done. It leads on a terminal, at the `lab>` prompt and beside it;
 * elsewhere it prints the steps. What was done is remembered, so that it goes on where it was left.
 */
import { issueLines } from '../../certs/openssl-lines.ts';
import { findIdentity } from '../../certs/resolve.ts';
import { callLab } from '../api.ts';
import { wrap } from '../columns.ts';
import { type LabDirectory, readDirectory } from '../directory.ts';
import type { StatusReport } from '../status.ts';
import { TOUR, TOUR_AFTER, type TourLook, type TourStep } from '../tour.ts';
import { advanceTour, readTourProgress, restartTour, tourFacts } from '../tour-progress.ts';
import { askUnlessLeft, canAsk } from './ask.ts';
import { type Invocation, switchOption } from './command.ts';
import { splitLine } from './prompt.ts';
import type { Terminal } from './terminal.ts';

/** How long a step waits for what its commands set off, and between two looks. */
const SETTLE_MS = 6000;
const LOOK_MS = 250;
const LEAVE = ['q', 'quit', 'exit'];
const WIDTH = 100;

export async function run(invocation: Invocation): Promise<number> {
  const { dir, json, terminal } = invocation;
  const directory = readDirectory(dir);
  if (switchOption(invocation, 'restart')) restartTour(dir);
  if (json) {
    const steps = TOUR.map(({ look: _, ...step }) => step);
    terminal.print(JSON.stringify({ done: readTourProgress(dir).done, steps, after: TOUR_AFTER }));
    return 0;
  }
  if (!canAsk(invocation)) {
    printAll(invocation);
    return 0;
  }
  // Without a lab there is nothing to look at.
  await callLab(invocation, 'GET /status');
  for (;;) {
    const at = readTourProgress(dir).done;
    const step = TOUR[at];
    if (!step) return finish(invocation);
    printStep(invocation, step, at, directory);
    if (!(await walk(invocation, directory, step, at))) {
      terminal.print('The tour goes on here when you type tour again; tour --restart begins anew.');
      return 0;
    }
    advanceTour(directory);
  }
}

/** Lead through one step. False: left. */
async function walk(
  invocation: Invocation,
  directory: LabDirectory,
  step: TourStep,
  at: number,
): Promise<boolean> {
  const { terminal, shell } = invocation;
  let asks = false;
  for (;;) {
    const question = asks && step.question ? `${step.question} > ` : `tour ${at + 1}/${TOUR.length}> `;
    const typed = (await askUnlessLeft(invocation, question))?.trim();
    if (typed === undefined) terminal.print('');
    if (typed === undefined || LEAVE.includes(typed)) return false;
    if (typed === 'skip') return true;
    const words = splitLine(typed.replace(/^npx mtls-lab /, ''));
    const isCommand = words[0] !== undefined && Object.hasOwn(shell.commands, words[0]);
    let answer = '';
    if (words[0] === invocation.name) {
      printStep(invocation, step, at, directory);
      continue;
    }
    if (typed === '') {
      for (const command of step.commands) await carryOut(invocation, splitLine(command), true);
    } else if (isCommand || !step.question) await carryOut(invocation, words, false);
    else answer = typed;
    if (step.question && answer === '') {
      asks = true;
      continue;
    }
    const { done, says } = await settle(invocation, directory, step, answer);
    const mark = done ? terminal.paint('teal', '✓') : terminal.paint('yellow', '…');
    terminal.print(`${mark} ${wrap(says, widthOf(terminal) - 2).join('\n  ')}`);
    if (done) return true;
  }
}

/** Run a command of the lab as if it had been typed where the tour was. */
async function carryOut(
  { dir, prompt, interrupt, shell, terminal }: Invocation,
  words: readonly string[],
  shown: boolean,
): Promise<void> {
  if (shown) terminal.print(terminal.paint('grey', `$ ${words.join(' ')}`));
  await shell.execute(words, { dir, prompt, ...(interrupt ? { interrupt } : {}) });
}

/** What came of it: at once, or as soon as the cluster has noticed. */
async function settle(
  invocation: Invocation,
  directory: LabDirectory,
  step: TourStep,
  answer: string,
): Promise<TourLook> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const report = (await callLab(invocation, 'GET /status')) as StatusReport;
    const look = step.look(tourFacts(directory, report), answer);
    const over = performance.now() > deadline || invocation.interrupt?.aborted === true;
    if (look.done || !look.mayCome || over) return look;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function finish(invocation: Invocation): Promise<number> {
  const { terminal } = invocation;
  terminal.print(`\nThat was the tour. Put everything back: ${TOUR_AFTER.join('   then: ')}`);
  const typed = (await askUnlessLeft(invocation, 'Enter does it, q leaves it as it is > '))?.trim();
  if (typed === '') for (const command of TOUR_AFTER) await carryOut(invocation, splitLine(command), true);
  restartTour(invocation.dir);
  terminal.print('Go on with   break     faults     explain WORD     clock +400d');
  return 0;
}

function printStep(
  { dir, terminal }: Invocation,
  { title, sentence, commands, issueByHand }: TourStep,
  at: number,
  { choices }: LabDirectory,
): void {
  const head = `Tour ${at + 1} of ${TOUR.length}: ${title}`;
  terminal.print(`\n${terminal.paint('bold', head)}`);
  terminal.print(wrap(sentence, widthOf(terminal)).join('\n'));
  if (issueByHand !== undefined) {
    const lines = issueLines(dir, choices, findIdentity(choices, issueByHand), process.cwd());
    terminal.print('in a second terminal, in bash:');
    for (const line of lines) terminal.print(terminal.paint('cyan', `   ${line}`));
    terminal.print('and then here:');
  }
  for (const command of commands) terminal.print(terminal.paint('cyan', `   ${command}`));
  terminal.print(
    terminal.paint('grey', 'Enter does it; any other command works, too; skip goes on, q leaves.'),
  );
}

function widthOf({ columns }: Terminal): number {
  return Math.min(columns, WIDTH);
}

/** For a pipe: every step, and which are done. */
function printAll({ dir, terminal }: Invocation): void {
  const { done } = readTourProgress(dir);
  TOUR.forEach(({ title, sentence, commands, issueByHand, question }, at) => {
    terminal.print(`${at < done ? '✓' : ' '} ${at + 1}  ${title}`);
    terminal.print(`     ${sentence}`);
    if (issueByHand !== undefined)
      terminal.print(`     with openssl: key, request and signature (README, "The same by hand")`);
    for (const command of commands) terminal.print(`     npx mtls-lab ${command}`);
    if (question !== undefined) terminal.print(`     ${question}`);
  });
  terminal.print(`On a terminal npx mtls-lab tour leads through them and looks whether each was done.`);
}
