import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LabError } from '../../certs/errors.ts';
import { type ApiServer, callLab, followLab, serveApi } from '../../lab/api.ts';
import { type Lock, takeLock } from '../../lab/lock.ts';

let dir = '';
let lock: Lock;
let api: ApiServer;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'api-'));
  lock = takeLock(dir);
  api = await serveApi({
    routes: {
      'GET /status': async () => ({ ok: true }),
      'POST /echo': async ({ body }) => body,
      'POST /fail': async () => {
        throw new LabError('NAME_UNKNOWN', { what: 'there is no "x"', fix: 'y' });
      },
    },
    streams: {
      'GET /events': (send) => {
        send({ n: 1 });
        send({ n: 2 });
        return () => undefined;
      },
    },
  });
  lock.publish(api);
});
afterEach(async () => {
  await api.close();
  lock.release();
  rmSync(dir, { recursive: true, force: true });
});

function status(headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(new URL('/status', api.url), { headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

test('answers who reads the token file', async () => {
  expect(await callLab({ dir, shownDir: dir }, 'GET /status')).toEqual({ ok: true });
  expect(await callLab({ dir, shownDir: dir }, 'POST /echo', { a: 1 })).toEqual({ a: 1 });
});

test('hands on an error of the lab with its code, reason and fix', async () => {
  await expect(callLab({ dir, shownDir: dir }, 'POST /fail')).rejects.toMatchObject({
    code: 'NAME_UNKNOWN',
    what: 'there is no "x"',
    fix: 'y',
  });
});

test.for([
  { name: 'no token', headers: {}, wanted: 401 },
  { name: 'a wrong token', headers: { authorization: 'Bearer x' }, wanted: 401 },
  { name: 'another Host (DNS rebinding)', headers: { host: 'evil.example' }, wanted: 403, withToken: true },
  { name: 'a page of a browser', headers: { origin: 'http://127.0.0.1' }, wanted: 403, withToken: true },
])('refuses $name', async ({ headers, wanted, withToken }) => {
  const token = withToken ? { authorization: `Bearer ${api.token}` } : {};
  expect(await status({ ...token, ...headers } as Record<string, string>)).toBe(wanted);
});

test('streams JSON lines', async () => {
  const seen: unknown[] = [];
  for await (const value of followLab({ dir, shownDir: dir }, 'GET /events')) {
    seen.push(value);
    if (seen.length === 2) break;
  }
  expect(seen).toEqual([{ n: 1 }, { n: 2 }]);
});

test('says that no lab runs, and when one does not answer any more', async () => {
  await api.close();
  await expect(callLab({ dir, shownDir: './d' }, 'GET /status')).rejects.toMatchObject({
    code: 'LAB_NOT_RUNNING',
    what: expect.stringContaining(`pid ${process.pid}`),
  });
  lock.release();
  await expect(callLab({ dir, shownDir: './d' }, 'GET /status')).rejects.toMatchObject({
    code: 'LAB_NOT_RUNNING',
    what: 'no lab runs in ./d',
  });
});
