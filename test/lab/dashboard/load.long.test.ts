/**
 * A burst with the page open: recorded handshakes are told to the journal 500 times a second for a minute, since two
 * cores cannot make as many. The server's cost for the page is held against what real handshakes cost here, and the
 * page's frames are measured. Figures are printed.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Trace } from '../../../components/tls/trace.ts';
import { type Dashboard, startDashboard } from '../../../lab/dashboard/server.ts';
import { freshHandshake } from '../../../lab/handshake.ts';
import { openTestLab, type TestLab } from '../../support/lab.ts';
import { openPage } from '../../support/page.ts';
import { findTool, requireTool } from '../../support/tools.ts';

const PER_SECOND = 500;
const BEATS_PER_SECOND = 25;
const REAL = 60;
const chromium = findTool('chromium');

let lab: TestLab;
let dashboard: Dashboard;

beforeAll(async () => {
  lab = await openTestLab();
  await lab.lab.cluster.settle();
}, 60_000);

beforeEach((context) => void requireTool(context, 'chromium'));

afterAll(async () => {
  await dashboard?.close();
  await lab?.close();
}, 30_000);

/** CPU of this process in milliseconds while something goes on. */
async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The two halves of a recorded handshake as another one. */
function halves(trace: Trace, number: number): [Trace, Trace] {
  const clientRandom = number.toString(16).padStart(64, '0');
  const again = { ...trace, clientRandom, startedAtMs: Date.now(), state: 'closed' } as const;
  return [
    { ...again, id: `again-${number}-client`, server: null },
    { ...again, id: `again-${number}-server`, client: null },
  ];
}

let number = 1;

/** Tell recorded handshakes evenly; behind time, more per beat. @returns how many were told */
async function feed(seconds: number): Promise<number> {
  const { journal, topology } = lab.lab.cluster;
  const recorded = topology.flatMap(({ id }) => journal.latest(id) ?? []);
  const startedAt = performance.now();
  let told = 0;
  for (;;) {
    const elapsed = (performance.now() - startedAt) / 1000;
    if (elapsed >= seconds) return told;
    for (; told < elapsed * PER_SECOND; told++) {
      const trace = recorded[told % recorded.length];
      if (!trace) throw new Error('nothing was recorded');
      for (const half of halves(trace, number++)) journal.record(half);
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 / BEATS_PER_SECOND));
  }
}

/** Per told handshake, in microseconds. */
async function costOfFeeding(seconds: number): Promise<{ us: number; told: number }> {
  let told = 0;
  const ms = await cpuMs(async () => {
    told = await feed(seconds);
  });
  return { us: (ms * 1000) / told, told };
}

test('500 handshakes a second for a minute cost little more with the page open', async () => {
  const { cluster } = lab.lab;
  const channel = cluster.topology.find(({ client }) => client === 'kubectl');
  if (!channel || chromium === undefined) throw new Error('no kubectl');
  await freshHandshake(cluster, channel);
  const idleMs = (await cpuMs(() => new Promise((resolve) => setTimeout(resolve, 5000)))) / 5;
  const startedAt = performance.now();
  const realMs = await cpuMs(async () => {
    for (let at = 0; at < REAL; at++) await freshHandshake(cluster, channel);
  });
  const ownUs = ((realMs - (idleMs * (performance.now() - startedAt)) / 1000) / REAL) * 1000;

  const without = await costOfFeeding(15);
  dashboard = await startDashboard(lab.lab);
  const { browser, page } = await openPage(chromium, dashboard);
  try {
    await page.locator('.map .edge').first().waitFor();
    const painted = await page.evaluate(
      "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0",
    );
    await page.evaluate(watchFrames);
    const withPage = await costOfFeeding(60);
    const frames = (await page.evaluate('window.frames_')) as number[];
    const pageUs = withPage.us - without.us;
    const sorted = [...frames].sort((one, other) => one - other);
    const at = (part: number): string => (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(0);
    process.stdout.write(
      `a real handshake, with its request, ${ownUs.toFixed(0)} us; told to the journal ${without.us.toFixed(0)} us, with the page ${withPage.us.toFixed(0)} us: ` +
        `the page costs ${pageUs.toFixed(0)} us, ${((pageUs / ownUs) * 100).toFixed(0)} % of a handshake\n` +
        `first paint after ${Number(painted).toFixed(0)} ms; ${withPage.told} handshakes in 60 s; ${frames.length} frames: median ${at(0.5)} ms, 95 % ${at(0.95)} ms, longest ${at(0.9999)} ms\n`,
    );
    expect(withPage.told).toBeGreaterThan(PER_SECOND * 55);
    expect(pageUs).toBeLessThan(ownUs / 4);
    // The page still answers at once, and shows that it followed.
    await page.locator('.list button').first().click();
    await page.locator('.card').waitFor({ timeout: 10_000 });
    // Ten thousand are looked back at as quickly.
    await page.evaluate(() => location.assign('#/history'));
    await page.locator('h2', { hasText: '10,000 handshakes remembered' }).waitFor({ timeout: 10_000 });
    await page.locator('.history path').first().waitFor({ timeout: 10_000 });
    expect(Number(at(0.5))).toBeLessThan(100);
  } finally {
    await browser.close();
  }
}, 240_000);

/** In the page: milliseconds between one frame and the next. */
function watchFrames(): void {
  const times: number[] = [];
  Object.assign(window, { frames_: times });
  let last = performance.now();
  const each = (): void => {
    const now = performance.now();
    times.push(now - last);
    last = now;
    requestAnimationFrame(each);
  };
  requestAnimationFrame(each);
}
