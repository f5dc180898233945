/** How connections look on a terminal: the table of `up` and `status`, and the lines below it. */
import { basename } from 'node:path';
import { type Choices, identities } from '../../certs/identities.ts';
import type { ChannelState } from '../channel.ts';
import { type ClockState, REAL_TIME_NOTE } from '../clock.ts';
import { hanging } from '../columns.ts';
import type { StatusReport } from '../status.ts';
import type { InstanceState } from '../supervisor.ts';
import type { Channel } from '../topology.ts';
import { table } from './render.ts';
import type { Colour, Terminal } from './terminal.ts';

const HEADINGS = ['client (dials)', 'shows', 'server', 'shows', 'both ok?'] as const;

const MOST_DEVIATIONS = 12;

/** Shapes are safe without colour. */
const MARKS = {
  ok: ['✓', 'teal'],
  tls: ['✗', 'vermilion'],
  '401': ['401', 'yellow'],
  '403': ['403', 'cyan'],
  http: ['5xx', 'grey'],
  tcp: ['⊘', 'grey'],
  untried: ['○', 'dim'],
} as const satisfies Record<ChannelState['layer'], readonly [string, Colour]>;

/** File names that a client and a server should show, by channel: for connections that have shown nothing yet. */
export type ExpectedFiles = ReadonlyMap<string, readonly [client: string, server: string]>;

/** One row per connection, and under a failing one what each side says. */
export function channelTable(
  channels: readonly ChannelState[],
  terminal: Terminal,
  expected: ExpectedFiles = new Map(),
): string {
  const rows = channels.map((channel) => channelRow(channel, terminal, expected.get(channel.id)));
  const lines = table([[...HEADINGS], ...rows], 2).split('\n');
  return lines
    .flatMap((line, at) => {
      const channel = channels[at - 1];
      return channel === undefined ? [line] : [line, ...textLines(channel, terminal)];
    })
    .join('\n');
}

function channelRow(
  channel: ChannelState,
  terminal: Terminal,
  expected: readonly [string, string] | undefined,
): string[] {
  const { client, server, clientFile, serverFile, layer } = channel;
  const [clientExpected, serverExpected] = layer === 'untried' ? (expected ?? ['–', '–']) : ['–', '–'];
  return [
    client,
    clientFile === null ? clientExpected : basename(clientFile),
    server,
    serverFile === null ? serverExpected : basename(serverFile),
    mark(channel, terminal),
  ];
}

/** The state in a few letters; the reason has a line of its own. */
function mark({ layer, unsafe }: ChannelState, terminal: Terminal): string {
  if (layer === 'ok' && unsafe.length > 0) return terminal.paint('yellow', '! unsafe');
  const [shape, colour] = MARKS[layer];
  return terminal.paint(colour, layer === 'tls' ? `${shape} TLS` : shape);
}

/** What each end of each connection should show, by the table of identities. */
export function expectedFiles(choices: Choices, channels: readonly Channel[]): ExpectedFiles {
  const files = new Map(identities(choices).map(({ id, files: { cert } }) => [id, cert]));
  return new Map(
    channels.map(({ id, clientIdentity, serverIdentity }) => [
      id,
      [files.get(clientIdentity) ?? '–', files.get(serverIdentity) ?? '–'],
    ]),
  );
}

/** `✓`, or who refused and why. `named`: with the connection's two ends, for a line of its own. */
export function verdict(channel: ChannelState, terminal: Terminal, named = false): string {
  const ends = named ? [`${channel.client} → ${channel.server}`] : [];
  if (channel.layer === 'ok' && channel.unsafe.length > 0) {
    const text = `accepted, but unsafe: ${channel.unsafe.join('; ')}`;
    return terminal.paint('yellow', ['!', ...ends, text].join(named ? '  ' : ' '));
  }
  const [mark, colour] = MARKS[channel.layer];
  return terminal.paint(colour, [mark, ...ends, ...reason(channel)].join('  '));
}

function reason({ layer, by, code, alert, client, server }: ChannelState): string[] {
  const who = by === 'server' ? server : by === 'client' ? client : null;
  const named = alert === null ? '' : `, alert ${alert.number} ${alert.name}`;
  switch (layer) {
    case 'ok':
      return [];
    case 'tls':
      return [`refused in TLS by ${who ?? 'one side'}: ${code ?? ''}${named}`];
    case 'tcp':
      return [`${server} cannot be reached: ${code ?? ''}`];
    case 'untried':
      return [
        code === null || code === 'NOT_TRIED'
          ? 'not tried yet'
          : `${client} cannot dial, its own files are not in order: ${code}`,
      ];
    default:
      return [`answered by ${who ?? server}: ${code ?? ''}`];
  }
}

