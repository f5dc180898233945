/** `handshake CLIENT SERVER`: one fresh handshake, told from both sides. */
import type { SideReport, Trace, TraceMessage } from '../../components/tls/trace.ts';
import { callLab } from '../api.ts';
import type { ChannelState } from '../channel.ts';
import { readDirectory } from '../directory.ts';
import { explain } from '../explain.ts';
import { namesOf } from '../names.ts';
import { traceFromJson } from '../trace-json.ts';
import { verdict } from './channels.ts';
import type { Invocation } from './command.ts';
import { table } from './render.ts';
import type { Terminal } from './terminal.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { json, terminal, positionals } = invocation;
  const answer = (await callLab(invocation, 'POST /handshake', { names: positionals })) as {
    channel: ChannelState;
    trace: unknown;
  };
  const trace = traceFromJson(answer.trace);
  if (json) terminal.print(JSON.stringify(handshakeJson(answer.channel, trace)));
  else for (const block of blocks(answer.channel, trace, terminal)) terminal.print(block);
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
  return { ...message, bytes: base64(message.bytes) };
}

function sideJson(side: SideReport | null): object {
  if (side === null) return { findings: [] };
  return { ...side, presented: side.presented.map(base64) };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function blocks(channel: ChannelState, trace: Trace, terminal: Terminal): string[] {
  const story = explain(trace);
  return [
    `${channel.client} → ${channel.server}   ${verdict(channel, terminal)}`,
    `  ${story.headline}`,
    ...(story.realCluster === null ? [] : [`Real cluster differs  ${story.realCluster}`]),
    ...story.sentences.map((sentence) => `  ${sentence}`),
    ...checked(channel.server, channel.client, trace.server, terminal),
    ...checked(channel.client, channel.server, trace.client, terminal),
    ...story.mend.map(({ where, text }) => `Mend (${where})  ${text}`),
    ...story.logs.map(
      ({ component, text, level }) => `Log of ${component ?? 'the other end'} (${level})  ${text}`,
    ),
  ];
}

/** What one side checked about the other, one line per check. */
function checked(who: string, whom: string, side: SideReport | null, terminal: Terminal): string[] {
  if (side === null || side.findings.length === 0) return [];
  const rows = side.findings.map(({ passed, what }) => [
    passed ? terminal.paint('teal', '✓') : terminal.paint('vermilion', '✗'),
    what,
  ]);
  return [`${who} checked ${whom}:`, table(rows, 2)];
}
