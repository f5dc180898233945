/** `verify`: the verdict about a certificate file, with every check; `--batch` answers JSON lines. */
import { once } from 'node:events';
import { parseClock } from '../../certs/clock.ts';
import { LabError } from '../../certs/errors.ts';
import { deskNow, directoryState } from '../directory.ts';
import { parsePurpose, verdictLines, verifyBatch, verifyFiles } from '../verify-command.ts';
import { type Invocation, switchOption, textOption } from './command.ts';

export async function run(invocation: Invocation): Promise<number> {
  if (switchOption(invocation, 'batch')) {
    const { invalid } = await verifyBatch(process.stdin, writeOut);
    return invalid === 0 ? 0 : 1;
  }
  const certFile = needed(invocation, 'cert', 'FILE');
  const caFile = needed(invocation, 'ca', 'FILE');
  const purpose = parsePurpose(needed(invocation, 'purpose', 'server|client'));
  const name = textOption(invocation, 'name');
  const time = readTime(invocation);
  const verdict = await verifyFiles({
    certFile,
    caFile,
    purpose,
    time,
    ...(name === undefined ? {} : { name }),
  });
  const { json, terminal } = invocation;
  if (json) {
    const { accepted, code, text, findings, secondOpinion } = verdict;
    terminal.print(
      JSON.stringify({
        ok: accepted,
        accepted,
        code,
        text,
        time: time.toISOString(),
        findings,
        secondOpinion,
      }),
    );
  } else {
    const [first = '', ...rest] = verdictLines(verdict);
    const mark = verdict.accepted ? terminal.paint('teal', '✓') : terminal.paint('vermilion', '✗');
    terminal.print([`${mark} ${first}   (at ${time.toISOString()})`, ...rest].join('\n'));
  }
  return verdict.accepted ? 0 : 1;
}

/** Standard output, slowed down to whoever reads it. */
async function writeOut(line: string): Promise<void> {
  if (!process.stdout.write(line)) await once(process.stdout, 'drain');
}

function needed(invocation: Invocation, name: string, value: string): string {
  const text = textOption(invocation, name);
  if (text !== undefined) return text;
  throw new LabError('USAGE', {
    what: `verify: --${name} is missing`,
    fix: `--${name} ${value}; all together: verify --cert F --ca F --purpose server|client [--name N] [--time T]`,
  });
}

/** `--time`, or the lab's clock where there is a lab, or now. */
function readTime(invocation: Invocation): Date {
  const text = textOption(invocation, 'time');
  if (text !== undefined) return new Date(Date.now() + parseClock(text, Date.now()));
  return directoryState(invocation.dir) === 'made' ? deskNow(invocation.dir) : new Date();
}
