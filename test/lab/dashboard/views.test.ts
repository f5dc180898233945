/**
 * The views of the page in a browser against one running lab: break with a guess and mend with openssl in a shell, the
 * mode, the clock, certificates, words, a hidden break, large type, keys alone; axe on each view; what a POST may not do.
 */
import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Deployment } from '../../../components/api/kinds.ts';
import { adminClient } from '../../../lab/consequences.ts';
import { type Dashboard, startDashboard } from '../../../lab/dashboard/server.ts';
import { readHidden } from '../../../lab/faults/hidden.ts';
import { pickFault } from '../../../lab/faults/pick.ts';
import { openTestLab, type TestLab } from '../../support/lab.ts';
import { type OpenPage, openPage, violations } from '../../support/page.ts';
import { findTool, requireTool } from '../../support/tools.ts';

const SCHEDULER = 'kube-scheduler->kube-apiserver';
const chromium = findTool('chromium');
const run = promisify(execFile);
const PATIENCE = { timeout: 60_000 };

let lab: TestLab;
let dashboard: Dashboard;
let open: OpenPage;
let page: Page;

beforeAll(async () => {
  if (chromium === undefined) return;
  lab = await openTestLab({}, { roundMs: 1500 });
  await lab.lab.cluster.settle();
  dashboard = await startDashboard(lab.lab);
  open = await openPage(chromium, dashboard);
  page = open.page;
}, 60_000);

afterAll(async () => {
  await open?.browser.close();
  await dashboard?.close();
  await lab?.close();
}, 30_000);

beforeEach((context) => void requireTool(context, 'chromium'));

async function go(hash: string, ready: string): Promise<void> {
  await page.evaluate((to) => location.assign(to), hash);
  await page.locator(ready).first().waitFor(PATIENCE);
}

const accepted = (count: number): Promise<void> =>
  page.locator('header strong', { hasText: `${count} of 7 accepted` }).waitFor(PATIENCE);

const edge = (state: string, channel: string): Promise<void> =>
  page
    .locator(`.map .edge.${state} .grip[aria-label^="${channel.replace('->', ' dials ')}"]`)
    .waitFor(PATIENCE);

/** Scale deployment web as an admin. */
async function scale(replicas: number): Promise<void> {
  const client = adminClient(lab.lab.cluster);
  const path = '/apis/apps/v1/namespaces/default/deployments/web';
  try {
    const web = await client.request<Deployment>('GET', path);
    await client.request('PUT', path, { ...web, spec: { ...web.spec, replicas } });
  } finally {
    await client.close();
  }
}

test('broken on the page, mended with openssl in a shell, green without a reload', async (context) => {
  requireTool(context, 'openssl');
  await accepted(7);
  await page.evaluate(() => Object.assign(window, { notReloaded: true }));
  await page.getByRole('link', { name: 'Expire the scheduler’s certificate' }).click();
  await page.locator('.guess input').first().check(PATIENCE);
  await page.locator('.outcomes', { hasText: 'refused in TLS by the server, alert 45' }).waitFor(PATIENCE);
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Break it' }).click();
  await edge('tls', SCHEDULER);
  await page.locator('.outcomes', { hasText: 'as predicted' }).waitFor(PATIENCE);
  await page.getByText('It is: new pods').or(page.getByText('right.')).first().waitFor(PATIENCE);
  await scale(3);
  await page.locator('.suffers', { hasText: 'Pending 1' }).waitFor(PATIENCE);
  expect(await violations(page)).toEqual([]);
  await page.getByText('By hand with openssl').click();
  const lines = await page
    .locator('.breaking .command code', { hasText: 'openssl genpkey' })
    .last()
    .textContent();
  await run('bash', ['-ec', lines ?? 'false']);
  await accepted(7);
  await page.locator('.suffers').waitFor({ ...PATIENCE, state: 'detached' });
  expect(await page.evaluate(() => Object.hasOwn(window, 'notReloaded'))).toBe(true);
  await page.locator('footer', { hasText: 'Everything is green.' }).waitFor(PATIENCE);
}, 90_000);

test('the mode decides between an alert and 401, for the same certificate', async () => {
  await go('#/break/wrong-usage/scheduler', '.guess');
  await page.getByRole('button', { name: 'Skip' }).click();
  await page.getByRole('button', { name: 'Break it' }).click();
  await edge('tls', SCHEDULER);
  await page.getByRole('button', { name: 'as Kubernetes does' }).click();
  await edge('s401', SCHEDULER);
  await page.locator('.outcomes', { hasText: 'TLS succeeds, then HTTP 401' }).waitFor(PATIENCE);
  await go('#/', '.list');
  expect(await page.locator('.list li').first().textContent()).toContain('401');
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'strict (lab)' }).click();
  await edge('tls', SCHEDULER);
  await page.getByRole('button', { name: 'Mend everything' }).click();
  await accepted(7);
}, 90_000);

