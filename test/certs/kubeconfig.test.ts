import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { buildKubeconfig, readKubeconfig } from '../../certs/kubeconfig.ts';
import { KubeconfigError } from '../../certs/kubeconfig-file.ts';
import { emptyFolder, temporaryLab } from '../support/lab-directory.ts';
import { requireKubectl } from '../support/tools.ts';

type Json = Record<string, unknown>;
interface Config extends Json {
  clusters: { name: string; cluster: Json }[];
  contexts: { name: string; context: Json }[];
  users: { name: string; user: Json }[];
}

let dir: string;
beforeAll(async () => {
  dir = await temporaryLab();
});

/** A kubeconfig that works as far as files go; port 1 refuses. */
const good = (): Config => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [
    {
      name: 'k',
      cluster: { server: 'https://127.0.0.1:1', 'certificate-authority': join(dir, 'pki/ca.crt') },
    },
  ],
  contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
  'current-context': 'c',
  users: [
    {
      name: 'u',
      user: { 'client-certificate': join(dir, 'pki/admin.crt'), 'client-key': join(dir, 'pki/admin.key') },
    },
  ],
});
const changed = (change: (config: Config, cluster: Json, context: Json, user: Json) => void): Config => {
  const config = good();
  change(
    config,
    config.clusters[0]?.cluster ?? {},
    config.contexts[0]?.context ?? {},
    config.users[0]?.user ?? {},
  );
  return config;
};
const read = (text: string, file = '/lab/config') =>
  readKubeconfig(text, { file, open: (path) => closeSync(openSync(path, 'r')) });

test('what is built is read back, with paths against its own folder', () => {
  const text = buildKubeconfig({
    server: 'https://127.0.0.1:6443/',
    user: 'kubernetes-admin',
    ca: 'pki/ca.crt',
    cert: '../x/admin.crt',
    key: 'pki/admin.key',
  });
  expect(readKubeconfig(text, { file: '/home/.kube/config' })).toEqual({
    context: 'kubernetes-admin@kubernetes',
    cluster: 'kubernetes',
    user: 'kubernetes-admin',
    namespace: 'default',
    server: 'https://127.0.0.1:6443',
    insecure: false,
    ca: { file: '/home/.kube/pki/ca.crt' },
    cert: { file: '/home/x/admin.crt' },
    key: { file: '/home/.kube/pki/admin.key' },
  });
});

test('a server without a scheme is dialled in plain HTTP, as kubectl does', () => {
  expect(
    read(stringify(changed((_, cluster) => Object.assign(cluster, { server: '127.0.0.1:1' })))).server,
  ).toBe('http://127.0.0.1:1');
});

test('embedded data is decoded and says where it came from', () => {
  const data = Buffer.from('PEM').toString('base64');
  const config = changed((_, cluster) => {
    delete cluster['certificate-authority'];
    cluster['certificate-authority-data'] = data;
    cluster['tls-server-name'] = 'kubernetes';
  });
  expect(read(stringify(config))).toMatchObject({
    ca: { pem: 'PEM', from: '/lab/config (certificate-authority-data)' },
    serverName: 'kubernetes',
  });
});

test('a key without its certificate shows no certificate at all, as client-go', () => {
  const use = read(stringify(changed((_, __, ___, user) => delete user['client-certificate'])));
  expect(use.cert).toBeUndefined();
  expect(use.key).toBeUndefined();
});

