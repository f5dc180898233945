/** `kubectl …`: the mock kubectl on the laptop, with the laptop's kubeconfig. */
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { openHost } from '../../components/host.ts';
import { runKubectl } from '../../components/kubectl/run.ts';
import { readDirectory, settingsOf } from '../directory.ts';
import type { Invocation } from './command.ts';
import { watchSignals } from './signals.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { dir, positionals, terminal, prompt } = invocation;
  const directory = readDirectory(dir);
  const ended = new AbortController();
  const signals = watchSignals(invocation.interrupt);
  void signals.stopped.then(() => ended.abort());
  try {
    return await runKubectl(positionals, {
      host: openHost(join(dir, 'hosts', 'laptop')),
      settings: settingsOf(directory, 'kubectl'),
      stdout: sink((text) => terminal.write(text)),
      stderr: sink((text) => terminal.complain(text.replace(/\n$/, ''))),
      // The prompt reads the terminal itself.
      stdin: prompt ? null : process.stdin,
      signal: ended.signal,
    });
  } finally {
    signals.release();
  }
}

function sink(print: (text: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write: (chunk: string | Uint8Array, _encoding, done) => {
      print(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
      done();
    },
  });
}
