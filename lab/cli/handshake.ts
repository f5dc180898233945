/** `handshake CLIENT SERVER`: one fresh handshake, told from both sides. */

import { LabError } from '../../certs/errors.ts';
import { callLab } from '../api.ts';
import { readDirectory } from '../directory.ts';
import { explain } from '../explain.ts';
import { handshakeJson } from '../handshake-json.ts';
import { renderLadder } from '../ladder.ts';
import { namesOf } from '../names.ts';
import { bytesFromJson } from '../trace-json.ts';
import { type Invocation, switchOption, textOption } from './command.ts';
import { type Watched, watchHandshake } from './handshake-watch.ts';

const MAX_DELAY_MS = 60_000;

export async function run(invocation: Invocation): Promise<number> {
  const { json, terminal, positionals } = invocation;
  const tls = textOption(invocation, 'tls');
  const ask = { names: positionals, ...(tls === undefined ? {} : { tls }) };
  const delay = textOption(invocation, 'delay');
  const isWatched = switchOption(invocation, 'step') || delay !== undefined;
  const { channel, trace } = isWatched
    ? await watchHandshake(invocation, ask, readDelay(delay))
    : await askHandshake(invocation, ask);
  if (json) terminal.print(JSON.stringify(handshakeJson(channel, trace)));
  else {
    const card = renderLadder(trace, {
      story: explain(trace),
      width: terminal.columns,
      paint: (colour, text) => terminal.paint(colour, text),
      verbose: switchOption(invocation, 'verbose'),
      hex: switchOption(invocation, 'hex'),
    });
    terminal.print(isWatched ? `\n${card}` : card);
  }
  return channel.layer === 'ok' ? 0 : 1;
}

async function askHandshake(invocation: Invocation, ask: object): Promise<Watched> {
  return bytesFromJson(await callLab(invocation, 'POST /handshake', ask)) as Watched;
}

function readDelay(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const delayMs = Number(text);
  if (/^\d+$/.test(text) && delayMs >= 1 && delayMs <= MAX_DELAY_MS) return delayMs;
  throw new LabError('USAGE', {
    what: `--delay ${text}: not a number of milliseconds from 1 to ${MAX_DELAY_MS}`,
    fix: '--delay 500',
  });
}

export async function complete(dir: string): Promise<readonly string[]> {
  return namesOf(readDirectory(dir)).instances.map(({ id }) => id);
}
