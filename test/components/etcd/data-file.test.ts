import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DataFile, openDataFile } from '../../../components/etcd/data-file.ts';
import type { Engine } from '../../../components/etcd/engine.ts';
import { fromJson } from '../../../components/etcd/json.ts';
import { memoryEngine } from './fixture.ts';

let dir: string;
let repaired: number[] = [];
let broken: string[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mtls-lab-wal-'));
  repaired = [];
  broken = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function open(snapshotCount = 1000): Promise<DataFile> {
  return openDataFile({
    dir,
    snapshotCount,
    onRepair: (_path, droppedBytes) => repaired.push(droppedBytes),
    onRewrite: () => {},
    onBroken: (text) => broken.push(text),
  });
}

async function openEngine(snapshotCount = 1000): Promise<Engine> {
  return memoryEngine({ dataFile: await open(snapshotCount) });
}

async function put(engine: Engine, key: string, value: string, lease = 0): Promise<void> {
  const request = {
    key: Buffer.from(key).toString('base64'),
    value: Buffer.from(value).toString('base64'),
    lease: String(lease),
  };
  engine.call('/etcdserverpb.KV/Put', fromJson('PutRequest', request));
  await engine.settled();
}

function read(engine: Engine): string[] {
  return engine.store.range({ start: '', end: '' }, 0).map(({ key, record }) => `${key}=${record.value}`);
}

function walPath(): string {
  const folder = join(dir, 'member', 'wal');
  const names = readdirSync(folder);
  expect(names).toHaveLength(1);
  return join(folder, names[0] ?? '');
}

test('everything is there again after a start: keys, history, revisions, leases, compaction', async () => {
  const engine = await openEngine();
  engine.call('/etcdserverpb.Lease/LeaseGrant', fromJson('LeaseGrantRequest', { ID: '7', TTL: '60' }));
  engine.call('/etcdserverpb.Lease/LeaseGrant', fromJson('LeaseGrantRequest', { ID: '8', TTL: '60' }));
  engine.call('/etcdserverpb.Lease/LeaseRevoke', fromJson('LeaseRevokeRequest', { ID: '8' }));
  await put(engine, 'a', '1');
  await put(engine, 'a', '2', 7);
  await put(engine, 'b\xff', 'ü');
  engine.call(
    '/etcdserverpb.KV/DeleteRange',
    fromJson('DeleteRangeRequest', { key: 'Yg==', range_end: 'Yw==' }),
  );
  await put(engine, 'a', '3');
  engine.call('/etcdserverpb.KV/Compact', fromJson('CompactionRequest', { revision: '3' }));
  const before = engine.store.dump();
  await engine.close();

  const again = await openEngine();
  expect(again.store.revision()).toBe(6);
  expect(again.store.compacted()).toBe(3);
  expect(again.store.dump()).toEqual(before);
  expect(again.leaseCount()).toBe(1);
  expect(repaired).toEqual([]);
  await again.close();
});

test('the file is private, and each line tells its checksum', async () => {
  const engine = await openEngine();
  await put(engine, 'a', '1');
  await engine.close();
  expect(statSync(walPath()).mode & 0o777).toBe(0o600);
  expect(readFileSync(walPath(), 'utf8')).toMatch(/^[0-9a-f]{8} \{"term":2\}\n[0-9a-f]{8} \{"revision":2,/);
});

test('an answer waits for the disk', async () => {
  const engine = await openEngine();
  engine.call('/etcdserverpb.KV/Put', fromJson('PutRequest', { key: 'YQ==', value: 'YQ==' }));
  const waiting = engine.settled();
  expect(waiting).toBeInstanceOf(Promise);
  expect(readFileSync(walPath(), 'utf8')).not.toContain('"revision":2');
  await waiting;
  expect(readFileSync(walPath(), 'utf8')).toContain('"revision":2');
  expect(engine.settled()).toBeUndefined();
  await engine.close();
});

test('watchers are told only what is on disk', async () => {
  const engine = await openEngine();
  const told: unknown[] = [];
  const stream = engine.watches.open({ send: (response) => told.push(response) > 0 });
  stream.request(fromJson('WatchRequest', { create_request: { key: 'YQ==' } }));
  engine.call('/etcdserverpb.KV/Put', fromJson('PutRequest', { key: 'YQ==' }));
  const waiting = engine.settled();
  expect(told).toHaveLength(1);
  await waiting;
  engine.watches.flush();
  expect(told).toHaveLength(2);
  await engine.close();
});

test('a hundred writers that come at once share one write', async () => {
  const dataFile = await open();
  await dataFile.settled();
  const waits = Array.from({ length: 100 }, (_, index) => {
    dataFile.append({ kind: 'lease', grant: BigInt(index + 1), ttlSeconds: 60 });
    return dataFile.settled();
  });
  expect(new Set(waits).size).toBe(1);
  await waits[0];
  await dataFile.close();
  expect((await open()).past.leases).toHaveLength(100);
});

const tails = [
  { name: 'half a line', tail: '0a1b2c3d {"revision":4,"chan' },
  { name: 'a line with a wrong checksum', tail: '00000000 {"revision":4,"changes":[]}\n' },
  { name: 'zeros, as some file systems leave them', tail: '\0'.repeat(300) },
  { name: 'two damaged lines', tail: 'xxxx\nyyyy\n' },
] as const;

test.for(tails)('drops a torn tail with a message: $name', async ({ tail }) => {
  const engine = await openEngine();
  await put(engine, 'a', '1');
  await put(engine, 'b', '2');
  await engine.close();
  appendFileSync(walPath(), tail);
  const again = await openEngine();
  expect(repaired).toEqual([tail.length]);
  expect(read(again)).toEqual(['a=1', 'b=2']);
  await put(again, 'c', '3');
  await again.close();
  expect(read(await openEngine())).toEqual(['a=1', 'b=2', 'c=3']);
});

test('a file that was cut anywhere starts with a prefix of what was written', async () => {
  const engine = await openEngine();
  for (let index = 0; index < 5; index++) await put(engine, `k${index}`, 'v');
  await engine.close();
  const path = walPath();
  const whole = readFileSync(path);
  const written = ['k0=v', 'k1=v', 'k2=v', 'k3=v', 'k4=v'];
  let longest = 0;
  for (let length = 0; length <= whole.length; length += 7) {
    writeFileSync(path, whole.subarray(0, length));
    const cut = await openEngine();
    const found = read(cut);
    expect(found).toEqual(written.slice(0, found.length));
    longest = Math.max(longest, found.length);
    await cut.close();
  }
  expect(longest).toBeGreaterThanOrEqual(4);
});

test('damage with good lines after it is no torn tail: it refuses to start and touches nothing', async () => {
  const engine = await openEngine();
  for (const key of ['a', 'b', 'c']) await put(engine, key, '1');
  await engine.close();
  const path = walPath();
  const bytes = readFileSync(path);
  bytes[bytes.indexOf('"revision":3') + 2] = 0x58;
  writeFileSync(path, bytes);
  await expect(open()).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    what: expect.stringContaining('crc mismatch'),
  });
  expect(readFileSync(path)).toEqual(bytes);
});

