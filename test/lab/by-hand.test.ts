/** The README's session "The same by hand": exactly its commands, in bash, against a running lab. */
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startProgram } from '../support/cli.ts';
import { openTestLab, type TestLab } from '../support/lab.ts';
import { requireTool } from '../support/tools.ts';

vi.setConfig({ testTimeout: 60_000 });

const README = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8');
const BIN = resolve(import.meta.dirname, '../../scripts/mtls-lab.js');
/** Printed after each command, with its exit code. */
const MARK = '\u0001';

let lab: TestLab;
beforeAll(async () => {
  lab = await openTestLab();
}, 60_000);
afterAll(() => lab?.close());

/** The commands of the section's code blocks, a continued line as one. */
function commandsOf(section: string): string[] {
  const text = new RegExp(`^### ${section}\\n([\\s\\S]*?)(?=^##)`, 'm').exec(README)?.[1] ?? '';
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  return blocks.join('').replaceAll('\\\n', '').trim().split('\n');
}

test('breaks the scheduler, shows it refused, mends it, and is green again without a restart', async (context) => {
  requireTool(context, 'openssl');
  const bash = requireTool(context, 'bash');
  // A student types when `up` has shown every connection green.
  const notGreen = () => lab.lab.cluster.channels().filter(({ layer }) => layer !== 'ok');
  await expect.poll(notGreen, { timeout: 30_000 }).toEqual([]);
  const home = dirname(lab.dir);
  symlinkSync(lab.dir, join(home, 'mtls-lab'));
  const shims = join(home, 'bin');
  mkdirSync(shims);
  writeFileSync(join(shims, 'npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' '${BIN}' "$@"\n`);
  chmodSync(join(shims, 'npx'), 0o755);
  const commands = commandsOf('The same by hand');
  const script = commands.map((command) => `${command}\nprintf '${MARK}%s${MARK}' $?\n`).join('');
  const env = { PATH: [shims, process.env['PATH'] ?? ''].join(delimiter) };
  const { stdout, stderr } = await startProgram(['-c', script], { program: bash, cwd: home, env }).ended;

  const parts = stdout.split(MARK);
  const results = commands.map((command, at) => ({
    command,
    output: parts[2 * at] ?? '',
    code: Number(parts[2 * at + 1]),
  }));
  const which = (text: string) => results.filter(({ command }) => command.includes(text));
  expect(results.filter(({ code }) => code !== 0).map(({ command }) => command)).toEqual([
    'npx mtls-lab handshake scheduler apiserver    # refused: alert 45, certificate_expired',
  ]);
  expect(which('distribute').map(({ output }) => output)).toEqual(
    Array(2).fill(expect.stringMatching(/^cp \S+\/pki\/scheduler\.crt \S+\n$/)),
  );
  const [refused, accepted] = which('handshake');
  expect(refused?.output).toContain('REFUSED IN TLS by kube-apiserver');
  expect(refused?.output).toContain('Alert 45 certificate_expired');
  expect(accepted?.command).toContain('# accepted by both');
  expect(accepted?.output).toContain('verified each other and are connected');
  const [status] = which('status');
  expect(status?.output).toContain('7 of 7 connections accepted from both sides');
  expect(status?.output).not.toContain('Different from what it should be');
  expect(stderr).not.toMatch(/error/i);
  expect(lab.state('kube-scheduler')).toMatchObject({ phase: 'running', restarts: 0, problem: null });
});