/** Each is put to real kubectl as well: the last line must be the same. */
const WRONG: { name: string; config: () => string | Config; fix: RegExp }[] = [
  { name: 'a list', config: () => '- a\n- b\n', fix: /apiVersion: v1/ },
  { name: 'plain text', config: () => 'hello\n', fix: /apiVersion: v1/ },
  { name: 'a saved HTML page', config: () => '<html><body>hi</body></html>\n', fix: /apiVersion: v1/ },
  { name: 'a tab', config: () => 'apiVersion: v1\n\tkind: Config\n', fix: /line 2/ },
  {
    name: 'another kind',
    config: () => changed((config) => Object.assign(config, { kind: 'Pod' })),
    fix: /kind: Config/,
  },
  {
    name: 'another version',
    config: () => changed((config) => Object.assign(config, { apiVersion: 'v2' })),
    fix: /apiVersion: v1/,
  },
  {
    name: 'users that are no list',
    config: () => changed((config) => Object.assign(config, { users: { u: {} } })),
    fix: /users: a list/,
  },
  {
    name: 'insecure as a text',
    config: () => changed((_, cluster) => Object.assign(cluster, { 'insecure-skip-tls-verify': 'please' })),
    fix: /true or false/,
  },
  { name: 'an empty file', config: () => '', fix: /current-context/ },
  {
    name: 'no current context',
    config: () => changed((config) => delete config['current-context']),
    fix: /current-context/,
  },
  {
    name: 'a context that is missing',
    config: () => changed((config) => Object.assign(config, { 'current-context': 'nope' })),
    fix: /one of: c/,
  },
  {
    name: 'a cluster that is missing',
    config: () => changed((_, __, context) => Object.assign(context, { cluster: 'zz' })),
    fix: /clusters:/,
  },
  {
    name: 'no server',
    config: () => changed((_, cluster) => delete cluster['server']),
    fix: /server: https/,
  },
  {
    name: 'a server that is no URL',
    config: () => changed((_, cluster) => Object.assign(cluster, { server: 'https://127.0.0.1:notaport' })),
    fix: /https:\/\/HOST:PORT/,
  },
  {
    name: 'a user that is missing',
    config: () => changed((_, __, context) => Object.assign(context, { user: 'zz' })),
    fix: /add zz under users/,
  },
  { name: 'no user', config: () => changed((_, __, context) => delete context['user']), fix: /write user:/ },
  {
    name: 'a certificate without a key',
    config: () => changed((_, __, ___, user) => delete user['client-key']),
    fix: /./,
  },
  {
    name: 'a certificate file that is missing',
    config: () =>
      changed((_, __, ___, user) => Object.assign(user, { 'client-certificate': '/nowhere/a.crt' })),
    fix: /./,
  },
  {
    name: 'a key file that is missing',
    config: () => changed((_, __, ___, user) => Object.assign(user, { 'client-key': '/nowhere/a.key' })),
    fix: /./,
  },
  {
    name: 'a CA file that is missing',
    config: () =>
      changed((_, cluster) => Object.assign(cluster, { 'certificate-authority': '/nowhere/ca.crt' })),
    fix: /./,
  },
  {
    name: 'insecure with a CA',
    config: () => changed((_, cluster) => Object.assign(cluster, { 'insecure-skip-tls-verify': true })),
    fix: /./,
  },
  {
    name: 'data that is not base64',
    config: () => changed((_, __, ___, user) => Object.assign(user, { 'client-certificate-data': '!!!' })),
    fix: /base64/,
  },
  {
    name: 'base64 that breaks in the middle',
    config: () =>
      changed((_, __, ___, user) => Object.assign(user, { 'client-certificate-data': 'QUJD!UJD' })),
    fix: /base64/,
  },
  {
    name: 'base64 that is cut off',
    config: () => changed((_, __, ___, user) => Object.assign(user, { 'client-certificate-data': 'QUJDR' })),
    fix: /base64/,
  },
  {
    name: 'a file and data at once',
    config: () => changed((_, __, ___, user) => Object.assign(user, { 'client-key-data': 'QUJD' })),
    fix: /./,
  },
  {
    name: 'a token that is a number',
    config: () => changed((_, __, ___, user) => Object.assign(user, { token: 123 })),
    fix: /quotes/,
  },
  {
    name: 'a user name that YAML 1.1 takes for "no"',
    config: () =>
      `${stringify(good())}`.replace(
        'user:\n      client-certificate',
        'user:\n      username: n\n      client-certificate',
      ),
    fix: /quotes/,
  },
  {
    name: 'a file that is a folder in place of a cluster',
    config: () => changed((_, __, context) => Object.assign(context, { cluster: ['k'] })),
    fix: /quotes/,
  },
  {
    name: 'two ways to log in',
    config: () => changed((_, __, ___, user) => Object.assign(user, { token: 't', username: 'jane' })),
    fix: /./,
  },
];

describe('a kubeconfig that cannot be used is refused, naming file and fix', () => {
  test.for(WRONG)('$name', ({ config, fix }) => {
    const made = config();
    const text = typeof made === 'string' ? made : stringify(made);
    expect(() => read(text)).toThrowError(
      expect.objectContaining({
        code: 'KUBECONFIG_INVALID',
        what: expect.stringContaining('/lab/config'),
        fix: expect.stringMatching(fix),
      }),
    );
  });
});

describe('kubectl ends with the same line', () => {
  test.for(WRONG)('$name', ({ config }, context) => {
    const kubectl = requireKubectl(context, '1.33');
    const folder = emptyFolder();
    const file = join(folder, 'config');
    const made = config();
    const text = typeof made === 'string' ? made : stringify(made);
    writeFileSync(file, text);
    const lines = kubectlLines(kubectl, file, folder);
    expect(lines.at(-1)).toBe(errorOf(() => read(text, file)).kubectlText);
  });
});

function kubectlLines(kubectl: string, file: string, home: string): string[] {
  try {
    execFileSync(kubectl, ['--kubeconfig', file, '--request-timeout=1s', 'get', 'pods'], {
      input: '',
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: home },
      stdio: 'pipe',
    });
    return [];
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return `${stdout}${stderr}`.trim().split('\n');
  }
}

function errorOf(run: () => unknown): KubeconfigError {
  try {
    run();
  } catch (error) {
    if (error instanceof KubeconfigError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}
