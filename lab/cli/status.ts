/** `status`: the running lab's report, or what can be said of a directory without one. */
import { isLabError } from '../../certs/errors.ts';
import { callLab } from '../api.ts';
import { readDirectory } from '../directory.ts';
import { runningLab } from '../lock.ts';
import { reportDirectory, type StatusReport } from '../status.ts';
import {
  channelTable,
  clockLines,
  consequenceLines,
  deviationLines,
  modeLine,
  problemLines,
  recoveryLines,
} from './channels.ts';
import type { Invocation } from './command.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { dir, shownDir, json, terminal } = invocation;
  const report = await read(invocation);
  if (json) {
    terminal.print(JSON.stringify(report));
    return report.ok ? 0 : 1;
  }
  if (!report.running) {
    terminal.print(`No lab runs in ${shownDir}. Start it: npx mtls-lab up`);
    const lines = deviationLines(report, terminal);
    terminal.print(lines === '' ? 'Every file is as it should be.' : lines);
    return 1;
  }
  const good = report.channels.filter(({ layer }) => layer === 'ok').length;
  terminal.print(channelTable(report.channels, terminal));
  const mark = report.ok ? terminal.paint('teal', '✓') : terminal.paint('vermilion', '✗');
  const pid = runningLab(dir)?.pid;
  const whose = pid === undefined ? '' : `   (pid ${pid})`;
  terminal.print(`${mark} ${good} of ${report.channels.length} connections accepted from both sides${whose}`);
  terminal.print(modeLine(report.clientAuth));
  for (const lines of [
    problemLines(report.components, terminal),
    consequenceLines(report.consequences, terminal),
    recoveryLines(report, terminal),
    clockLines(report.clocks),
    deviationLines(report, terminal),
  ]) {
    if (lines !== '') terminal.print(lines);
  }
  return report.ok ? 0 : 1;
}

async function read(invocation: Invocation): Promise<StatusReport> {
  try {
    return (await callLab(invocation, 'GET /status')) as StatusReport;
  } catch (error) {
    if (!isLabError(error) || error.code !== 'LAB_NOT_RUNNING' || runningLab(invocation.dir)) throw error;
    return reportDirectory(readDirectory(invocation.dir));
  }
}
