/**
 * Handshakes on their way to the pages: gathered for 50 ms, made into text once for all pages, and a page that does
 * not keep up gets one fresh snapshot instead of everything that it missed.
 */
import { join, relative } from 'node:path';
import type { WebSocket } from 'ws';
import { sufferingOf } from '../consequences.ts';
import { readDirectory, settingsOf } from '../directory.ts';
import { standingFaults } from '../faults/engine.ts';
import { type HiddenBreak, readHidden, revealBreak, standsFor } from '../faults/hidden.ts';
import type { Lab } from '../lab.ts';
import { clocksOf } from '../status.ts';
import type { ClusterNews, PageMessage, Snapshot } from './events.ts';

const BATCH_MS = 50;
const SUFFERING_MS = 3000;
/** A page with more than this unsent is slow. */
const SLOW_BYTES = 1024 * 1024;

/** The feed of one dashboard. */
export interface Feed {
  add(page: WebSocket): void;
  /** Look at the cluster now and tell all pages; resolves when they are told. */
  look(): Promise<void>;
  /** Tell all pages. */
  tell(message: PageMessage): void;
  close(): void;
}

/** Follow a lab's journal for the pages. */
export function openFeed(lab: Lab): Feed {
  const { cluster } = lab;
  const pages = new Set<WebSocket>();
  const slow = new Set<WebSocket>();
  const pulses = new Map<string, number>();
  let hidden: HiddenBreak | undefined;
  let news = readNews(lab, { consequences: [], badges: [], solved: null });
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let again = false;

  const snapshot = (): Snapshot => ({
    kind: 'snapshot',
    channels: cluster.channels(),
    hosts: lab.directory.hosts.map(({ name }) => name),
    dirOption: dirOption(lab.directory.dir),
    ends: cluster.topology.map(({ id, clientIdentity, serverIdentity }) => ({
      channel: id,
      client: clientIdentity,
      server: serverIdentity,
    })),
    cluster: news,
  });

  const flush = (): void => {
    timer = undefined;
    const channels = cluster.channels(new Set(pulses.keys()));
    send({ kind: 'batch', channels, pulses: Object.fromEntries(pulses) });
    pulses.clear();
  };

  const send = (message: PageMessage): void => {
    if (pages.size === 0) return;
    const text = JSON.stringify(message);
    for (const page of pages) {
      if (page.bufferedAmount > SLOW_BYTES) slow.add(page);
      else if (slow.delete(page)) page.send(JSON.stringify(snapshot()));
      else page.send(text);
    }
  };

  const lookOnce = async (): Promise<void> => {
    do {
      again = false;
      news = readNews(lab, news);
      send(news);
      const { consequences, badges } = await sufferingOf(cluster);
      news = readNews(lab, { ...news, consequences, badges, solved: told() ?? news.solved });
      send(news);
    } while (again);
  };

  /** What the hidden break was, when it is found, mended or revealed. */
  const told = (): ClusterNews['solved'] | undefined => {
    const { dir } = lab.directory;
    const now = readHidden(dir);
    const was = hidden ?? now;
    hidden = now;
    if (was === undefined) return undefined;
    const stands = standingFaults(dir).some((one) => one.fault === was.fault && one.target === was.target);
    if (now !== undefined) {
      if (stands || cluster.channels().some(({ layer }) => layer !== 'ok')) return null;
      revealBreak(dir);
      hidden = undefined;
    }
    return {
      text: `${stands ? 'Revealed after' : 'Solved in'} ${standsFor(was)}; it was ${was.fault} on ${was.target}.`,
    };
  };

  const look = (): Promise<void> => {
    again = looking !== undefined;
    looking ??= lookOnce().finally(() => {
      looking = undefined;
    });
    return looking;
  };

  const unsubscribe = cluster.journal.subscribe((event) => {
    if (event.kind !== 'trace' || pages.size === 0) return;
    const { channel } = event.trace;
    pulses.set(channel, (pulses.get(channel) ?? 0) + 1);
    timer ??= setTimeout(flush, BATCH_MS);
  });
  const every = setInterval(() => {
    if (pages.size > 0 && looking === undefined) void look().catch(() => undefined);
  }, SUFFERING_MS);

  return {
    add: (page) => {
      pages.add(page);
      page.on('close', () => {
        pages.delete(page);
        slow.delete(page);
      });
      page.on('error', () => page.terminate());
      page.send(JSON.stringify(snapshot()));
      void look().catch(() => undefined);
    },
    look,
    tell: send,
    close: () => {
      unsubscribe();
      clearInterval(every);
      clearTimeout(timer);
      for (const page of pages) page.terminate();
    },
  };
}

/** What the files say, with what the API server said last; a lab.yaml that cannot be read leaves the mode as it was. */
function readNews(
  { directory }: Lab,
  before: Pick<ClusterNews, 'consequences' | 'badges' | 'solved'> & Partial<ClusterNews>,
): ClusterNews {
  let clientAuth = before.clientAuth ?? settingsOf(directory, 'kube-apiserver').clientAuth;
  try {
    clientAuth = settingsOf(readDirectory(directory.dir), 'kube-apiserver').clientAuth;
  } catch {
    // A half-written lab.yaml.
  }
  const hidden = readHidden(directory.dir);
  return {
    kind: 'cluster',
    clientAuth,
    consequences: before.consequences,
    badges: before.badges,
    clocks: clocksOf(directory),
    standing: standingFaults(directory.dir)
      .filter(({ fault, target }) => fault !== hidden?.fault || target !== hidden.target)
      .map(({ fault, target }) => ({ fault, target })),
    hidden: hidden ? { at: hidden.at } : null,
    solved: before.solved,
  };
}

/** What a command needs to find this lab from where it was started. */
function dirOption(dir: string): string {
  if (dir === join(process.cwd(), 'mtls-lab')) return '';
  const near = relative(process.cwd(), dir);
  const shown = near.startsWith('..') ? dir : near;
  return ` --dir ${/^[\w./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`}`;
}
