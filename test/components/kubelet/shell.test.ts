import { expect, test } from 'vitest';
import { byteQueue } from '../../../components/kubelet/byte-queue.ts';
import { startContainer } from '../../../components/kubelet/containers.ts';
import type { LocalPod } from '../../../components/kubelet/pods.ts';
import { runCommand } from '../../../components/kubelet/shell.ts';
import { readTar, writeTar } from '../../../components/kubelet/tar.ts';

function place(): { pod: LocalPod; container: ReturnType<typeof startContainer> } {
  const spec = { name: 'web', image: 'nginx:1.27', env: [{ name: 'COLOUR', value: 'teal' }] };
  const container = startContainer(spec, 'uid-1', 0, 0);
  const pod: LocalPod = {
    pod: { metadata: { name: 'web-1', namespace: 'default' }, spec: { containers: [spec] } },
    uid: 'uid-1',
    ip: '10.244.1.2',
    startedAtMs: 0,
    containers: new Map([['web', container]]),
    phase: 'started',
    waiting: null,
  };
  return { pod, container };
}

async function execute(
  words: readonly string[],
  at = place(),
  stdin?: Uint8Array,
  signal = new AbortController().signal,
) {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const input = byteQueue();
  if (stdin) input.push(stdin);
  input.end();
  const code = await runCommand(words, {
    ...at,
    node: 'worker-1',
    now: () => new Date('2026-11-24T10:03:07Z'),
    stdout: (data) => out.push(Buffer.from(data)),
    stderr: (data) => err.push(Buffer.from(data)),
    stdin: input,
    signal,
    terminal: null,
    maxSleepMs: 50,
  });
  return {
    code,
    out: Buffer.concat(out).toString(),
    err: Buffer.concat(err).toString(),
    bytes: Buffer.concat(out),
  };
}

test.for([
  { script: 'echo one two', out: 'one two\n' },
  { script: 'echo \'a  b\' "c $COLOUR"', out: 'a  b c teal\n' },
  { script: 'X=5; echo $X "$X"6 $?', out: '5 56 0\n' },
  { script: 'if [ -f /etc/hosts ]; then echo yes; else echo no; fi', out: 'yes\n' },
  { script: 'if false; then echo a; elif true; then echo b; fi', out: 'b\n' },
  { script: 'false || echo saved && echo on', out: 'saved\non\n' },
  { script: 'false && echo never; echo after', out: 'after\n' },
  { script: 'echo b > /tmp/f; echo c >> /tmp/f; cat /tmp/f | wc -l', out: '2\n' },
  { script: 'for i in 1 2 3; do echo n$i; done | grep 2', out: 'n2\n' },
  { script: 'i=0; while [ $i -lt 1 ]; do echo loop; i=1; done', out: 'loop\n' },
  { script: 'echo $(hostname)-$(echo x)', out: 'web-1-x\n' },
  { script: 'date', out: 'Tue Nov 24 10:03:07 UTC 2026\n' },
  { script: 'cat /etc/hostname; id -u; pwd', out: 'web-1\n0\n/\n' },
  { script: 'ls /usr/share/nginx/html', out: 'index.html\n' },
  { script: 'cd /etc && pwd', out: '/etc\n' },
  { script: 'nope 2>/dev/null || echo missing', out: 'missing\n' },
])('runs $script', async ({ script, out }) => {
  expect(await execute(['sh', '-c', script])).toMatchObject({ code: 0, out, err: '' });
});

test.for([
  { words: ['sh', '-c', 'exit 3'], code: 3, err: '' },
  { words: ['nope'], code: 127, err: 'sh: nope: not found\n' },
  { words: ['cat', '/nope'], code: 1, err: "cat: can't open '/nope': No such file or directory\n" },
  {
    words: ['sh', '-c', 'if true; then echo x'],
    code: 2,
    err: 'sh: syntax error: unexpected end of file (expecting "fi")\n',
  },
  { words: ['sh', '-c', 'echo "open'], code: 2, err: 'sh: syntax error: unterminated quoted string\n' },
  { words: ['sh', '-c', 'done'], code: 2, err: 'sh: syntax error: unexpected "done"\n' },
])('ends $words with $code', async ({ words, code, err }) => {
  expect(await execute(words)).toMatchObject({ code, err });
});

test('passes bytes from the standard input through unchanged', async () => {
  const bytes = Buffer.from([0, 255, 13, 10, 128]);
  expect((await execute(['cat'], place(), bytes)).bytes).toEqual(bytes);
});

test('reads no file of this computer', async () => {
  expect(await execute(['cat', '/etc/shadow'])).toMatchObject({ code: 1, out: '' });
  expect((await execute(['cat', '/etc/passwd'])).out).toBe('root:x:0:0:root:/root:/bin/sh\n');
});

test('ends a command that is interrupted', async () => {
  const stop = new AbortController();
  const running = execute(['sh', '-c', 'while true; do sleep 1; done'], place(), undefined, stop.signal);
  stop.abort();
  expect((await running).code).toBe(130);
});

test('bounds what a container can write', async () => {
  const { code, err } = await execute([
    'sh',
    '-c',
    'seq 10000 > /tmp/a; while true; do cat /tmp/a >> /tmp/b; done',
  ]);
  expect(code).toBe(2);
  expect(err).toContain('No space left on device');
});

test('copies files in and out with tar', async () => {
  const at = place();
  const archive = writeTar([{ name: 'note.txt', bytes: Buffer.from('hello') }]);
  expect((await execute(['tar', 'xmf', '-', '-C', '/tmp'], at, archive)).code).toBe(0);
  const back = await execute(['tar', 'cf', '-', '/tmp/note.txt'], at);
  expect(readTar(back.bytes)).toEqual([{ name: 'tmp/note.txt', bytes: Buffer.from('hello') }]);
});
