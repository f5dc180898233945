/** The tour on a running lab, with somebody at the keyboard; its last step switches the mode of the running lab. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { execute } from '../../lab/cli/main.ts';
import { TOUR, TOUR_CHANNEL, type TourFacts } from '../../lab/tour.ts';
import { callCli } from '../support/cli.ts';
import { openTestLab, type TestLab } from '../support/lab.ts';
import { requireTool } from '../support/tools.ts';
import { eventually } from '../support/whole-cluster.ts';

vi.setConfig({ testTimeout: 90_000 });

let lab: TestLab;
beforeAll(async () => {
  lab = await openTestLab();
}, 60_000);
afterAll(() => lab?.close());

const cli = (...words: string[]) => callCli([...words, '--dir', lab.dir]);

type Answer = string | ((out: string) => string);

/** `tour` with one answer after the other; a function is given what was printed so far. */
async function walk(...answers: Answer[]): Promise<string> {
  let out = '';
  const print = (text: string): void => {
    out += `${text}\n`;
  };
  const code = await execute(
    ['tour', '--dir', lab.dir],
    {
      isTty: true,
      columns: 100,
      print,
      write: print,
      complain: print,
      paint: (_, text) => text,
      ask: async (question) => {
        const next = answers.shift();
        const answer = typeof next === 'function' ? next(out) : next;
        if (answer === undefined) throw new Error(`nobody answers "${question}" after:\n${out}`);
        out += `${question}${answer}\n`;
        return answer;
      },
    },
    { prompt: false, dir: lab.dir },
  );
  expect(answers).toEqual([]);
  expect(code).toBe(0);
  return out;
}

test('leads through six steps, looks whether each was done, and goes on where it was left', async (context) => {
  const bash = requireTool(context, 'bash');
  requireTool(context, 'openssl');
  await eventually('all is green', async () => (await cli('status', '--json')).code === 0);
  expect(await walk('q')).toContain('The tour goes on here');

  const reading = await walk('', '', 'tour', 'kubernetes', 'CN=system:kube-scheduler', 'q');
  expect(reading).toContain('Tour 1 of 6: Look at green');
  expect(reading).toContain('✓ 7 of 7');
  expect(reading.match(/Tour 2 of 6/g)).toHaveLength(2);
  expect(reading).toContain('it stands in the Subject, after CN=');
  expect(reading).toContain('✓ system:kube-scheduler: the user name is the CN');

  // A guess is asked by `break` itself.
  const breaking = await walk('', 'c', 'handshake scheduler apiserver', 'kube-apiserver', 'scheduler', 'q');
  expect(breaking).toMatch(/^\nTour 3 of 6: Predict and break/);
  expect(breaking).toContain('✓ kube-scheduler is refused');
  expect(breaking).toContain('believes CONNECTED');
  expect(breaking).toContain('look for "believes CONNECTED"');
  expect(breaking).toContain('✓ kube-scheduler: in TLS 1.3 a client is done before');

  const sign = (out: string): string => {
    const lines = out.split('\n').filter((line) => line.startsWith('   openssl '));
    expect(lines).toHaveLength(3);
    execFileSync(bash, ['-ec', lines.join('\n')], { stdio: 'pipe' });
    return '';
  };
  const mending = await walk('certs distribute', sign, '', '', '');
  expect(mending).toContain('… the certificate in pki/ is the old one');
  expect(mending).toContain('✓ accepted again, and nothing was restarted');
  expect(mending).toContain('ANSWERED 401');
  expect(mending).toContain('✓ the same certificate, no alert: HTTP 401');
  expect(mending).toContain('Mode: strict');
  await eventually('all is green again', async () => (await cli('status', '--json')).code === 0);
  expect(lab.state('kube-scheduler').restarts).toBe(0);
});

/** A report with one connection, as far as steps read it. */
function facts(state: object, more: { clientAuth?: string; isSignedAnew?: boolean } = {}): TourFacts {
  const { clientAuth = 'require', isSignedAnew = false } = more;
  const channel = { id: TOUR_CHANNEL, client: 'kube-scheduler', server: 'kube-apiserver', ...state };
  const report = { channels: [channel], clientAuth, consequences: [] };
  return { report, isSignedAnew } as unknown as TourFacts;
}

const OK = { layer: 'ok', by: null, clientIdentity: { cn: 'system:kube-scheduler', o: [] } };
const IN_TLS = { layer: 'tls', by: 'server', protocol: 'TLSv1.3' };
test.for([
  ['green', '1 of 1', true, '', facts(OK)],
  ['green', 'mend it first: fix', false, '', facts(IN_TLS)],
  ['green', 'up --client-auth require', false, '', facts(OK, { clientAuth: 'request' })],
  ['read', 'the user name is the CN', true, ' cn=SYSTEM:kube-scheduler ', facts(OK)],
  ['read', 'after CN=', false, 'scheduler', facts(OK)],
  ['break', 'accepts the scheduler still', false, '', facts(OK)],
  ['break', 'accepts the scheduler still', false, '', facts({ layer: 'tls', by: 'client' })],
  ['break', 'is refused', true, '', facts({ layer: '401', by: 'server' })],
  ['who', 'nobody refuses the scheduler', false, 'scheduler', facts(OK)],
  ['who', 'in TLS 1.2', true, 'nobody', facts({ ...IN_TLS, protocol: 'TLSv1.2' })],
  ['mend', 'is the old one', false, '', facts(OK)],
  ['mend', 'refuses the scheduler still', false, '', facts(IN_TLS, { isSignedAnew: true })],
  ['mend', 'accepted again', true, '', facts(OK, { isSignedAnew: true })],
  ['modes', 'still strict', false, '', facts(IN_TLS)],
  ['modes', 'does not answer 401 yet', false, '', facts(OK, { clientAuth: 'request' })],
  ['modes', 'HTTP 401', true, '', facts({ layer: '401', by: 'server' }, { clientAuth: 'request' })],
] as const)('step %s says: %s', ([id, says, done, answer, given]) => {
  const look = TOUR.find((step) => step.id === id)?.look(given, answer);
  expect(look).toMatchObject({ done, says: expect.stringContaining(says) as unknown });
});

test('prints its steps where nobody sits, and gives them to programs', async () => {
  const { stdout } = await cli('tour');
  for (const { title, sentence } of TOUR) expect(stdout).toContain(`${title}\n     ${sentence}\n`);
  const { done, steps } = JSON.parse((await cli('tour', '--json')).stdout);
  expect(done).toBe(0);
  expect(steps.map(({ id }: { id: string }) => id)).toEqual([
    'green',
    'read',
    'break',
    'who',
    'mend',
    'modes',
  ]);
});

test('up --client-auth changes a running lab only where nothing else is asked for', async () => {
  expect(await cli('up', '--client-auth', 'request', '--workers', '2')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('LAB_RUNNING') as unknown,
  });
});