test('the slider moves the clock past the end of every certificate, and back', async () => {
  await go('#/time', '#day');
  expect(await violations(page)).toEqual([]);
  await page.locator('#day').fill('400');
  await accepted(0);
  await page.locator('.time-panel', { hasText: 'certificates are over' }).waitFor(PATIENCE);
  await page.locator('.map .old').first().waitFor(PATIENCE);
  await page.getByRole('button', { name: 'Back to real time' }).click();
  await accepted(7);
  await page.locator('.time-panel label', { hasText: 'worker-1' }).locator('select').selectOption('+400d');
  await edge('tls', 'kubelet@worker-1->kube-apiserver');
  await page.locator('.time-panel label', { hasText: 'worker-1' }).locator('select').selectOption('');
  await accepted(7);
}, 90_000);

test('a certificate has an address, and shows where it lies, what holds it and what it says', async () => {
  await page.goto(`${open.origin}/#/certificates/scheduler`);
  await page.reload();
  await page.locator('.certificate-page pre').first().waitFor(PATIENCE);
  const text = (await page.locator('.certificate-page').textContent()) ?? '';
  for (const part of [
    'hosts/control-plane/etc/kubernetes/pki/scheduler.crt',
    'the same',
    'CN=system:kube-scheduler',
    'openssl x509 -in',
    'BEGIN CERTIFICATE',
  ]) {
    expect(text).toContain(part);
  }
  expect(text).not.toContain('PRIVATE KEY-----');
  expect(await violations(page)).toEqual([]);
  await page.getByRole('link', { name: 'All certificates' }).click();
  await page.locator('.holdings').waitFor(PATIENCE);
  expect(await page.locator('.certificates tbody tr').count()).toBe(11);
  expect(await violations(page)).toEqual([]);
  await go('#/glossary/SAN', '.words .chosen');
  expect(await page.locator('.words .chosen').textContent()).toContain('server certificate');
  expect(await violations(page)).toEqual([]);
});

test('a hidden break covers what differs until all is green, and is told then', async () => {
  await go('#/break', '.teacher');
  // By chance, but for the test always the same.
  const seed = seedOf('expired');
  await page.route('**/hide', (route) => route.continue({ postData: JSON.stringify({ seed }) }));
  await page.getByRole('button', { name: 'Break something, and hide it' }).click();
  await page.locator('.teacher', { hasText: 'Something is broken' }).waitFor(PATIENCE);
  const hidden = readHidden(lab.dir);
  expect(await page.locator('.standing').count()).toBe(0);
  expect(await page.getByRole('button', { name: 'Mend everything' }).count()).toBe(0);
  await go('#/certificates', '.certificates');
  await page.locator('.certificates', { hasText: 'covered' }).waitFor(PATIENCE);
  expect(await page.locator('.certificates .bad').count()).toBe(0);
  await go('#/', '.list');
  await page.keyboard.press('l');
  await page.locator('.stage .key-sentence', { hasText: 'Something is broken' }).waitFor(PATIENCE);
  await page.locator('.map .edge.tls').first().waitFor(PATIENCE);
  await page.keyboard.press('1');
  await page.locator('.slide .question').waitFor(PATIENCE);
  for (let at = 0; at < 12; at++) await page.keyboard.press('ArrowRight');
  await page.locator('.slide .key-sentence', { hasText: 'Why?' }).waitFor(PATIENCE);
  await page.keyboard.press('l');
  const fix = await ask('/fix', { target: hidden?.target });
  expect(fix.status).toBe(200);
  await page.locator('footer', { hasText: `it was ${hidden?.fault} on ${hidden?.target}` }).waitFor(PATIENCE);
  await accepted(7);
}, 90_000);

