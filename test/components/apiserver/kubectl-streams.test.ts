/** Logs, exec, copy and port-forward of the real kubectl: WebSocket from 1.30 on, SPDY before. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { kubectlFor } from '../../support/kubectl.ts';
import { describeKubectl } from '../../support/kubectl-list.ts';
import { requireTool } from '../../support/tools.ts';
import { eventually, openWholeCluster, type WholeCluster } from '../../support/whole-cluster.ts';

let cluster: WholeCluster;
const folder = mkdtempSync(join(tmpdir(), 'mtls-lab-streams-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeKubectl({
  async open(settings) {
    cluster = await openWholeCluster({ settings, roundMs: 1_500 });
    await cluster.admin.request('POST', '/api/v1/namespaces/default/pods', {
      metadata: { name: 'one' },
      spec: {
        containers: [
          { name: 'web', image: 'nginx:1.27', ports: [{ containerPort: 80 }], stdin: true, tty: true },
        ],
      },
    });
    await eventually('the pod runs', async () => {
      const pod = (await cluster.admin.request('GET', '/api/v1/namespaces/default/pods/one')) as {
        status?: { phase?: string };
      };
      return pod.status?.phase === 'Running';
    });
    return cluster;
  },
  tests(release) {
    test('logs shows all lines, or the last', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      const all = (await kubectl(['logs', 'one'])).stdout.trim().split('\n');
      expect(all.length).toBeGreaterThan(1);
      expect((await kubectl(['logs', 'one', '--tail=1'])).stdout.trim().split('\n')).toHaveLength(1);
    });

    test('logs -f stays until it is stopped', async (context) => {
      const follow = kubectlFor(context, cluster.dir, release).start(['logs', '-f', 'one']);
      await eventually('lines come', () => follow.output().includes('\n'));
      await follow.stop();
    });

    test('logs names the containers there are', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      expect((await kubectl(['logs', 'one', '-c', 'nope'])).stderr).toMatch(
        /container nope is not valid for pod one/,
      );
    });

    test('exec prints, passes standard input on, and ends with the exit code', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      expect(await kubectl(['exec', 'one', '--', 'echo', 'hello'])).toMatchObject({
        code: 0,
        stdout: 'hello\n',
      });
      expect(await kubectl(['exec', '-i', 'one', '--', 'cat'], 'line\n')).toMatchObject({
        code: 0,
        stdout: 'line\n',
      });
      const failed = await kubectl(['exec', 'one', '--', 'sh', '-c', 'exit 3']);
      expect(failed.code).toBe(3);
      expect(failed.stderr).toContain('command terminated with exit code 3');
    });

    test('exec -it is a shell on a terminal: it echoes, follows the window, and ends with the exit code', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      const python = requireTool(context, 'python3');
      const shell = kubectl.startOnTerminal(python, ['exec', '-it', 'one', '--', 'sh'], {
        rows: 24,
        columns: 80,
      });
      try {
        await eventually('the prompt', () => shell.output().endsWith('/ # '));
        shell.type('echo typed\r');
        await eventually('an echo and an answer', () =>
          shell.output().endsWith('/ # echo typed\r\ntyped\r\n/ # '),
        );
        const sizeIs = (size: string) =>
          eventually(`the size is ${size}`, async () => {
            const before = shell.output().length;
            shell.type('stty size\r');
            await eventually('an answer', () => shell.output().slice(before).endsWith('/ # '));
            return shell.output().slice(before).includes(`\n${size}\r\n`);
          });
        await sizeIs('24 80');
        shell.resize(40, 132);
        await sizeIs('40 132');
        shell.type('sleep 100\r');
        shell.type('\u0003');
        await eventually('Ctrl-C ends the command', () => shell.output().endsWith('^C\r\n/ # '));
        shell.type('exit 7\r');
        expect(await shell.ended).toBe(7);
        expect(shell.output()).toMatch(/command terminated with exit code 7\r\n$/);
      } finally {
        await shell.stop();
      }
    });

    test('exec -it of one command: on a terminal of the size of ours, with its line ends', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      const command = ['exec', '-it', 'one', '--', 'sh', '-c', 'tty; stty size; exit 4'];
      const size = { rows: 30, columns: 100 };
      const running = kubectl.startOnTerminal(requireTool(context, 'python3'), command, size);
      expect(await running.ended).toBe(4);
      expect(running.output()).toMatch(
        /^\/dev\/pts\/0\r\n30 100\r\ncommand terminated with exit code 4\r\n$/,
      );
    });

    test.for([
      ['head -n 1', 'one\ntwo\n', 'one\n', 0],
      ['cat >/dev/null; exit 5', 'gone\n', '', 5],
      ['tty', '', 'not a tty\n', 1],
    ] as const)('exec -i: %s', async ([script, input, output, code], context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      const result = await kubectl(['exec', '-i', 'one', '--', 'sh', '-c', script], input);
      expect(result).toMatchObject({ code, stdout: output });
    });

    test('cp brings a file out, and another one in', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      const target = join(folder, `hostname-${release}`);
      expect(await kubectl(['cp', 'one:/etc/hostname', target])).toMatchObject({ code: 0 });
      expect(readFileSync(target, 'utf8')).toBe('one\n');
      const source = join(folder, `page-${release}`);
      writeFileSync(source, `<p>${release}\n`);
      expect(await kubectl(['cp', source, 'one:/usr/share/nginx/html/page.html'])).toMatchObject({ code: 0 });
      const page = await kubectl(['exec', 'one', '--', 'cat', '/usr/share/nginx/html/page.html']);
      expect(page.stdout).toBe(`<p>${release}\n`);
    });

    test('port-forward carries an HTTP request', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      const forward = kubectl.start(['port-forward', 'pod/one', ':80']);
      const port = await eventually(
        'it listens',
        () => /127\.0\.0\.1:(\d+) -> 80/.exec(forward.output())?.[1],
      );
      const answer = await new Promise<string>((resolve, reject) => {
        let text = '';
        const socket = connect(Number(port), '127.0.0.1', () => {
          socket.write('GET / HTTP/1.1\r\nHost: one\r\nConnection: close\r\n\r\n');
        });
        socket.on('data', (chunk) => {
          text += chunk.toString();
        });
        socket.once('error', reject);
        socket.once('close', () => resolve(text));
      });
      expect(answer).toMatch(/^HTTP\/1\.1 200/);
      await forward.stop();
    });
  },
});
