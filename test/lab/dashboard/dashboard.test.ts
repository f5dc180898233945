/** One running lab and one browser: what the page shows, and whom the server refuses. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Dashboard, startDashboard } from '../../../lab/dashboard/server.ts';
import type { Lab } from '../../../lab/lab.ts';
import { openTestLab, type TestLab } from '../../support/lab.ts';
import { openPage, violations } from '../../support/page.ts';
import { requireTool } from '../../support/tools.ts';

const SCHEDULER = 'kube-scheduler->kube-apiserver';

let root: string;
let testLab: TestLab;
let lab: Lab;
let dashboard: Dashboard;
let cookie: string;
let browser: Browser | undefined;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'mtls-lab-dashboard-'));
  testLab = await openTestLab();
  lab = testLab.lab;
  await lab.cluster.settle();
  dashboard = await startDashboard(lab);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await dashboard?.close();
  await testLab?.close();
  rmSync(root, { recursive: true, force: true });
}, 30_000);

/** The status and headers of one request. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>(
    (resolve, reject) => {
      const asking = request(new URL(path, dashboard.url), { method, headers, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      });
      asking.on('error', reject);
      asking.end();
    },
  );
}

function openSocket(headers: Record<string, string>): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(new URL('/events', dashboard.url.replace('http', 'ws')), { headers });
    socket.on('open', () => {
      socket.close();
      resolve('open');
    });
    socket.on('error', (error) => resolve(error.message));
  });
}

test('the token is good for one visit, and a redirect strips it', async () => {
  expect((await ask('/')).status).toBe(401);
  expect((await ask('/?token=wrong')).status).toBe(401);
  const { pathname, search } = new URL(dashboard.url);
  const first = await ask(pathname + search);
  expect(first.status).toBe(303);
  expect(first.headers['location']).toBe('/');
  const set = String(first.headers['set-cookie']);
  expect(set).toMatch(/^mtls-lab-[0-9a-f]{12}=.+; HttpOnly; SameSite=Strict; Path=\/$/);
  cookie = set.split(';')[0] ?? '';
  expect((await ask(pathname + search)).status).toBe(401);
});

test('the page allows no inline script and nothing from elsewhere', async () => {
  const { status, headers } = await ask('/', { cookie });
  expect(status).toBe(200);
  expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self';");
});

test.for([
  { name: 'a rebound host name', headers: { host: 'evil.example' }, method: 'GET', status: 403 },
  { name: 'a foreign origin', headers: { origin: 'http://evil.example' }, method: 'POST', status: 403 },
  { name: 'a POST without origin', headers: {}, method: 'POST', status: 403 },
] as const)('$name is refused in spite of the cookie', async ({ headers, method, status }) => {
  const path = `/handshake?channel=${encodeURIComponent(SCHEDULER)}`;
  expect((await ask(path, { cookie, ...headers }, method)).status).toBe(status);
});

test.for(['/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/pki/ca.key', '/story?channel=../../ca.key'])(
  '%s leads nowhere',
  async (path) => {
    expect((await ask(path, { cookie })).status).toBe(404);
  },
);

test('the WebSocket wants the cookie and the own origin', async () => {
  const own = new URL(dashboard.url).origin;
  expect(await openSocket({ cookie, origin: 'http://evil.example' })).toContain('403');
  expect(await openSocket({ cookie })).toContain('403');
  expect(await openSocket({ origin: own })).toContain('403');
  expect(await openSocket({ cookie, origin: own })).toBe('open');
});

test('a stranger’s certificate turns the edge, the card says who refused, and the old files turn it back', async (context) => {
  const openssl = requireTool(context, 'openssl');
  const opened = await openPage(requireTool(context, 'chromium'), dashboard, cookie);
  browser = opened.browser;
  const { page } = opened;
  await page.locator('header strong', { hasText: '7 of 7 accepted' }).waitFor();
  expect(await violations(page)).toEqual([]);

  const pki = join(lab.directory.dir, 'hosts', 'control-plane', 'etc', 'kubernetes', 'pki');
  const [crt, key] = [join(pki, 'scheduler.crt'), join(pki, 'scheduler.key')];
  copyFileSync(crt, join(root, 'old.crt'));
  copyFileSync(key, join(root, 'old.key'));
  const subject = '/CN=<img src=x onerror=alert(1)>';
  execFileSync(
    openssl,
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      subject,
      '-keyout',
      key,
      '-out',
      crt,
    ],
    { stdio: 'ignore' },
  );

  const edge = page.locator('.edge.tls .grip');
  await edge.waitFor({ timeout: 30_000 });
  await edge.focus();
  await page.keyboard.press('Enter');
  await page.locator('.card.tls').waitFor();
  const card = await page.locator('.card').textContent();
  expect(card).toContain('kube-apiserver refused kube-scheduler');
  expect(card).toContain('sent by the server');
  expect(await page.locator('aside img').count()).toBe(0);
  expect(page.url()).toContain(encodeURIComponent(SCHEDULER));
  expect(await violations(page)).toEqual([]);
  await page.reload();
  await page.locator('.card.tls').waitFor();

  copyFileSync(join(root, 'old.key'), key);
  copyFileSync(join(root, 'old.crt'), crt);
  await page.locator('header strong', { hasText: '7 of 7 accepted' }).waitFor({ timeout: 30_000 });
  expect(await page.locator('.edge.ok').count()).toBe(7);
}, 120_000);