test('keys alone lead from the map through large type and back', async () => {
  await go('#/', '.list');
  await page.locator('.map .grip').first().focus();
  await page.keyboard.press('Enter');
  await page.locator('.card').waitFor(PATIENCE);
  await page.keyboard.press('l');
  await page.locator('.slide .question').waitFor(PATIENCE);
  for (let at = 0; at < 12; at++) await page.keyboard.press('ArrowRight');
  await page.locator('.slide .key-sentence .mark').waitFor(PATIENCE);
  expect(await violations(page)).toEqual([]);
  const sizes = await page.evaluate(sizesOfText);
  expect(sizes.filter(({ px }) => px < 20)).toEqual([]);
  await page.keyboard.press('b');
  await page.locator('.slide .cover').waitFor(PATIENCE);
  await page.keyboard.press('Escape');
  await page.locator('.stage').waitFor(PATIENCE);
  const stage = await page.evaluate(sizesOfText);
  expect(stage.filter(({ px }) => px < 20)).toEqual([]);
  const sentence = page.locator('.stage .key-sentence > *').first();
  expect(
    await sentence.evaluate((text) => Number.parseFloat(getComputedStyle(text).fontSize)),
  ).toBeGreaterThanOrEqual(28);
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('l');
  await page.keyboard.press('f');
  await page.locator('.frozen').waitFor(PATIENCE);
  await page.keyboard.press('f');
  await page.locator('.frozen').waitFor({ ...PATIENCE, state: 'detached' });
  await go('#/tour', '.tour');
  expect(await violations(page)).toEqual([]);
});

/** A seed by which chance picks this fault, on whatever. */
function seedOf(fault: string): string {
  for (let at = 0; at < 10_000; at++) {
    if (pickFault(`${at}`, lab.lab.directory).fault.id === fault) return `${at}`;
  }
  throw new Error(`chance never picks ${fault}`);
}

/** Tab on until an element with this text has the focus; each on the way shows that it has it. */
async function tabTo(text: string): Promise<void> {
  for (let at = 0; at < 90; at++) {
    await page.keyboard.press('Tab');
    const focus = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element) return { text: '', seen: true };
      const mark = element.querySelector('.badge-shape') ?? element;
      const { outlineStyle, strokeWidth } = getComputedStyle(mark);
      return {
        text: element.textContent ?? '',
        seen: element === document.body || outlineStyle !== 'none' || Number.parseFloat(strokeWidth) > 3,
      };
    });
    expect(focus).toMatchObject({ seen: true });
    if (focus.text.trim().startsWith(text)) return;
  }
  throw new Error(`no ${text}`);
}

test('break and mend without a mouse', async () => {
  await go('#/', '.list');
  await accepted(7);
  // Connections are green a moment before what suffered from them is.
  await page.getByRole('link', { name: 'Expire the scheduler’s certificate' }).waitFor(PATIENCE);
  await tabTo('Expire the scheduler');
  await page.keyboard.press('Enter');
  await page.locator('.guess').waitFor(PATIENCE);
  for (const key of ['Skip', 'Break it']) {
    await tabTo(key);
    await page.keyboard.press('Enter');
  }
  await edge('tls', SCHEDULER);
  await page.locator('.standing').waitFor(PATIENCE);
  await tabTo('Fix');
  await page.keyboard.press('Enter');
  await accepted(7);
}, 240_000);

/** Every text that is seen, with its size on the screen. */
function sizesOfText(): { name: string; px: number }[] {
  return [...document.querySelectorAll<HTMLElement | SVGElement>('body *')].flatMap((element) => {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim());
    if (!own || element.getClientRects().length === 0) return [];
    const scale = element instanceof SVGGraphicsElement ? (element.getScreenCTM()?.a ?? 1) : 1;
    const name = `${element.tagName} ${element.getAttribute('class') ?? ''} ${element.textContent}`;
    return [
      { name, px: Math.round(Number.parseFloat(getComputedStyle(element).fontSize) * scale * 10) / 10 },
    ];
  });
}

/** A POST as the page makes it. */
async function ask(path: string, body: unknown): Promise<{ status: number; text: string }> {
  const cookies = await page.context().cookies();
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const asking = request(
      new URL(path, open.origin),
      {
        method: 'POST',
        agent: false,
        headers: {
          origin: open.origin,
          cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; '),
        },
      },
      (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          answer += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: answer }));
      },
    );
    asking.on('error', reject);
    asking.end(text);
  });
}

test.for([
  { name: 'a path for a target', path: '/break', body: { fault: 'expired', target: '../../ca' } },
  { name: 'a path for a fault', path: '/break', body: { fault: '../expired', target: 'scheduler' } },
  { name: 'a path to mend', path: '/fix', body: { target: '../../../etc/passwd' } },
  { name: 'a path for a host', path: '/clock', body: { time: '+1d', host: '../run' } },
  { name: 'another mode', path: '/mode', body: { clientAuth: 'none' } },
  { name: 'a time that is none', path: '/clock', body: { time: '$(reboot)' } },
  { name: 'no JSON', path: '/break', body: '{' },
  { name: 'too much', path: '/break', body: 'x'.repeat(20_000) },
])('a POST with $name is refused and says why', async ({ path, body }) => {
  const { status, text } = await ask(path, body);
  expect(status).toBe(400);
  expect(JSON.parse(text)).toMatchObject({ what: expect.stringMatching(/./) });
});
