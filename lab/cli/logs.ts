/** `logs`: a component's log file, and what is added to it. Works whether or not a lab runs. */
import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { readDirectory } from '../directory.ts';
import { logPath, readLog } from '../log-files.ts';
import { namesOf, resolveComponent } from '../names.ts';
import { numberOption } from './choices.ts';
import { type Invocation, switchOption } from './command.ts';
import { watchSignals } from './signals.ts';

const LOOK_MS = 200;

export async function run(invocation: Invocation): Promise<number> {
  const { dir, json, terminal, positionals } = invocation;
  const names = namesOf(readDirectory(dir));
  const id = resolveComponent(positionals[0] ?? '', names);
  const host = names.instances.find((instance) => instance.id === id)?.host ?? '';
  const path = logPath(dir, id, host);
  const lines = readLog(path, numberOption(invocation, 'tail', 0, 1_000_000));
  if (json) terminal.print(JSON.stringify({ component: id, path, lines }));
  else if (lines.length > 0) terminal.print(lines.join('\n'));
  else terminal.complain(`${id} has not logged anything yet (${path})`);
  if (switchOption(invocation, 'follow') && !json) {
    await follow(path, (text) => terminal.write(text), watchSignals(invocation.interrupt).stopped);
  }
  return 0;
}

export async function complete(dir: string): Promise<readonly string[]> {
  return namesOf(readDirectory(dir)).instances.map(({ id }) => id);
}

/** Print what is appended, until Ctrl-C; a log that was rotated is begun anew. */
async function follow(path: string, print: (text: string) => void, stopped: Promise<void>): Promise<void> {
  let offset = sizeOf(path);
  let reading = false;
  const look = async (): Promise<void> => {
    const size = sizeOf(path);
    if (size < offset) offset = 0;
    if (size === offset) return;
    const file = await open(path, 'r');
    try {
      const buffer = Buffer.alloc(size - offset);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      offset += bytesRead;
      print(buffer.toString('utf8', 0, bytesRead));
    } finally {
      await file.close();
    }
  };
  const timer = setInterval(() => {
    if (reading) return;
    reading = true;
    look()
      .catch(() => undefined)
      .finally(() => {
        reading = false;
      });
  }, LOOK_MS);
  await stopped;
  clearInterval(timer);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
