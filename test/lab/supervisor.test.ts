import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LabError } from '../../certs/errors.ts';
import type { Component, Running } from '../../components/component.ts';
import { openHost } from '../../components/host.ts';
import { openLogFile } from '../../lab/log-files.ts';
import { type Plan, type Supervisor, supervise } from '../../lab/supervisor.ts';

let root = '';
let supervisor: Supervisor | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'supervisor-'));
});
afterEach(async () => {
  await supervisor?.close();
  rmSync(root, { recursive: true, force: true });
});

function bench(first: Plan) {
  const state = {
    plan: first,
    failure: undefined as Error | undefined,
    hindrance: null as LabError | null,
    open: 0,
    starts: 0,
  };
  const notes: string[] = [];
  const component: Component = {
    name: 'etcd',
    role: 'server',
    flags: {},
    dependsOn: [],
    start: async ({ id }): Promise<Running> => {
      state.starts += 1;
      if (state.failure) throw state.failure;
      state.open += 1;
      return {
        id,
        endpoint: null,
        files: () => [],
        problem: () => state.hindrance,
        dialNow: async () => undefined,
        close: async () => {
          state.open -= 1;
        },
      };
    },
  };
  const host = openHost(root);
  const log = openLogFile(join(root, 'etcd.log'));
  const one = supervise({
    instance: { id: 'etcd', component: 'etcd', host: 'control-plane' },
    component,
    log,
    plan: () => state.plan,
    context: (argv) => ({
      id: 'etcd',
      host,
      argv,
      settings: { clientAuth: 'require', autoReload: 'all', alertProfile: 'go' },
      log: log.write,
      roundMs: 5000,
    }),
    changed: (kind, text) => notes.push(`${kind}: ${text}`),
  });
  supervisor = one;
  return { state, notes, one, log };
}

const RUN: Plan = { kind: 'run', argv: [], fingerprint: 'a' };
const BAD: Plan = {
  kind: 'bad',
  why: new LabError('MANIFEST_INVALID', { what: 'etcd.yaml:3: bad', fix: 'mend' }),
};
const GONE: Plan = { kind: 'absent', why: new LabError('FILE_MISSING', { what: 'no etcd.yaml' }) };

test('restarts when the configuration changed, and only then', async () => {
  const { state, one } = bench(RUN);
  await one.start();
  await one.reconsider();
  expect(state.starts).toBe(1);
  state.plan = { ...RUN, fingerprint: 'b' };
  await one.reconsider();
  expect(state).toMatchObject({ starts: 2, open: 1 });
  expect(one.state()).toMatchObject({ phase: 'running', restarts: 1, problem: null });
});

test('stops when the manifest goes, and starts when it comes back', async () => {
  const { state, one } = bench(RUN);
  await one.start();
  state.plan = GONE;
  await one.reconsider();
  expect(one.state()).toMatchObject({ phase: 'stopped', problem: { code: 'FILE_MISSING' } });
  expect(state.open).toBe(0);
  state.plan = RUN;
  await one.reconsider();
  expect(one.state()).toMatchObject({ phase: 'running', problem: null });
});

test('runs on with a manifest that cannot be read, says so, and ends at the strict look', async () => {
  const { state, one } = bench(RUN);
  await one.start();
  state.plan = BAD;
  await one.reconsider();
  expect(one.state()).toMatchObject({
    phase: 'running',
    problem: { code: 'MANIFEST_INVALID', fix: 'mend', hinders: 'run' },
  });
  await one.reconsider(true);
  expect(one.state()).toMatchObject({ phase: 'stopped', problem: { code: 'MANIFEST_INVALID' } });
  state.plan = RUN;
  await one.reconsider();
  expect(one.state()).toMatchObject({ phase: 'running', problem: null });
});

test('tells what a component waits for that runs as it should', async () => {
  const { state, one } = bench(RUN);
  await one.start();
  state.hindrance = new LabError('NO_SERVING_CERTIFICATE', { what: 'waits', fix: 'approve' });
  expect(one.state()).toMatchObject({
    phase: 'running',
    problem: { code: 'NO_SERVING_CERTIFICATE', what: 'waits', fix: 'approve', hinders: 'work' },
  });
  state.hindrance = null;
  expect(one.state().problem).toBeNull();
});

test('tries again by itself after it could not start, and at once when a file changed', async () => {
  const { state, one, log, notes } = bench(RUN);
  state.failure = new LabError('KEY_MISMATCH', { what: 'tls: private key does not match public key' });
  await one.start();
  expect(one.state()).toMatchObject({ phase: 'crashed', problem: { code: 'KEY_MISMATCH' } });
  expect(log.recent().join()).toContain('private key does not match');
  expect(notes.join()).toContain('failed: etcd does not run');
  await vi.waitFor(() => expect(state.starts).toBe(2), { timeout: 3000 });
  state.failure = undefined;
  one.nudge();
  await vi.waitFor(() => expect(one.state().phase).toBe('running'), { timeout: 500 });
});

test('stays stopped when the user stopped it, whatever happens to its files', async () => {
  const { state, one } = bench(RUN);
  await one.start();
  await one.stop();
  state.plan = { ...RUN, fingerprint: 'b' };
  await one.reconsider();
  one.nudge();
  expect(one.state()).toMatchObject({ phase: 'stopped', problem: null });
  expect(state.open).toBe(0);
});

test('carries out overlapping calls one after the other', async () => {
  const { state, one } = bench(RUN);
  await Promise.all([one.start(), one.restart(), one.stop(), one.start()]);
  expect(state.open).toBe(1);
  await one.close();
  expect(state.open).toBe(0);
});
