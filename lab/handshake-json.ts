/** One handshake as JSON for people and scripts: `handshake --json`, and what the page offers for download. */
import { plainMessage } from '../components/tls/decode-message.ts';
import type { SideReport, Trace, TraceMessage } from '../components/tls/trace.ts';
import type { ChannelState } from './channel.ts';
import { explain } from './explain.ts';

/** The contract of `handshake --json`; fields may be added. Bytes are base64. */
export function handshakeJson(channel: ChannelState, trace: Trace): object {
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
