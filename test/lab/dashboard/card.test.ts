/**
 * The story card in a browser against a running lab whose scheduler shows a hostile certificate of a foreign CA: order,
 * fields beside bytes, chain, comparison, slow motion, step mode, export; and no text of a certificate becomes markup.
 */
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type CertificateTemplate, issueCertificate } from '../../../certs/certificate.ts';
import { writePem } from '../../../certs/pem.ts';
import type { CardStory } from '../../../lab/dashboard/card.ts';
import { type Dashboard, startDashboard } from '../../../lab/dashboard/server.ts';
import { hideBreak, revealBreak } from '../../../lab/faults/hidden.ts';
import { openTestLab, type TestLab } from '../../support/lab.ts';
import { type OpenPage, openPage, violations } from '../../support/page.ts';
import { findTool, requireTool } from '../../support/tools.ts';

const SCHEDULER = 'kube-scheduler->kube-apiserver';
const PROXY = 'kube-proxy@worker-1->kube-apiserver';
const evil = (where: string): string => `<img src=x onerror="window.hacked='${where}'">`;
const HOSTILE = ['CN', 'O', 'SAN', 'issuer'] as const;
const chromium = findTool('chromium');

let lab: TestLab;
let dashboard: Dashboard;
let open: OpenPage;
let page: Page;
/** Trace ids of a handshake before the break, and of one after it. */
let before: string;
let after: string;

beforeAll(async () => {
  if (chromium === undefined) return;
  lab = await openTestLab();
  await lab.lab.cluster.settle();
  dashboard = await startDashboard(lab.lab);
  open = await openPage(chromium, dashboard);
  page = open.page;
  before = lab.lab.cluster.journal.latest(SCHEDULER)?.id ?? '';
  const { certificate, key } = hostilePair();
  writeFileSync(lab.path('control-plane', '/etc/kubernetes/pki/scheduler.key'), key);
  writeFileSync(lab.path('control-plane', '/etc/kubernetes/pki/scheduler.crt'), certificate);
  await page.locator('.edge.tls').waitFor({ timeout: 30_000 });
  // What is looked at is kept, however many come after it.
  for (const query of [`trace=${before}`, `channel=${encodeURIComponent(SCHEDULER)}`]) {
    const { state } = (await (
      await page.context().request.get(`${open.origin}/story?${query}`)
    ).json()) as CardStory;
    after = state.trace ?? '';
  }
}, 60_000);

beforeEach((context) => void requireTool(context, 'chromium'));

afterAll(async () => {
  await open?.browser.close();
  await dashboard?.close();
  await lab?.close();
}, 30_000);

