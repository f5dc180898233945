/** The dashboard in a real browser: signed in, watched for what axe finds wrong. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Dashboard } from '../../lab/dashboard/server.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A page that is open, and its browser. */
export interface OpenPage {
  readonly browser: Browser;
  readonly page: Page;
  readonly origin: string;
}

/**
 * Use up the dashboard's token, as a click on the printed address does; or come with the cookie of an earlier visit.
 * @param cookie  `NAME=VALUE`
 */
export async function openPage(
  executablePath: string,
  dashboard: Dashboard,
  cookie?: string,
): Promise<OpenPage> {
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  // axe is put into the page: without this the page's own policy forbids it.
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, bypassCSP: true });
  const { origin, hostname } = new URL(dashboard.url);
  if (cookie !== undefined) {
    const [name = '', value = ''] = cookie.split('=');
    await context.addCookies([
      { name, value, domain: hostname, path: '/', httpOnly: true, sameSite: 'Strict' },
    ]);
  }
  const page = await context.newPage();
  await page.goto(cookie === undefined ? dashboard.url : origin);
  return { browser, page, origin };
}

/** Ids and places of what axe finds wrong on the open view, or a part of it, in both schemes. */
export async function violations(page: Page, part = 'html'): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.evaluate(axe);
    const each = await page.evaluate(
      `axe.run(${JSON.stringify(part)}).then(({ violations }) => violations.map(({ id, nodes }) => id + ' ' + nodes.map(({ html }) => html.slice(0, 200)).join(' ')))`,
    );
    found.push(...(each as string[]).map((one) => `${colorScheme}: ${one}`));
  }
  return found;
}
