import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildManifest, parseManifest, readManifest, setManifestFlag } from '../../components/manifest.ts';
import { emptyFolder } from '../support/lab-directory.ts';

const TEXT = buildManifest({
  name: 'kube-scheduler',
  image: 'example/kube-scheduler:v1.33.0',
  argv: ['--bind-address=127.0.0.1', '--kubeconfig=/etc/kubernetes/scheduler.conf'],
  mounts: { kubeconfig: { path: '/etc/kubernetes/scheduler.conf', type: 'FileOrCreate' } },
});

test('what is built is read back', () => {
  expect(parseManifest(TEXT, 'x.yaml')).toEqual({
    name: 'kube-scheduler',
    program: 'kube-scheduler',
    argv: ['--bind-address=127.0.0.1', '--kubeconfig=/etc/kubernetes/scheduler.conf'],
  });
});

test('it is a Pod as a kubelet would run it', () => {
  expect(TEXT).toMatch(/^apiVersion: v1\nkind: Pod\n/);
  expect(TEXT).toContain('hostNetwork: true');
  expect(TEXT).toContain('mountPath: /etc/kubernetes/scheduler.conf');
});

describe('a manifest that cannot be used is refused with file, line and fix', () => {
  const cases = [
    { name: 'an empty file', text: '', what: 'm.yaml:1: the file is empty' },
    { name: 'a list', text: '- a\n- b\n', what: 'm.yaml:1: not a mapping' },
    {
      name: 'a bracket left open',
      text: TEXT.replace('labels:', 'labels: ['),
      what: /^m\.yaml:\d+: not valid YAML/,
    },
    { name: 'a tab', text: TEXT.replace('  labels', '\tlabels'), what: /^m\.yaml:4: not valid YAML/ },
    {
      name: 'another kind',
      text: TEXT.replace('kind: Pod', 'kind: Deployment'),
      what: 'm.yaml:2: kind is "Deployment", not Pod',
    },
    { name: 'no kind', text: TEXT.replace('kind: Pod\n', ''), what: 'm.yaml:1: kind is missing, not Pod' },
    {
      name: 'no name',
      text: TEXT.replace('\n  name: kube-scheduler', ''),
      what: 'm.yaml:1: metadata.name is missing',
    },
    {
      name: 'containers as a text',
      text: TEXT.replace(/containers:[\s\S]*?hostNetwork/, 'containers: none\n  hostNetwork'),
      what: /^m\.yaml:10: spec.containers is not a list/,
    },
    {
      name: 'no command',
      text: TEXT.replace('command:', 'commands:'),
      what: /spec\.containers\[0\]\.command is not a list/,
    },
    {
      name: 'a flag with ": " in place of "="',
      text: TEXT.replace('--bind-address=', '--bind-address: '),
      what: 'm.yaml:13: a flag is not plain text',
    },
  ];
  test.for(cases)('$name', ({ text, what }) => {
    expect(() => parseManifest(text, 'm.yaml')).toThrowError(
      expect.objectContaining({
        code: 'MANIFEST_INVALID',
        what: typeof what === 'string' ? what : expect.stringMatching(what),
        fix: expect.stringContaining('m.yaml'),
      }),
    );
  });

  test('a missing file and a folder are named', () => {
    const folder = emptyFolder();
    expect(() => readManifest(join(folder, 'none.yaml'))).toThrowError(
      expect.objectContaining({ code: 'FILE_MISSING', what: expect.stringContaining('none.yaml') }),
    );
    expect(() => readManifest(folder)).toThrowError(expect.objectContaining({ code: 'FILE_UNREADABLE' }));
  });
});

describe('setManifestFlag', () => {
  const file = () => {
    const path = join(emptyFolder(), 'kube-scheduler.yaml');
    writeFileSync(path, `# my note\n${TEXT}`, { mode: 0o600 });
    return path;
  };

  test('changes, adds and removes a flag, and keeps comments and mode', () => {
    const path = file();
    setManifestFlag(path, 'bind-address', '127.0.0.9');
    setManifestFlag(path, 'secure-port', '10259');
    expect(readManifest(path).argv).toEqual([
      '--bind-address=127.0.0.9',
      '--kubeconfig=/etc/kubernetes/scheduler.conf',
      '--secure-port=10259',
    ]);
    setManifestFlag(path, 'kubeconfig', null);
    setManifestFlag(path, 'never-there', null);
    expect(readManifest(path).argv).toEqual(['--bind-address=127.0.0.9', '--secure-port=10259']);
    expect(readFileSync(path, 'utf8')).toMatch(/^# my note\n/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('a flag whose name only begins alike is another flag', () => {
    const path = file();
    setManifestFlag(path, 'bind', 'x');
    expect(readManifest(path).argv).toContain('--bind-address=127.0.0.1');
  });
});