test('the file does not grow for ever', async () => {
  const engine = await openEngine(50);
  for (let round = 0; round < 1000; round++) {
    await put(engine, 'a', 'x'.repeat(1000));
    if (round % 100 === 99) {
      const request = { revision: String(engine.store.revision()) };
      engine.call('/etcdserverpb.KV/Compact', fromJson('CompactionRequest', request));
    }
  }
  await engine.close();
  expect(statSync(walPath()).size).toBeLessThan(250_000);
  const again = await openEngine();
  expect(again.store.revision()).toBe(1001);
  expect(again.store.peek('a', 1001)).toMatchObject({ version: 1000, create: 2 });
  await again.close();
});

test('what is written while the file is rewritten is in the new file', async () => {
  const engine = await openEngine(20);
  await Promise.all(
    Array.from({ length: 500 }, (_, index) => put(engine, `k${String(index).padStart(3, '0')}`, 'v')),
  );
  for (let index = 0; index < 100; index++) await put(engine, `l${index}`, 'v');
  const before = engine.store.dump();
  await engine.close();
  const again = await openEngine();
  expect(again.store.dump()).toEqual(before);
  await again.close();
});

test('a crash between the new file and the removal of the old one is no harm', async () => {
  const engine = await openEngine();
  await put(engine, 'a', 'new');
  await engine.close();
  const folder = join(dir, 'member', 'wal');
  const [name = ''] = readdirSync(folder);
  writeFileSync(join(folder, '0000000000000009.wal'), readFileSync(join(folder, name)));
  writeFileSync(join(folder, '0000000000000010.wal.tmp'), 'half');
  writeFileSync(join(folder, '0000000000000000-0000000000000000.wal'), "a real etcd's");
  expect(read(await openEngine())).toEqual(['a=new']);
  expect(readdirSync(folder).sort()).toEqual([
    '0000000000000000-0000000000000000.wal',
    '0000000000000009.wal',
  ]);
});

test('each start is a new term', async () => {
  for (const term of ['2', '3', '4']) {
    const engine = await openEngine();
    const { header } = engine.call('/etcdserverpb.Maintenance/Status', fromJson('StatusRequest', {}));
    expect(String(header?.raft_term)).toBe(term);
    await engine.close();
  }
});

test('nothing is acknowledged once the disk has failed', async () => {
  const dataFile = await open();
  await dataFile.settled();
  const engine = memoryEngine({ dataFile });
  await dataFile.close();
  await expect(put(engine, 'a', '1')).rejects.toThrow('etcdserver: server stopped');
  await expect(Promise.resolve(engine.settled())).rejects.toThrow('etcdserver: server stopped');
  expect(broken).toHaveLength(1);
});

test('a data directory that is a file is refused by name', async () => {
  rmSync(dir, { recursive: true });
  writeFileSync(dir, '');
  await expect(open()).rejects.toMatchObject({ code: 'DIR_UNWRITABLE', what: expect.stringContaining(dir) });
});
