import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contentsOf } from '../../certs/content.ts';
import { deskFiles } from '../../certs/desk.ts';
import { deviations, expectedVersusFound } from '../../certs/expected.ts';
import { undistributed } from '../../certs/hosts.ts';
import { type Identity, identities } from '../../certs/identities.ts';
import { readManifest } from '../../components/manifest.ts';
import { directoryState, readDirectory } from '../../lab/directory.ts';
import { type InitOptions, initDirectory, resetDirectory } from '../../lab/init.ts';
import { emptyFolder, filesUnder, temporaryLab } from '../support/lab-directory.ts';
import { requireKubectl, requireTool } from '../support/tools.ts';

const now = () => new Date();
const all = (dir: string): readonly Identity[] => identities(readDirectory(dir).choices);

/** The walkthrough's lists: sections 3.1, 3.2 and 4. */
const SEED_FILES = [
  'apiserver',
  'etcd-server',
  'worker-1/kubelet',
  'admin',
  'scheduler',
  'controller-manager',
  'kube-proxy',
  'ca',
].flatMap((base) => [`${base}.crt`, `${base}.key`]);

describe('init makes a whole cluster', () => {
  const cases: { name: string; options: InitOptions }[] = [
    { name: 'default choices, RSA', options: { key: 'rsa-2048' } },
    { name: 'ecdsa-p256', options: {} },
    { name: 'a CA of its own for etcd', options: { cas: 'separate' } },
    { name: 'the API server’s certificate reused', options: { apiserverClient: 'reuse' } },
    { name: 'pem names', options: { names: 'pem' } },
    { name: 'three workers', options: { workers: 3 } },
    { name: 'separate, pem, two workers', options: { cas: 'separate', names: 'pem', workers: 2 } },
  ];
  const labs = new Map<InitOptions, Promise<string>>();
  /** The lab of a row, made once: these tests only read. */
  const labOf = (options: InitOptions): Promise<string> => {
    const made = labs.get(options) ?? temporaryLab(options);
    labs.set(options, made);
    return made;
  };
  const fast = cases.filter(({ options }) => options.key === undefined);
  test.for(cases)(
    '$name: openssl verifies every certificate for its purposes',
    async ({ options }, context) => {
      const openssl = requireTool(context, 'openssl');
      const dir = await labOf(options);
      for (const identity of all(dir)) {
        const signer = all(dir).find(({ id }) => id === identity.signer);
        const ca = signer ? deskFiles(dir, signer).cert : '';
        for (const usage of identity.usages) {
          const purpose = usage === 'serverAuth' ? 'sslserver' : 'sslclient';
          const out = execFileSync(
            openssl,
            ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', ca, deskFiles(dir, identity).cert],
            { encoding: 'utf8' },
          );
          expect(out).toMatch(/: OK\n$/);
        }
      }
    },
  );

  test.for(cases)(
    '$name: nothing deviates from the table, and everything is distributed',
    async ({ options }) => {
      const dir = await labOf(options);
      const { choices } = readDirectory(dir);
      expect(deviations(expectedVersusFound(dir, choices, { now })).map(({ sentence }) => sentence)).toEqual(
        [],
      );
      expect(undistributed(dir, choices)).toEqual([]);
    },
  );

  test.for(fast)('$name: no CA key is on any host', async ({ options }) => {
    const dir = await labOf(options);
    const caKeys = all(dir)
      .filter(({ kind }) => kind === 'ca')
      .map((identity) => readFileSync(deskFiles(dir, identity).key, 'utf8').trim());
    const hosts = join(dir, 'hosts');
    for (const file of filesUnder(hosts)) {
      const text = readFileSync(join(hosts, file), 'utf8');
      expect(
        caKeys.some((key) => text.includes(key)),
        file,
      ).toBe(false);
      expect(file).not.toMatch(/(^|\/)(etcd-)?ca(-key\.pem|\.key)$/);
    }
  });

  test.for(cases)(
    '$name: every path in manifests, kubeconfigs and configs exists on its host',
    async ({ options }) => {
      const dir = await labOf(options);
      const control = join(dir, 'hosts', 'control-plane');
      for (const pod of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']) {
        const { argv, program } = readManifest(join(control, 'etc/kubernetes/manifests', `${pod}.yaml`));
        expect(program).toBe(pod);
        const paths = argv.flatMap((flag) => /=(\/etc\/.*)$/.exec(flag)?.[1] ?? []);
        expect(paths.length).toBeGreaterThan(1);
        for (const path of paths) expect(existsSync(join(control, path)), path).toBe(true);
      }
      const config = readFileSync(join(dir, 'hosts/worker-1/var/lib/kubelet/config.yaml'), 'utf8');
      for (const [, path] of config.matchAll(/: (\/.*)$/gm))
        expect(existsSync(join(dir, 'hosts/worker-1', path ?? '')), path).toBe(true);
    },
  );

  test('every file of the walkthrough’s lists exists by its name', async () => {
    const dir = await temporaryLab();
    expect(filesUnder(join(dir, 'pki'))).toEqual(expect.arrayContaining(SEED_FILES));
  });

  test('every leaf has its request on the desk, and the request is not a certificate', async () => {
    const dir = await temporaryLab();
    for (const identity of all(dir).filter(({ kind }) => kind === 'leaf')) {
      const { csr } = deskFiles(dir, identity);
      expect(contentsOf(readFileSync(csr ?? ''))).toEqual(['csr']);
    }
  });

  test('keys are 0600, certificates 0644, run is 0700, whatever the umask', async () => {
    const before = process.umask(0o077);
    try {
      const dir = await temporaryLab();
      for (const file of filesUnder(dir)) {
        const mode = statSync(join(dir, file)).mode & 0o777;
        if (/\.key$/.test(file)) expect(mode, file).toBe(0o600);
        if (/\.(crt|csr)$/.test(file)) expect(mode, file).toBe(0o644);
      }
      expect(statSync(join(dir, 'run')).mode & 0o777).toBe(0o700);
    } finally {
      process.umask(before);
    }
  });

  test('a refused pair of choices leaves nothing behind', async () => {
    const dir = join(emptyFolder(), 'lab');
    await expect(initDirectory(dir, { cas: 'separate', apiserverClient: 'reuse' })).rejects.toMatchObject({
      code: 'CHOICE_REFUSED',
    });
    expect(existsSync(dir)).toBe(false);
  });

  test('real kubectl reads every kubeconfig, and finds its files from any folder', async (context) => {
    const kubectl = requireKubectl(context);
    const dir = await temporaryLab();
    for (const file of filesUnder(join(dir, 'hosts')).filter(
      (each) => /\.conf$|\.kube\/config$/.test(each) && !each.endsWith('/config.conf'),
    )) {
      const path = join(dir, 'hosts', file);
      const out = execFileSync(
        kubectl,
        ['--kubeconfig', path, 'config', 'view', '--minify', '--flatten', '--raw', '-o', 'json'],
        { cwd: '/', encoding: 'utf8' },
      );
      const view = JSON.parse(out);
      expect(view.clusters[0].cluster['certificate-authority-data']).toMatch(/^LS0tLS1CRUdJTi/);
      expect(view.users[0].user['client-key-data']).toMatch(/^LS0tLS1CRUdJTi/);
    }
  });
});

