/**
 * `capture -o F.pcapng`: the handshakes that the lab remembers, as a file for Wireshark with the secrets inside;
 * `--keylog F` writes the secrets alone, for a capture made with other tools.
 */
import { resolve } from 'node:path';
import { LabError } from '../../certs/errors.ts';
import { writeAtomic } from '../../certs/files.ts';
import type { Trace } from '../../components/tls/trace.ts';
import { callLab } from '../api.ts';
import { keylogText } from '../capture/keylog.ts';
import { writePcapng } from '../capture/pcapng.ts';
import { explain } from '../explain.ts';
import { traceFromJson } from '../trace-json.ts';
import { numberOption } from './choices.ts';
import { type Invocation, textOption } from './command.ts';

/** Whoever holds the file can read the connections in it. */
const MODE = 0o600;

export async function run(invocation: Invocation): Promise<number> {
  const { json, terminal } = invocation;
  const out = textOption(invocation, 'out');
  const keylog = textOption(invocation, 'keylog');
  if (out === undefined && keylog === undefined) {
    throw new LabError('USAGE', {
      what: 'capture needs -o FILE or --keylog FILE',
      fix: 'npx mtls-lab capture -o lab.pcapng',
    });
  }
  const seconds = numberOption(invocation, 'seconds', 0, 3600) ?? 0;
  await new Promise((done) => setTimeout(done, seconds * 1000));
  const traces = ((await callLab(invocation, 'GET /traces')) as unknown[])
    .map(traceFromJson)
    .filter(hasBytes);
  const file = out === undefined ? null : resolve(out);
  const keys = keylog === undefined ? null : resolve(keylog);
  if (file !== null)
    writeAtomic(file, writePcapng(traces, { comment: (trace) => explain(trace).headline }), MODE);
  if (keys !== null) writeAtomic(keys, keylogText(traces), MODE);
  if (json) {
    terminal.print(JSON.stringify({ ok: true, file, keylog: keys, connections: traces.length }));
    return 0;
  }
  if (file !== null) {
    terminal.print(`${file}: ${traces.length} connections, with the secrets that open them.`);
    terminal.print('Open it with Wireshark, or: tshark -r FILE -Y tls');
  }
  if (keys !== null)
    terminal.print(`${keys}: the secrets of ${traces.length} connections, as SSLKEYLOGFILE.`);
  return 0;
}

function hasBytes({ wire }: Trace): boolean {
  return wire.length > 0;
}
