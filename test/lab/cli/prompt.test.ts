import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commands } from '../../../lab/cli/commands.ts';
import { completions, splitLine } from '../../../lab/cli/prompt.ts';
import { initDirectory } from '../../../lab/init.ts';
import { temporaryFolder } from '../../support/cli.ts';

const folder = temporaryFolder('prompt');
const dir = join(folder.path, 'lab');
beforeAll(() => initDirectory(dir, { key: 'ecdsa-p256', portBase: 0 }));
afterAll(folder.remove);

test.for([
  { line: 'status', words: ['status'] },
  { line: '  logs   etcd  ', words: ['logs', 'etcd'] },
  { line: 'explain "unknown certificate authority"', words: ['explain', 'unknown certificate authority'] },
  { line: "kubectl get pods -l 'app in (web)'", words: ['kubectl', 'get', 'pods', '-l', 'app in (web)'] },
  { line: '', words: [] },
])('splits $line as a shell does', ({ line, words }) => {
  expect(splitLine(line)).toEqual(words);
});

test.for([
  { line: 'stat', wanted: ['status'] },
  { line: 'restart kube-s', wanted: ['kube-scheduler'] },
  { line: 'inspect kubelet', wanted: ['kubelet@worker-1', 'kubelet-client@worker-1'] },
  { line: 'logs etcd --fo', wanted: ['--follow'] },
  { line: 'nothing x', wanted: [] },
])('completes "$line"', async ({ line, wanted }) => {
  expect((await completions(line, dir, commands))[0]).toEqual(wanted);
});
