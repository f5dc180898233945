/** Watches over real sockets: order, selectors, resourceVersion, bookmarks. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type TestCluster, until } from '../../support/cluster.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
let cluster: TestCluster;

interface Event {
  readonly type: string;
  readonly object: {
    readonly kind: string;
    readonly code?: number;
    readonly message?: string;
    readonly metadata: {
      readonly name: string;
      readonly resourceVersion: string;
      readonly annotations?: Record<string, string>;
    };
    readonly data?: Record<string, string>;
  };
}

beforeAll(async () => {
  cluster = await startCluster({ etcdFlags: ['--data-dir=/var/lib/etcd'] });
});

afterAll(() => cluster?.close());

const make = (name: string, labels: Record<string, string> = {}) =>
  cluster.call('admin', 'POST', MAPS, { metadata: { name, labels }, data: {} });
const shown = (events: readonly Event[]) => events.map((one) => `${one.type} ${one.object.metadata.name}`);

/** Everything that a watch tells within a second. */
const watched = async (query: string): Promise<Event[]> =>
  eventsOf(await cluster.watch(`${MAPS}?watch=true&timeoutSeconds=1&${query}`));

/** Everything that a watch tells up to an object of this name, which is to come within a minute. */
const watchedUntil = async (name: string, query: string): Promise<Event[]> =>
  eventsOf(await cluster.watch(`${MAPS}?watch=true&timeoutSeconds=60&${query}`, `"name":"${name}"`));

/** The whole lines; the last one may be cut off. */
const eventsOf = (text: string): Event[] =>
  text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

test('tells what happened after a resourceVersion, in order', async () => {
  const { body } = await cluster.call('admin', 'GET', MAPS);
  const from = body.metadata.resourceVersion;
  await make('w1');
  await cluster.call(
    'admin',
    'PATCH',
    `${MAPS}/w1`,
    { data: { a: '1' } },
    { 'content-type': 'application/merge-patch+json' },
  );
  await make('w2');
  await cluster.call('admin', 'DELETE', `${MAPS}/w1`);
  const events = await watched(`resourceVersion=${from}`);
  expect(shown(events)).toEqual(['ADDED w1', 'MODIFIED w1', 'ADDED w2', 'DELETED w1']);
  const versions = events.map((one) => Number(one.object.metadata.resourceVersion));
  expect(versions).toEqual([...versions].sort((a, b) => a - b));
});

test('without a resourceVersion it begins with what there is', async () => {
  await make('w3');
  expect(shown(await watched(''))).toContain('ADDED w3');
});

test('an object that ceases to match is told as deleted, one that begins to match as added', async () => {
  const { body } = await cluster.call('admin', 'GET', MAPS);
  await make('w4', { tier: 'a' });
  const label = (tier: string | null) =>
    cluster.call(
      'admin',
      'PATCH',
      `${MAPS}/w4`,
      { metadata: { labels: { tier } } },
      { 'content-type': 'application/merge-patch+json' },
    );
  await label('b');
  await label('a');
  await label(null);
  const events = await watched(`resourceVersion=${body.metadata.resourceVersion}&labelSelector=tier%3Da`);
  expect(shown(events)).toEqual(['ADDED w4', 'DELETED w4', 'ADDED w4', 'DELETED w4']);
});

test('a list as a stream ends in a bookmark', async () => {
  const events = await watched(
    'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
  );
  const last = events.findLast((one) => one.type === 'BOOKMARK');
  expect(last?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
});

test('fifty watchers see two hundred writes, all of them, in order', async () => {
  const { body } = await cluster.call('admin', 'GET', MAPS);
  const from = `resourceVersion=${body.metadata.resourceVersion}`;
  const watchers = Array.from({ length: 50 }, () => watchedUntil('many-end', from));
  const wanted = [...Array.from({ length: 200 }, (_, at) => `ADDED many-${at}`), 'ADDED many-end'];
  for (let at = 0; at < 200; at++) await make(`many-${at}`);
  await make('many-end');
  for (const events of await Promise.all(watchers)) expect(shown(events)).toEqual(wanted);
}, 60_000);

test('a watch outlives an etcd that goes away and comes back', async () => {
  const { body } = await cluster.call('admin', 'GET', MAPS);
  const watching = watchedUntil('after', `resourceVersion=${body.metadata.resourceVersion}`);
  await cluster.restartEtcd();
  await until('writes go through again', async () => (await make('after')).status === 201);
  expect(await watching.then(shown)).toContain('ADDED after');
}, 60_000);