/** Why, and what each side says: wrapped where a terminal would cut words. */
function textLines(channel: ChannelState, terminal: Terminal): string[] {
  const why = channel.layer === 'ok' ? channel.unsafe : reason(channel);
  const said: readonly (readonly [string, string | null])[] = [
    [channel.client, channel.clientText],
    [channel.server, channel.serverText],
  ];
  const lines = (label: string, text: string): string[] =>
    terminal.isTty ? hanging(label, text, terminal.columns - 1) : [label + text];
  const colour = channel.layer === 'ok' ? 'yellow' : MARKS[channel.layer][1];
  return [
    ...why.flatMap((text) => lines('      ', text)).map((line) => terminal.paint(colour, line)),
    ...said
      .flatMap(([who, text]) => (text === null ? [] : lines(`      ${who} says: `, text)))
      .map((line) => terminal.paint('grey', line)),
  ];
}

/** Which mode the servers are in. */
export function modeLine(clientAuth: StatusReport['clientAuth']): string {
  return clientAuth === 'require'
    ? 'Mode: strict (a server refuses a bad client in TLS). Like a stock cluster: up --client-auth request'
    : 'Mode: as Kubernetes does (TLS lets a bad client in, then 401 or 403). Strict: up --client-auth require';
}

/** Components that do not run, cannot do their work, or whose configuration on disk is not in use. */
export function problemLines(components: readonly InstanceState[], terminal: Terminal): string {
  return components
    .flatMap(({ id, phase, problem }) => {
      if (problem === null)
        return phase === 'running' ? [] : [`${terminal.paint('red', '✗')} ${id} is ${phase}`];
      const { what, why, fix, hinders } = problem;
      const head = phase === 'running' ? `${id} runs on with its old configuration: ` : `${id} is ${phase}: `;
      const mark = terminal.paint('red', '✗');
      if (hinders === 'work') return [`${mark} ${what}`, `  why  ${why}`, `  fix  ${fix}`];
      return [`${mark} ${head}${what}`, `  fix  ${fix}`];
    })
    .join('\n');
}

/** What suffers. */
export function consequenceLines(consequences: readonly string[], terminal: Terminal): string {
  return consequences.map((text) => `${terminal.paint('yellow', '!')} ${text}`).join('\n');
}

/** What suffered and does no more. */
export function recoveryLines({ recovered }: StatusReport, terminal: Terminal): string {
  return recovered
    .map(({ text, lastedSeconds }) => `${terminal.paint('teal', '✓')} over after ${lastedSeconds} s: ${text}`)
    .join('\n');
}

/** Where files differ from what they should be; a long list is cut, and a hidden break covers it. */
export function deviationLines({ deviations, hidden }: StatusReport, terminal: Terminal): string {
  if (hidden) {
    return hidden.solved === null
      ? 'A hidden break stands: what differs in the files is covered. npx mtls-lab reveal   gives up'
      : `${terminal.paint('teal', '✓')} ${hidden.solved}`;
  }
  if (deviations.length === 0) return '';
  const shown = deviations.slice(0, MOST_DEVIATIONS);
  const more = deviations.length - shown.length;
  return [
    'Different from what it should be:',
    ...shown.map(({ sentence, fix }) => {
      const way = fix === '' ? '' : terminal.paint('grey', `   (${fix})`);
      return `  ${terminal.paint('yellow', '≠')} ${sentence}${way}`;
    }),
    ...(more > 0 ? [`  … and ${more} more: npx mtls-lab status --json`] : []),
  ].join('\n');
}

/** Clocks that were moved; empty while all live in real time. */
export function clockLines(clocks: readonly ClockState[]): string {
  const moved = clocks.filter(({ setting, problem }) => setting !== null || problem !== null);
  if (moved.length === 0) return '';
  return [
    ...moved.map(
      ({ name, now, setting, problem }) => `Clock of ${name}: ${problem ?? `${now} (${setting})`}`,
    ),
    REAL_TIME_NOTE,
  ].join('\n');
}
