import { expect, test } from 'vitest';
import type { CommandSpec } from '../../../lab/cli/command.ts';
import { commands } from '../../../lab/cli/commands.ts';
import { callCli, runLab } from '../../support/cli.ts';

const own = Object.entries<CommandSpec>(commands).filter(([, spec]) => spec.passThrough !== true);

test.for(own.map(([name]) => name))('%s explains itself with --help', async (name) => {
  const { code, stdout } = await callCli([name, '--help']);
  expect(code).toBe(0);
  expect(stdout).toContain(`Usage: npx mtls-lab ${name}`);
  expect(stdout).toContain('--json');
});

test('lists every command', async () => {
  const { code, stdout } = await callCli([]);
  expect(code).toBe(0);
  for (const name of Object.keys(commands)) expect(stdout).toMatch(new RegExp(`^  ${name}  `, 'm'));
});

test.for([
  { name: 'an unknown command', args: ['stats'], fix: 'did you mean "status"?' },
  { name: 'an unknown option', args: ['status', '--jso'], fix: 'did you mean --json?' },
  { name: 'an option without its value', args: ['status', '--dir'], fix: 'npx mtls-lab status --help' },
  { name: 'an argument too many', args: ['env', 'x'], fix: 'npx mtls-lab env' },
  { name: 'an argument missing', args: ['logs'], fix: 'npx mtls-lab logs COMPONENT [-f]' },
  { name: 'a choice that is none', args: ['init', '--key', 'dsa'], fix: '--key rsa-2048' },
  { name: 'a number that is none', args: ['init', '--workers', 'many'], fix: '--workers 1' },
])('refuses $name with exit code 2 and a way out', async ({ args, fix }) => {
  const { code, stdout, stderr } = await callCli(args);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain('✗ USAGE');
  expect(stderr).toContain(fix);
  expect(stderr).not.toMatch(/\n\s+at /);
});

test('gives an error as JSON where JSON was asked for', async () => {
  const { code, stdout, stderr } = await callCli(['env', '--dir', '/nonexistent/lab', '--json']);
  expect(code).toBe(1);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    error: {
      code: 'DIR_INVALID',
      what: expect.stringContaining('/nonexistent/lab'),
      fix: expect.stringMatching(/./),
    },
  });
});

test('says that Node.js is too old before anything is loaded', async () => {
  const old = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'18.20.4'}})`;
  const { code, stderr } = await runLab(['up'], { nodeArgs: ['--import', old] });
  expect(code).toBe(1);
  expect(stderr).toContain('NODE_TOO_OLD: mtls-lab needs Node.js 20.19 or newer; this is 18.20.4.');
  expect(stderr.trim().split('\n')).toHaveLength(2);
});

test('prints no colour into a pipe', async () => {
  const { stderr } = await runLab(['nothing'], { env: { FORCE_COLOR: '1' } });
  expect(stderr).toContain('USAGE');
  expect(stderr).not.toContain('\x1b[');
});
