/** `break` with somebody at the keyboard, the menu, chance, and what is hidden; `fix` and the lines that do the same. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { execute } from '../../../lab/cli/main.ts';
import { readDirectory } from '../../../lab/directory.ts';
import { findFault } from '../../../lab/faults/catalogue.ts';
import { MENU } from '../../../lab/faults/menu.ts';
import { callCli, temporaryFolder } from '../../support/cli.ts';
import { requireTool } from '../../support/tools.ts';

const folder = temporaryFolder('cli-guess');
const dir = join(folder.path, 'lab');

beforeAll(async () => {
  const made = await callCli(['init', '--dir', dir, '--port-base', '0', '--key', 'ecdsa-p256']);
  expect(made.code).toBe(0);
});
afterEach(() => cli('fix'));
afterAll(folder.remove);

const cli = (...args: string[]) => callCli([...args, '--dir', dir]);
const status = async () => JSON.parse((await cli('status', '--json')).stdout);

/** A command with answers for its questions. */
async function typed(answers: string[], ...args: string[]): Promise<string> {
  let out = '';
  const print = (text: string): void => {
    out += `${text}\n`;
  };
  await execute(
    [...args, '--dir', dir],
    {
      isTty: true,
      columns: 100,
      print,
      write: print,
      complain: print,
      paint: (_, text) => text,
      ask: async (question) => {
        out += question;
        return answers.shift() ?? '';
      },
    },
    { prompt: false },
  );
  return out;
}

test('asks for a guess first, and tells what was replaced and what did not change', async () => {
  const out = await typed([''], 'break', 'expired', 'scheduler');
  expect(out).toMatch(/Guess first: what stops\?\n {2}a\) .+\n {2}b\) .+\n {2}c\) /);
  expect(out).toMatch(/valid until +20\d\d-.* UTC {2}→ {2}20\d\d-.* UTC/);
  expect(out).toContain('same Subject, names, purpose, CA');
  expect(out).toContain('kube-scheduler → kube-apiserver   refused in TLS by the server, alert 45');
  expect(out).toContain('stock cluster: no alert. The handshake succeeds, then HTTP 401');
  expect(out).toContain('npx mtls-lab fix scheduler');
});

test('the menu has six breaks that can be made, and carries out the chosen one', async () => {
  const directory = readDirectory(dir);
  expect(MENU).toHaveLength(6);
  for (const { fault, target } of MENU) expect(findFault(fault).targets(directory)).toContain(target);
  const out = await typed(['2', ''], 'break');
  for (const { says } of MENU) expect(out).toContain(says);
  expect(out).toContain('scheduler: the certificate ended yesterday');
  expect(await typed([''], 'break')).not.toContain('Guess first');
});

test('the same seed picks the same fault; hidden, the answers are covered until reveal', async () => {
  const first = JSON.parse((await cli('break', '--random', '--seed', 'a', '--json')).stdout);
  await cli('fix');
  const again = JSON.parse((await cli('break', '--random', '--seed', 'a', '--json')).stdout);
  expect([again.fault, again.target]).toEqual([first.fault, first.target]);
  await cli('fix');
  const { stdout } = await cli('break', '--random', '--seed', 'a', '--hide');
  expect(stdout).not.toContain(first.fault);
  expect(await status()).toMatchObject({ deviations: [], hidden: { solved: null } });
  expect((await cli('certs')).stdout).toContain('covered');
  expect((await cli('break', 'expired', 'admin')).stderr).toContain('hidden break stands');
  const revealed = (await cli('reveal')).stdout;
  expect(revealed).toContain(`${first.fault} on ${first.target}`);
  expect(await status()).toMatchObject({ hidden: null });
});

test('a hidden break that was mended tells how long it took, once', async () => {
  await cli('break', 'expired', 'scheduler', '--hide');
  await cli('fix', 'scheduler');
  const { hidden } = await status();
  expect(hidden.solved).toMatch(/^solved in \d+:\d\d; it was expired on scheduler$/);
  expect((await status()).hidden).toBeNull();
});

test.for(['scheduler', 'apiserver', 'kubelet@worker-1'])(
  'the lines that fix prints for %s do the same when pasted',
  async (target, context) => {
    requireTool(context, 'openssl');
    await cli('break', 'unknown-ca', target);
    const { stdout } = await cli('fix', target);
    const lines = stdout.split('\n').filter((line) => /^ {4}(openssl|install) /.test(line));
    expect(lines).toHaveLength(5);
    await cli('break', 'unknown-ca', target);
    expect((await status()).deviations).not.toEqual([]);
    execFileSync('bash', ['-euc', lines.join('\n')], { cwd: process.cwd(), stdio: 'pipe' });
    expect((await status()).deviations).toEqual([]);
    expect(readFileSync(join(dir, 'pki', 'ca.crt'), 'utf8')).toContain('BEGIN CERTIFICATE');
  },
);
