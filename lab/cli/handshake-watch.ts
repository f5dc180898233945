/**
 * `handshake --step` and `--delay`: a handshake that passes message by message, each explained as it goes.
 *
 * The running lab holds the records and tells what happens (handshake-api.ts); here is what is printed, and Enter.
 */
import { createInterface } from 'node:readline';
import { LabError } from '../../certs/errors.ts';
import type { OpenReason } from '../../components/tls/step.ts';
import type { Side, Trace } from '../../components/tls/trace.ts';
import { callLab, errorFromJson, followLab } from '../api.ts';
import type { ChannelState } from '../channel.ts';
import { hanging, pad, safe } from '../columns.ts';
import type { WatchedEvent } from '../handshake-api.ts';
import { messageTree } from '../message-tree.ts';
import { bytesFromJson } from '../trace-json.ts';
import type { Invocation } from './command.ts';
import { takeLines } from './prompt.ts';

/** How a handshake ended. */
export interface Watched {
  readonly channel: ChannelState;
  readonly trace: Trace;
}

/** Why nothing is held any more, in words; nothing is said where the last message says it. */
const OPEN_WORDS = {
  asked: 'The rest goes by itself.',
  'handshake over': '',
  'connection over': 'One end has closed the connection.',
  'peer would give up': 'On by itself after 8 s: a program outside the lab takes part, and gives up at 10 s.',
  'nobody asked': 'On by itself: no key for 8 s.',
} as const satisfies Record<OpenReason, string>;

const KEYS =
  'Enter lets the next one go, w waits for you without limit, g lets all the rest go. Without a key it goes on by itself after 8 s.';
const KEYS_LIMITED =
  'Enter lets the next one go, g lets all the rest go. The server is a program outside the lab and gives up at 10 s: after 8 s in all it goes on by itself.';
const WIDEST = 100;

/**
 * Let a handshake pass under the user's eyes.
 * @param ask      the body of `POST /handshake`
 * @param delayMs  let a message go after so long; undefined: at Enter
 * @throws LabError USAGE where nobody could press Enter; what the lab answers
 */
export async function watchHandshake(
  invocation: Invocation,
  ask: object,
  delayMs: number | undefined,
): Promise<Watched> {
  const isStepped = delayMs === undefined;
  if (isStepped && !(process.stdin.isTTY && invocation.terminal.isTty)) {
    throw new LabError('USAGE', {
      what: 'handshake --step waits for your Enter, and this is not a terminal',
      fix: 'handshake CLIENT SERVER --delay 500   lets a message go every half a second',
    });
  }
  const view = openView(invocation, isStepped);
  const body = { ...ask, ...(isStepped ? {} : { delayMs }) };
  let id = '';
  const move = (which: 'release' | 'stay' | 'go'): void => {
    // The lab tells on the stream what came of it.
    callLab(invocation, `POST /handshake/${which}`, { id }).catch(() => undefined);
  };
  const letLinesGo = isStepped ? readLines(invocation, (line) => answer(line)) : () => {};
  const answer = (line: string): void => {
    const word = line.trim().toLowerCase();
    if (word === '') {
      if (view.mayRelease()) move('release');
    } else if (word === 'w') {
      move('stay');
      view.stays();
    } else if (word === 'g') move('go');
    else view.ask();
  };
  const onInterrupt = (): void => move('go');
  invocation.interrupt?.addEventListener('abort', onInterrupt);
  try {
    for await (const json of followLab(invocation, 'POST /handshake/watch', body)) {
      const event = bytesFromJson(json) as WatchedEvent;
      if (event.kind === 'asked') id = event.id;
      if (event.kind === 'failed') throw errorFromJson(event.error);
      view.show(event);
      if (event.kind === 'done') return event;
    }
  } finally {
    letLinesGo();
    invocation.interrupt?.removeEventListener('abort', onInterrupt);
  }
  throw new LabError('LAB_NOT_RUNNING', {
    what: 'the lab ended before the handshake did',
    fix: 'npx mtls-lab up',
  });
}

