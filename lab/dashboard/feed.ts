/**
 * Handshakes on their way to the pages: gathered for 50 ms, made into text once for all pages, and a page that does
 * not keep up gets one fresh snapshot instead of everything that it missed.
 */
import type { WebSocket } from 'ws';
import { consequencesOf } from '../consequences.ts';
import { readDirectory, settingsOf } from '../directory.ts';
import type { Lab } from '../lab.ts';
import type { PageMessage, Snapshot } from './events.ts';

const BATCH_MS = 50;
const SUFFERING_MS = 3000;
/** A page with more than this unsent is slow. */
const SLOW_BYTES = 1024 * 1024;

/** The feed of one dashboard. */
export interface Feed {
  add(page: WebSocket): void;
  close(): void;
}

/** Follow a lab's journal for the pages. */
export function openFeed(lab: Lab): Feed {
  const { cluster } = lab;
  const pages = new Set<WebSocket>();
  const slow = new Set<WebSocket>();
  const pulses = new Map<string, number>();
  let consequences: readonly string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let asking = false;

  const flush = (): void => {
    timer = undefined;
    const channels = cluster.channels().filter(({ id }) => pulses.has(id));
    send({ kind: 'batch', channels, pulses: Object.fromEntries(pulses) });
    pulses.clear();
  };

  const send = (message: PageMessage): void => {
    const text = JSON.stringify(message);
    for (const page of pages) {
      if (page.bufferedAmount > SLOW_BYTES) slow.add(page);
      else if (slow.delete(page)) page.send(JSON.stringify(snapshot(lab, consequences)));
      else page.send(text);
    }
  };

  const look = async (): Promise<void> => {
    if (asking || pages.size === 0) return;
    asking = true;
    try {
      consequences = await consequencesOf(cluster);
      send({ kind: 'consequences', consequences });
    } finally {
      asking = false;
    }
  };

  const unsubscribe = cluster.journal.subscribe((event) => {
    if (event.kind !== 'trace' || pages.size === 0) return;
    const { channel } = event.trace;
    pulses.set(channel, (pulses.get(channel) ?? 0) + 1);
    timer ??= setTimeout(flush, BATCH_MS);
  });
  const looking = setInterval(() => void look().catch(() => undefined), SUFFERING_MS);

  return {
    add: (page) => {
      pages.add(page);
      page.on('close', () => {
        pages.delete(page);
        slow.delete(page);
      });
      page.on('error', () => page.terminate());
      page.send(JSON.stringify(snapshot(lab, consequences)));
      void look().catch(() => undefined);
    },
    close: () => {
      unsubscribe();
      clearInterval(looking);
      clearTimeout(timer);
      for (const page of pages) page.terminate();
    },
  };
}

function snapshot({ directory, cluster }: Lab, consequences: readonly string[]): Snapshot {
  return {
    kind: 'snapshot',
    clientAuth: settingsOf(readDirectory(directory.dir), 'kube-apiserver').clientAuth,
    channels: cluster.channels(),
    consequences,
  };
}