describe('a directory that is not free', () => {
  test('a lab is never overwritten', async () => {
    const dir = await temporaryLab();
    const before = readFileSync(join(dir, 'pki/ca.key'), 'utf8');
    await expect(initDirectory(dir, { portBase: 0 })).rejects.toMatchObject({ code: 'DESK_EXISTS' });
    expect(readFileSync(join(dir, 'pki/ca.key'), 'utf8')).toBe(before);
  });

  test('a folder with somebody’s own pki/ is refused and untouched', async () => {
    const dir = emptyFolder();
    mkdirSync(join(dir, 'pki'));
    writeFileSync(join(dir, 'pki/mine.key'), 'mine');
    await expect(initDirectory(dir, { portBase: 0 })).rejects.toMatchObject({ code: 'DIR_INVALID' });
    expect(filesUnder(dir)).toEqual(['pki/mine.key']);
  });

  test('a file in its place is refused', async () => {
    const dir = join(emptyFolder(), 'lab');
    writeFileSync(dir, '');
    await expect(initDirectory(dir, { portBase: 0 })).rejects.toMatchObject({ code: 'DIR_INVALID' });
  });

  test.skipIf(process.getuid?.() === 0)('a folder without rights is refused with the way out', async () => {
    const dir = emptyFolder();
    chmodSync(dir, 0o500);
    await expect(initDirectory(join(dir, 'lab'), { portBase: 0 })).rejects.toMatchObject({
      code: 'DIR_UNWRITABLE',
      fix: expect.stringContaining('--dir'),
    });
    chmodSync(dir, 0o700);
  });

  test.skipIf(!existsSync('/sys/kernel'))(
    'a place that nobody can write is refused with the way out',
    async () => {
      await expect(initDirectory('/sys/kernel/lab', { portBase: 0 })).rejects.toMatchObject({
        code: 'DIR_UNWRITABLE',
        fix: expect.stringContaining('--dir'),
      });
    },
  );

  test('a place below a file cannot be written, and the error names it', async () => {
    const file = join(emptyFolder(), 'file');
    writeFileSync(file, '');
    await expect(initDirectory(join(file, 'lab'), { portBase: 0 })).rejects.toMatchObject({
      code: expect.stringMatching(/DIR_/),
      what: expect.stringContaining(file),
    });
  });
});

