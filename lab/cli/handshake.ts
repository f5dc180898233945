/** `handshake CLIENT SERVER`: one fresh handshake, told from both sides. */
import { plainMessage } from '../../components/tls/decode-message.ts';
import type { SideReport, Trace, TraceMessage } from '../../components/tls/trace.ts';
import { callLab } from '../api.ts';
import type { ChannelState } from '../channel.ts';
import { readDirectory } from '../directory.ts';
import { explain } from '../explain.ts';
import { renderLadder } from '../ladder.ts';
import { namesOf } from '../names.ts';
import { traceFromJson } from '../trace-json.ts';
import { type Invocation, switchOption } from './command.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { json, terminal, positionals } = invocation;
  const answer = (await callLab(invocation, 'POST /handshake', { names: positionals })) as {
    channel: ChannelState;
    trace: unknown;
  };
  const trace = traceFromJson(answer.trace);
  if (json) terminal.print(JSON.stringify(handshakeJson(answer.channel, trace)));
  else {
    const card = renderLadder(trace, {
      story: explain(trace),
      width: terminal.columns,
      paint: (colour, text) => terminal.paint(colour, text),
      verbose: switchOption(invocation, 'verbose'),
      hex: switchOption(invocation, 'hex'),
    });
    terminal.print(card);
  }
  return answer.channel.layer === 'ok' ? 0 : 1;
}

export async function complete(dir: string): Promise<readonly string[]> {
  return namesOf(readDirectory(dir)).instances.map(({ id }) => id);
}

/** The contract of `handshake --json`; bytes are base64. */
function handshakeJson(channel: ChannelState, trace: Trace): object {
  return {
    channel,
    outcome: trace.outcome,
    story: explain(trace),
    messages: trace.messages.map(messageJson),
    client: sideJson(trace.client),
    server: sideJson(trace.server),
  };
}

function messageJson(message: TraceMessage): object {
  return { ...plainMessage(message), bytes: base64(message.bytes) };
}

function sideJson(side: SideReport | null): object {
  if (side === null) return { findings: [] };
  return { ...side, presented: side.presented.map(base64), trusted: side.trusted.map(base64) };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
