import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type FolderWatch, watchFolder } from '../../lab/watch.ts';

let root = '';
let watch: FolderWatch | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'watch-'));
});
afterEach(() => {
  watch?.close();
  rmSync(root, { recursive: true, force: true });
});

function begin(folder: string) {
  const changed = vi.fn<() => void>();
  watch = watchFolder(folder, changed);
  return changed;
}

async function told(changed: ReturnType<typeof begin>, times: number): Promise<void> {
  await vi.waitFor(() => expect(changed.mock.calls.length).toBeGreaterThanOrEqual(times), { timeout: 8000 });
}

test('tells of a new file, a rename over it, a write in place, and a removal', async () => {
  const changed = begin(root);
  const file = join(root, 'a.yaml');
  writeFileSync(file, 'one');
  await told(changed, 1);
  writeFileSync(join(root, '.draft'), 'two!');
  renameSync(join(root, '.draft'), file);
  await told(changed, 2);
  writeFileSync(file, 'three');
  await told(changed, 3);
  rmSync(file);
  await told(changed, 4);
});

test('tells of changes after the folder was removed and made again', async () => {
  const folder = join(root, 'etc', 'manifests');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'a.yaml'), 'one');
  const changed = begin(folder);
  rmSync(join(root, 'etc'), { recursive: true });
  await told(changed, 1);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'a.yaml'), 'one');
  await told(changed, 2);
  const before = changed.mock.calls.length;
  writeFileSync(join(folder, 'a.yaml'), 'two');
  await told(changed, before + 1);
});

test('tells nothing after it was closed', async () => {
  const changed = begin(root);
  watch?.close();
  writeFileSync(join(root, 'a.yaml'), 'one');
  const other = vi.fn<() => void>();
  const second = watchFolder(root, other);
  writeFileSync(join(root, 'b.yaml'), 'one');
  await vi.waitFor(() => expect(other).toHaveBeenCalled(), { timeout: 8000 });
  second.close();
  expect(changed).not.toHaveBeenCalled();
});