describe('a kill in the middle of init', () => {
  test('is recognised, and a new init completes it', async () => {
    const dir = await temporaryLab();
    rmSync(join(dir, 'lab.yaml'));
    rmSync(join(dir, 'hosts/worker-1'), { recursive: true });
    writeFileSync(join(dir, 'run/init'), '');
    expect(directoryState(dir)).toBe('interrupted');
    expect(() => readDirectory(dir)).toThrowError(
      expect.objectContaining({ code: 'DIR_INVALID', fix: expect.stringContaining('npx mtls-lab init') }),
    );
    const report = await initDirectory(dir, { key: 'ecdsa-p256', portBase: 0 });
    expect(report.completed).toBe(true);
    expect(existsSync(join(dir, 'run/init'))).toBe(false);
    expect(deviations(expectedVersusFound(dir, readDirectory(dir).choices, { now }))).toEqual([]);
  });
});

describe('reset', () => {
  test('removes what the lab made and nothing else', async () => {
    const dir = await temporaryLab();
    const elsewhere = emptyFolder();
    writeFileSync(join(elsewhere, 'precious'), '');
    writeFileSync(join(dir, 'notes.txt'), 'mine');
    symlinkSync(elsewhere, join(dir, 'hosts/laptop/link'));
    const report = resetDirectory(dir);
    expect(report.kept).toEqual(['notes.txt']);
    expect(filesUnder(dir)).toEqual(['notes.txt']);
    expect(existsSync(join(elsewhere, 'precious'))).toBe(true);
    await initDirectory(dir, { key: 'ecdsa-p256', portBase: 0 });
  });

  test('removes the directory when nothing else is in it', async () => {
    const dir = await temporaryLab();
    resetDirectory(dir);
    expect(existsSync(dir)).toBe(false);
  });

  test('touches nothing where there is no lab', async () => {
    const dir = emptyFolder();
    writeFileSync(join(dir, 'hosts'), 'my list of hosts');
    expect(() => resetDirectory(dir)).toThrowError(expect.objectContaining({ code: 'DIR_INVALID' }));
    expect(filesUnder(dir)).toEqual(['hosts']);
  });
});