/** Whole lines, from the prompt where the lab runs in this process, else from standard input. */
function readLines(invocation: Invocation, take: (line: string) => void): () => void {
  if (invocation.prompt) return takeLines(take);
  const lines = createInterface({ input: process.stdin });
  lines.on('line', take);
  return () => {
    lines.close();
    process.stdin.unref();
  };
}

interface View {
  show(event: WatchedEvent): void;
  /** Ask for Enter again, when something waits. */
  ask(): void;
  /** Whether something waits that was not asked for already. */
  mayRelease(): boolean;
  /** It does not go on by itself any more. */
  stays(): void;
}

/** What is on the screen. */
function openView({ terminal, values, json }: Invocation, isStepped: boolean): View {
  const width = Math.min(terminal.columns, WIDEST);
  const names: Record<Side, string> = { client: 'client', server: 'server' };
  let number = 0;
  let isTls13 = false;
  let waiting = 0;
  let next: { readonly from: Side; readonly lengthBytes: number }[] = [];
  let asked = false;
  let isOpen = false;
  let limit = '';
  const print = (lines: readonly string[]): void => {
    if (!json) terminal.print(lines.join('\n'));
  };
  const ask = (): void => {
    const [first] = next;
    if (!isStepped || isOpen || asked || first === undefined) return;
    const what = `⏸ ${first.lengthBytes} bytes from ${names[first.from]} wait`;
    terminal.write(`\n${terminal.paint('cyan', what)}${limit} `);
  };
  return {
    ask,
    mayRelease() {
      if (asked || isOpen || waiting === 0) return false;
      asked = true;
      return true;
    },
    stays() {
      limit = '';
      ask();
    },
    show(event) {
      switch (event.kind) {
        case 'asked': {
          names.client = event.channel.client;
          names.server = event.channel.server;
          limit = ' (8 s)';
          print([
            `The next handshake ${names.client} → ${names.server} passes message by message.`,
            ...(isStepped ? hanging('', event.isLimited ? KEYS_LIMITED : KEYS, width) : []),
          ]);
          return;
        }
        case 'held':
          next.push(event);
          waiting = event.waiting;
          if (next.length === 1) ask();
          return;
        case 'message': {
          const { message, title, why } = event;
          const isAside = message.type === 'change_cipher_spec' && isTls13;
          isTls13 ||= message.type === 'server_hello' && message.summary.includes('TLS 1.3');
          if (isAside) {
            print(
              hanging('    ', `(ChangeCipherSpec. ${why})`, width).map((line) => terminal.paint('dim', line)),
            );
            return;
          }
          number += 1;
          const arrow =
            message.from === 'client'
              ? `${names.client} ──▶ ${names.server}`
              : `${names.client} ◀── ${names.server}`;
          const lock = message.encrypted ? '  🔒' : '';
          const isRefusal = message.type === 'alert' && message.bytes[1] !== 0;
          const head = `${pad(`${number}.`, 3)} ${arrow}  ${title}${lock}`;
          print([
            ...(isStepped ? [] : ['']),
            terminal.paint(isRefusal ? 'vermilion' : 'bold', head),
            ...hanging('    ', safe(message.summary), width),
            ...hanging('    ', why, width).map((line) => terminal.paint('dim', line)),
            ...(values['verbose'] === true || values['hex'] === true
              ? messageTree(message, { width, hex: values['hex'] === true }).slice(1)
              : []),
          ]);
          return;
        }
        case 'released':
          asked = false;
          waiting = event.waiting;
          next = next.slice(next.length - waiting);
          ask();
          return;
        case 'open':
          isOpen = true;
          if (OPEN_WORDS[event.why] !== '') print(['', OPEN_WORDS[event.why]]);
      }
    },
  };
}
