/**
 * Pictures of every view: a lab in a temporary folder, a headless Chromium, light and dark, three sizes. The three
 * of the README are made small and kept beside this file.
 */
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { LabError } from '../../certs/errors.ts';
import { initDirectory } from '../init.ts';
import { startLab } from '../lab.ts';
import { toPalette } from './palette-png.ts';
import { startDashboard } from './server.ts';

const SCHEDULER = encodeURIComponent('kube-scheduler->kube-apiserver');

/** One picture: where the page is, what must be there, and what is done before. */
interface Shot {
  readonly name: string;
  readonly hash: string;
  readonly ready: string;
  readonly before?: (page: Page) => Promise<void>;
}

const SHOTS: readonly Shot[] = [
  { name: 'map', hash: '#/', ready: '.all-good' },
  { name: 'certificates', hash: '#/certificates', ready: '.certificates td' },
  { name: 'certificate', hash: '#/certificates/scheduler', ready: '.certificate-page pre' },
  { name: 'words', hash: '#/glossary/SAN', ready: '.words .chosen' },
  { name: 'tour', hash: '#/tour', ready: '.tour h3' },
  { name: 'time', hash: '#/time', ready: '#day' },
  { name: 'guess', hash: '#/break/expired/scheduler', ready: '.guess' },
  {
    name: 'broken',
    hash: '#/break/expired/scheduler',
    ready: '.map .edge.tls',
    before: async (page) => {
      if ((await page.locator('.map .edge.tls').count()) > 0) return;
      await page.getByRole('button', { name: 'Skip' }).click();
      await page.getByRole('button', { name: 'Break it' }).click();
    },
  },
  { name: 'map-broken', hash: '#/', ready: 'footer .suffer' },
  { name: 'history', hash: '#/history', ready: '.history path' },
  { name: 'card', hash: `#/connection/${SCHEDULER}`, ready: '.card .ladder' },
  {
    name: 'stage',
    hash: '#/',
    ready: '.stage .key-sentence',
    before: (page) => present(page, true),
  },
  {
    name: 'slide',
    hash: `#/connection/${SCHEDULER}`,
    ready: '.slide .key-sentence',
    before: async (page) => {
      await present(page, true);
      await page.locator('.slide').waitFor();
      for (let at = 0; at < 12; at++) await page.keyboard.press('ArrowRight');
    },
  },
];

const SIZES = [
  { width: 1280, height: 720 },
  { width: 1920, height: 1080 },
  { width: 390, height: 844 },
] as const;

/** Shots of the README, light, in the first size; fewer colours where that keeps them under 60 kB. */
const KEPT: Readonly<Record<string, number>> = { 'map-broken': 48, card: 48, certificates: 48 };

/**
 * Make all pictures.
 * @param folder  where they go; the README's go to lab/dashboard/pictures
 * @returns       how many were made
 * @throws        LabError USAGE when there is no Chromium on PATH
 */
export async function takeScreenshots(folder: string, kept: string): Promise<number> {
  const executablePath = ['chromium', 'chromium-browser', 'google-chrome'].map(onPath).find(Boolean);
  if (!executablePath) {
    throw new LabError('USAGE', { what: 'there is no Chromium on PATH', fix: 'apt-get install chromium' });
  }
  mkdirSync(folder, { recursive: true });
  mkdirSync(kept, { recursive: true });
  const root = mkdtempSync(join(tmpdir(), 'mtls-lab-pictures-'));
  const dir = join(root, 'mtls-lab');
  await initDirectory(dir, { key: 'ecdsa-p256', portBase: 0 });
  // Commands on the page are shown as they are typed beside the lab.
  process.chdir(root);
  const lab = await startLab({ dir });
  await lab.cluster.settle();
  const dashboard = await startDashboard(lab);
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage();
    await page.goto(dashboard.url);
    let count = 0;
    for (const shot of SHOTS) {
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const size of SIZES) {
          const png = await take(page, shot, colorScheme, size);
          writeFileSync(join(folder, `${shot.name}-${colorScheme}-${size.width}.png`), png);
          count++;
          const colours = KEPT[shot.name];
          if (colours !== undefined && colorScheme === 'light' && size === SIZES[0]) {
            writeFileSync(join(kept, `${shot.name}.png`), toPalette(png, colours));
          }
        }
      }
    }
    return count;
  } finally {
    await browser.close();
    await dashboard.close();
    await lab.close();
    rmSync(root, { recursive: true, force: true });
  }
}

async function take(
  page: Page,
  { hash, ready, before }: Shot,
  colorScheme: 'light' | 'dark',
  size: (typeof SIZES)[number],
): Promise<Buffer> {
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await present(page, false);
  await page.evaluate((to) => location.assign(to), hash);
  await before?.(page);
  await page.mouse.move(0, 0);
  await page.locator(ready).first().waitFor({ timeout: 30_000 });
  return page.screenshot();
}

/** Large type on or off. */
async function present(page: Page, on: boolean): Promise<void> {
  const is = (await page.locator('.presenting').count()) > 0;
  if (is === on) return;
  await page.keyboard.press('l');
  await page.locator('.presenting').waitFor({ state: on ? 'attached' : 'detached' });
}

function onPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
