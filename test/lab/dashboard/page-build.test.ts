/** The page as `npm start` serves it from a checkout: script and style are there, built from what lies in the tree. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startLabProcess, temporaryFolder } from '../../support/cli.ts';

test('the program that runs from a checkout serves script and style', async () => {
  const folder = temporaryFolder('page');
  const dir = join(folder.path, 'lab');
  const args = ['up', '--dir', dir, '--port-base', '0', '--key', 'ecdsa-p256', '--no-open'];
  const session = startLabProcess(args);
  try {
    const printed = await session.saw(/Dashboard +http\S+/);
    const url = /http:\S+token=\S+/.exec(printed)?.[0] ?? '';
    const first = await fetch(url, { redirect: 'manual' });
    const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
    const load = (path: string): Promise<string> =>
      fetch(new URL(path, url), { headers: { cookie } }).then((response) => response.text());
    expect(await load('/')).toContain('/main.js');
    expect(await load('/main.js')).toContain('What the lines mean');
    expect(await load('/page.css')).toContain('.presenting');
  } finally {
    session.kill('SIGINT');
    await session.ended;
    folder.remove();
  }
});
