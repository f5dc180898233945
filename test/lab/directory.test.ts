import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { deskNow, directoryState, labYaml, readDirectory, settingsOf } from '../../lab/directory.ts';
import { emptyFolder, temporaryLab } from '../support/lab-directory.ts';

let dir: string;
let yaml: string;
beforeAll(async () => {
  dir = await temporaryLab({ cas: 'separate', workers: 2, clientAuth: 'request' });
  yaml = readFileSync(join(dir, 'lab.yaml'), 'utf8');
});

test('a lab says its choices, hosts, ports and settings', () => {
  const directory = readDirectory(dir);
  expect(directory.choices).toEqual({
    cas: 'separate',
    apiserverClient: 'dedicated',
    key: 'ecdsa-p256',
    names: 'crt',
    workers: 2,
  });
  expect(directory.hosts.map(({ name }) => name)).toEqual([
    'laptop',
    'control-plane',
    'worker-1',
    'worker-2',
  ]);
  expect(Object.keys(directory.ports.kubelets ?? {})).toEqual(['worker-1', 'worker-2']);
  expect(settingsOf(directory, 'kubelet@worker-2')).toEqual({
    clientAuth: 'request',
    autoReload: 'all',
    alertProfile: 'go',
  });
  expect(settingsOf(directory, 'etcd').clientAuth).toBe('require');
});

test('an instance’s own row goes before its component’s', () => {
  const settings = {
    kubelet: { clientAuth: 'request' },
    'kubelet@worker-2': { tlsMaxVersion: 'TLSv1.2' },
  } as const;
  expect(settingsOf({ settings }, 'kubelet@worker-2')).toMatchObject({
    clientAuth: 'request',
    tlsMaxVersion: 'TLSv1.2',
  });
  expect(settingsOf({ settings }, 'kubelet@worker-1').tlsMaxVersion).toBeUndefined();
});

test('a port of a manifest that cannot be read is left out, and the rest is read', async () => {
  const other = await temporaryLab();
  writeFileSync(join(other, 'hosts/control-plane/etc/kubernetes/manifests/etcd.yaml'), '{{{');
  const { ports } = readDirectory(other);
  expect(ports.etcd).toBeUndefined();
  expect(ports.apiserver).toBeGreaterThan(0);
});

describe('a lab.yaml that cannot be used is refused with file, line and values', () => {
  const cases: { name: string; text: () => string; code?: string; what: RegExp }[] = [
    { name: 'broken YAML', text: () => yaml.replace('cas: separate', 'cas: ['), what: /lab\.yaml:\d+: / },
    { name: 'an empty file', text: () => '', what: /lab\.yaml:1: holds no "choices:"/ },
    { name: 'no choices', text: () => 'components: {}\n', what: /"choices:" is missing/ },
    {
      name: 'an unknown choice',
      text: () => yaml.replace('cas: separate', 'cas: double'),
      what: /lab\.yaml:3: choices\.cas is "double", not one of single, separate/,
    },
    {
      name: 'workers as a word',
      text: () => yaml.replace('workers: 2', 'workers: many'),
      code: 'CHOICE_REFUSED',
      what: /many/,
    },
    {
      name: 'choices that do not go together',
      text: () => yaml.replace('dedicated', 'reuse'),
      code: 'CHOICE_REFUSED',
      what: /do not go together/,
    },
    {
      name: 'an unknown mode',
      text: () => yaml.replace('clientAuth: request', 'clientAuth: maybe'),
      what: /lab\.yaml:1\d: components\.kube-apiserver\.clientAuth is "maybe", not one of require, request/,
    },
    {
      name: 'an unknown setting',
      text: () =>
        yaml.replace('{ clientAuth: require, autoReload: all', '{ clientAuth: require, autoRelaod: all'),
      what: /autoRelaod .*no such setting/,
    },
  ];
  test.for(cases)('$name', ({ text, code, what }) => {
    const copy = emptyFolder();
    writeFileSync(join(copy, 'lab.yaml'), text());
    expect(() => readDirectory(copy)).toThrowError(
      expect.objectContaining({
        code: code ?? 'DIR_INVALID',
        what: expect.stringMatching(what),
        fix: expect.stringMatching(/\w/),
      }),
    );
  });
});

describe('what a folder is', () => {
  const cases: { name: string; make: (folder: string) => string; state: string; fix: RegExp }[] = [
    {
      name: 'nothing there',
      make: (folder) => join(folder, 'none'),
      state: 'absent',
      fix: /npx mtls-lab init/,
    },
    { name: 'an empty folder', make: (folder) => folder, state: 'absent', fix: /npx mtls-lab init/ },
    {
      name: 'a folder with run/ only',
      make: (folder) => {
        mkdirSync(join(folder, 'run'));
        return folder;
      },
      state: 'absent',
      fix: /npx mtls-lab init/,
    },
    {
      name: 'a file',
      make: (folder) => {
        writeFileSync(join(folder, 'f'), '');
        return join(folder, 'f');
      },
      state: 'foreign',
      fix: /--dir/,
    },
    {
      name: 'somebody’s hosts/',
      make: (folder) => {
        mkdirSync(join(folder, 'hosts'));
        return folder;
      },
      state: 'foreign',
      fix: /--dir/,
    },
    {
      name: 'a lab without lab.yaml',
      make: (folder) => {
        for (const name of ['hosts', 'pki', 'run']) mkdirSync(join(folder, name));
        return folder;
      },
      state: 'damaged',
      fix: /reset/,
    },
  ];
  test.for(cases)('$name is $state', ({ make, state, fix }) => {
    const path = make(emptyFolder());
    expect(directoryState(path)).toBe(state);
    expect(() => readDirectory(path)).toThrowError(
      expect.objectContaining({
        code: 'DIR_INVALID',
        what: expect.stringContaining(path),
        fix: expect.stringMatching(fix),
      }),
    );
  });
});

test('the desk’s time follows DIR/clock', async () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'clock'), '+400d\n');
  expect(deskNow(folder).getTime() - Date.now()).toBeGreaterThan(399 * 86_400_000);
  rmSync(join(folder, 'clock'));
  expect(Math.abs(deskNow(folder).getTime() - Date.now())).toBeLessThan(60_000);
});

test('a new lab.yaml explains itself', () => {
  const text = labYaml(
    { cas: 'single', apiserverClient: 'dedicated', key: 'rsa-2048', names: 'crt', workers: 1 },
    'require',
  );
  expect(text).toContain('require (strict: refuse in TLS) or request (as Kubernetes does: 401, 403)');
  expect(text).toContain('npx mtls-lab up --workers N');
});