/** A certificate of a CA that nobody trusts, with markup wherever a text may stand; and its key. */
function hostilePair(): { certificate: string; key: string } {
  const ca = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const template: Omit<CertificateTemplate, 'subject' | 'publicKey' | 'isCa'> = {
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    keyUsages: [],
    extendedKeyUsages: ['clientAuth'],
    sans: [],
    // `<img/>` as the bytes of a serial number.
    serialNumber: Buffer.from('<img/>', 'latin1'),
  };
  const issuer = { commonName: evil('issuer') };
  const leaf = issueCertificate(
    {
      ...template,
      subject: { commonName: evil('CN'), organizations: [evil('O')] },
      publicKey: own.publicKey,
      isCa: false,
      sans: [{ kind: 'dns', value: evil('SAN') }],
    },
    { subject: issuer, privateKey: ca.privateKey },
  );
  const root = issueCertificate(
    { ...template, subject: issuer, publicKey: ca.publicKey, isCa: true },
    { subject: issuer, privateKey: ca.privateKey },
  );
  expect(new X509Certificate(leaf).subject).toContain('<img');
  return {
    certificate: writePem('CERTIFICATE', leaf) + writePem('CERTIFICATE', root),
    key: String(own.privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
}

/** Without the number of handshakes in its run, which goes on growing. */
function moment(text: string | null): string {
  return (text ?? '').replace(/ \(×\d+\)$/, '');
}

function address(view: string, rest: string): string {
  return `#/${view}/${encodeURIComponent(rest)}`;
}

/** Open a view afresh. */
async function go(hash: string, ready: string): Promise<void> {
  await page.goto('about:blank');
  await page.goto(`${open.origin}/${hash}`);
  await page.locator(ready).first().waitFor();
}

/** Elements that only hostile text could have brought, and what its script would have left. */
function intruders(): Promise<unknown> {
  return page.evaluate(
    `({ elements: document.querySelectorAll('img, script:not([src="/main.js"]), iframe').length, hacked: window.hacked ?? null })`,
  );
}

test('a card stays on its handshake while new ones come', async () => {
  await go(address('connection', SCHEDULER), '.card.tls h2');
  const when = await page.locator('.when').textContent();
  await lab.lab.cluster.supervisor('kube-scheduler')?.dialNow();
  await page.locator('.back', { hasText: /\d+ newer, same outcome/ }).waitFor();
  expect(moment(await page.locator('.when').textContent())).toBe(moment(when));
  await page.locator('.back a', { hasText: 'Show the newest' }).click();
  await page.waitForURL(/#\/trace\//);
  await page.reload();
  await page.locator('.card.tls h2').waitFor();
  expect(await page.locator('.card h2').textContent()).toContain('kube-apiserver refused kube-scheduler');
});

test('the handshake before the break is still there, and says that it came out otherwise since', async () => {
  await go(address('trace', before), '.card.ok h2');
  await page.locator('.back', { hasText: 'the newest came out otherwise' }).waitFor();
  expect(await page.locator('.recent .ok .this').count()).toBe(1);
  expect(await page.locator('.recent .tls').first().textContent()).toContain('CERT_UNKNOWN_AUTHORITY');
  expect(await violations(page)).toEqual([]);
});

test('an address of a handshake that nobody remembers says so, and leads back', async () => {
  await go(address('trace', 'kube-scheduler.client.none'), '.card.untried h2');
  await page.locator('.card h2', { hasText: 'This handshake is not remembered any more.' }).waitFor();
  await page.locator('.card a', { hasText: 'All connections' }).click();
  await page.locator('.list li').first().waitFor();
});

test('it is read in the order of a lesson, and says what each side believes', async () => {
  await go(address('trace', after), '.card.tls h2');
  const order = ['.card h2', '.costs', '.real', '.ladder', '.checks', '.mends', '.chain', '.recent', '.rest'];
  const tops = await Promise.all(
    order.map(async (selector) => (await page.locator(selector).first().boundingBox())?.y ?? Number.NaN),
  );
  expect(tops).toEqual([...tops].sort((one, other) => one - other));
  const byHand = page.locator('.card details', { hasText: 'By hand with openssl' });
  expect(await byHand.locator('code').textContent()).toMatch(/^openssl genpkey .*\n(.*\n)*install /);
  const ladder = page.locator('.ladder');
  expect(await ladder.locator('.chip.refuses', { hasText: 'NOT accepted' }).count()).toBe(1);
  expect(await ladder.locator('.chip.sure', { hasText: 'believes CONNECTED' }).count()).toBe(1);
  expect(await ladder.locator('.failing .said').textContent()).toMatch(/^Alert \d+ /);
  // In TLS 1.3 the client believes in success below the rung at which the server refuses.
  const lanes = await ladder
    .locator('.rung')
    .evaluateAll((rungs) =>
      rungs.map((rung) =>
        [...rung.querySelectorAll('.lane')].map((lane) => lane.className.split(' ').at(-1)),
      ),
    );
  expect(lanes).toContainEqual(['sure', 'refuses']);
  expect(lanes.at(-1)).toEqual(['refuses', 'refuses']);
});

test('the chain ends before the trust anchor, whose seal is another one', async () => {
  await go(address('trace', after), '.card.tls h2');
  const chain = page.locator('.chain').first();
  await chain.locator('.link.broken', { hasText: 'signed by itself' }).waitFor();
  const own = await chain.locator('.link.broken .seal').textContent();
  const trusted = await chain.locator('.trust .seal').first().textContent();
  expect(own).toMatch(/^[0-9a-f]{4}$/);
  expect(trusted).toMatch(/^[0-9a-f]{4}$/);
  expect(own).not.toBe(trusted);
  expect(await chain.locator('.certificate.bad').count()).toBeGreaterThan(0);
});

test('no text of a certificate becomes markup, at any depth', async () => {
  await go(address('trace', after), '.card.tls h2');
  await page.keyboard.press('3');
  await page.locator('.hex').first().waitFor();
  await page.evaluate(`for (const one of document.querySelectorAll('details')) one.open = true`);
  const text = (await page.locator('.card').textContent()) ?? '';
  for (const where of HOSTILE) expect(text).toContain(evil(where));
  expect(await intruders()).toEqual({ elements: 0, hacked: null });
});

test('a field marks its bytes, and a byte its field', async () => {
  await go(address('trace', after), '.card.tls h2');
  const rung = page.locator('.rung', { hasText: 'ClientHello' }).first();
  await rung.locator('.arrow-row').press('Enter');
  await rung.locator('button', { hasText: 'ClientHello: fields and bytes' }).click();
  const field = rung.locator('.field', { has: page.locator('.name', { hasText: /^random$/ }) });
  const marked = async (): Promise<string[]> =>
    (await rung.locator('.hex .digits .picked').allTextContents()).join('').trim().split(' ');
  await field.focus();
  expect(await marked()).toHaveLength(32);
  expect(await rung.locator('.picked-text').textContent()).toContain('bytes 6 to 37');
  await rung
    .locator('.hex .digits')
    .first()
    .click({ position: { x: 5, y: 5 } });
  expect(await rung.locator('.field.picked .name').textContent()).toBe('msg_type');
  await rung.locator('.hex').press('ArrowRight');
  expect(await rung.locator('.field.picked .name').textContent()).toBe('length');
  await rung.locator('.field.picked').press('ArrowDown');
  expect(await rung.locator('.field.picked .name').textContent()).toBe('legacy_version');
  expect(await marked()).toEqual(['03', '03']);
});

test('fields and bytes are told apart, marked or not, in both schemes', async () => {
  await go(address('trace', after), '.card.tls h2');
  const rung = page.locator('.rung.failing');
  await rung.locator('.arrow-row').press('Enter');
  await rung.locator('button', { hasText: 'Alert: fields and bytes' }).press('Enter');
  await rung.locator('.field').last().focus();
  expect(await rung.locator('.field.picked').textContent()).toContain('description');
  expect(await violations(page, '.message-fields')).toEqual([]);
});

test('slow motion adds one rung at a time', async () => {
  await go(address('trace', after), '.card.tls h2');
  const all = await page.locator('.rung').count();
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.keyboard.press('r');
  await page.locator('.ladder .more').waitFor();
  expect(await page.locator('.rung').count()).toBe(1);
  await page.keyboard.press('n');
  expect(await page.locator('.rung').count()).toBe(2);
  expect(await page.locator('.rung.newest .why').count()).toBe(1);
  await page.keyboard.press('a');
  expect(await page.locator('.rung').count()).toBe(all);
});

test('while a break is hidden the evidence stays and the answers are covered', async () => {
  hideBreak(lab.dir, 'unknown-ca', 'scheduler');
  try {
    await go(address('trace', after), '.card.tls h2');
    await page
      .locator('.card h2', { hasText: 'kube-apiserver does not accept the other side. Why?' })
      .waitFor();
    expect(await page.locator('.alert').textContent()).toContain('sent by the server');
    expect(await page.locator('.chain .certificate').count()).toBeGreaterThan(1);
    expect(await page.locator('.mends, .checks .failed, .certificate .failed, .link.broken').count()).toBe(0);
    expect(await page.locator('.card').textContent()).not.toContain('CERT_UNKNOWN_AUTHORITY');
  } finally {
    revealBreak(lab.dir);
  }
  await page.locator('.card h2', { hasText: 'kube-apiserver refused kube-scheduler' }).waitFor();
});

test('before and after stand side by side, with what differs first', async () => {
  await go(address('trace', after), '.card.tls h2');
  await page.keyboard.press('c');
  await page.locator('.compare table').waitFor();
  const row = (label: string) => page.locator('.compare tbody tr', { hasText: label });
  expect(await row('The client’s signer').count()).toBe(1);
  expect(await row('The server’s subject').count()).toBe(0);
  expect(await row('Outcome').locator('td').allTextContents()).toEqual([
    'both accept',
    'refused in TLS by the server',
  ]);
  expect(await intruders()).toEqual({ elements: 0, hacked: null });
  expect(await violations(page)).toEqual([]);
});

test('a handshake can be taken away: for Wireshark, as JSON, as a page without script', async () => {
  const fetched = (kind: string) =>
    page.context().request.get(`${open.origin}/export/${kind}?trace=${encodeURIComponent(after)}`);
  const capture = await (await fetched('pcapng')).body();
  expect(capture.subarray(0, 4).toString('hex')).toBe('0a0d0d0a');
  const { outcome } = (await (await fetched('json')).json()) as { outcome: { by: string } };
  expect(outcome.by).toBe('server');
  const answer = await fetched('html');
  expect(answer.headers()['content-disposition']).toMatch(/^attachment; filename="[\w@.-]+\.html"$/);
  const file = await answer.text();
  expect(file).not.toMatch(/<(img|script)/);
  const reader = await page.context().newPage();
  await reader.setContent(file);
  const text = (await reader.locator('body').textContent()) ?? '';
  for (const where of HOSTILE) expect(text).toContain(evil(where));
  expect(text).toContain('kube-apiserver refused kube-scheduler');
  expect(await reader.evaluate('window.hacked ?? null')).toBeNull();
  await reader.close();
  const gone = await page.context().request.get(`${open.origin}/export/html?trace=../../ca.key`);
  expect(gone.status()).toBe(404);
});

test('step mode holds a handshake and lets it go message by message', async () => {
  await go(address('step', PROXY), '.stepping');
  await page.keyboard.press('n');
  await page.locator('.waits', { hasText: '1 record waits' }).waitFor();
  expect(await page.locator('.edge.held').count()).toBe(1);
  expect(await page.locator('.rung').count()).toBe(0);
  await page.keyboard.press('h');
  await page.locator('.stepping', { hasText: 'It holds as long as you need.' }).waitFor();
  await page.keyboard.press('n');
  await page.locator('.rung.newest', { hasText: 'ClientHello' }).waitFor();
  await page.locator('.waits', { hasText: 'from kube-apiserver' }).waitFor();
  await page.keyboard.press('n');
  await page.locator('.rung.newest', { hasText: 'ServerHello' }).waitFor();
  expect(await page.locator('.rung').count()).toBe(2);
  expect(await page.locator('.why').textContent()).toContain('picks version and cipher suite');
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('g');
  await page.locator('.stepping h2', { hasText: 'You let it go. Both sides have decided.' }).waitFor();
  await page.locator('a', { hasText: 'The whole story' }).click();
  await page.locator('.card.ok h2').waitFor();
  expect(await page.locator('.edge.held').count()).toBe(0);
});
