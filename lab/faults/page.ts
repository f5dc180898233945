/**
 * One fault in full: what is wrong, by which rule, what comes of it on every connection in both modes, what people meet
 * in real clusters, and how to see and mend it, here and there. Plain text, laid out for a terminal.
 */
import { alertName } from '../../components/tls/alerts.ts';
import { wrap } from '../columns.ts';
import { type ExpectedOutcome, expectedOutcomes, outcomeText } from './expect.ts';
import { FAMILIES, type Fault, type Scope } from './fault.ts';

/** Both modes, as they are called on screen. */
const MODES = { require: 'strict (lab)', request: 'as Kubernetes does' } as const;
type Mode = keyof typeof MODES;

/** The outcomes on one target in both modes. */
export function byMode(fault: Fault, target: string, scope: Scope): Record<Mode, ExpectedOutcome[]> {
  const under = (clientAuth: Mode): ExpectedOutcome[] =>
    expectedOutcomes(fault, target, {
      ...scope,
      settings: {
        ...scope.settings,
        'kube-apiserver': { ...scope.settings['kube-apiserver'], clientAuth },
        kubelet: { ...scope.settings['kubelet'], clientAuth },
      },
    });
  return { require: under('require'), request: under('request') };
}

/**
 * The page.
 * @param width  columns of the terminal
 */
export function faultPage(fault: Fault, scope: Scope, width: number): string {
  const targets = fault.targets(scope);
  const { harm, realWorld } = fault;
  const [example = 'TARGET'] = targets;
  return [
    ...wrap(`${fault.id}: ${fault.title}`, width),
    '',
    ...labelled('Chain', fault.chain, width),
    ...labelled('Rule', fault.rule, width),
    ...labelled('Family', `${fault.family}: ${FAMILIES[fault.family]}`, width),
    ...labelled('Stands on', targets.join(', ') || 'nothing here (see the rule)', width),
    '',
    ...alike(fault, scope).flatMap((group) => outcomeLines(fault, group, scope, width)),
    'In real clusters',
    ...realWorld.texts.flatMap(({ program, text, source }) => [
      ...labelled(`  ${program}`, text, width),
      `${' '.repeat(LABEL)}${source === 'measured' ? '(measured on such files)' : source}`,
    ]),
    ...labelled('  see it', realWorld.see, width),
    ...labelled('  mend it', realWorld.mend, width),
    '',
    'Here',
    ...labelled('  do it', `npx mtls-lab break ${fault.id} ${example}`, width),
    ...labelled('  see harm', harm.startsWith('mtls-lab') ? `npx ${harm}` : harm, width),
    ...labelled(
      '  mend it',
      `npx mtls-lab fix ${example}   (take back: npx mtls-lab fix ${example} --undo)`,
      width,
    ),
  ].join('\n');
}

const LABEL = 13;

/** A label, and its text wrapped beside it. */
function labelled(label: string, text: string, width: number): string[] {
  const [first = '', ...rest] = wrap(text, Math.max(20, width - LABEL));
  const lines = rest.map((line) => ' '.repeat(LABEL) + line);
  return label.length >= LABEL
    ? [label, ' '.repeat(LABEL) + first, ...lines]
    : [label.padEnd(LABEL) + first, ...lines];
}

/** Targets on which the same comes of it, apart from who they are. */
export function alike(fault: Fault, scope: Scope): string[][] {
  const groups = new Map<string, string[]>();
  for (const target of fault.targets(scope)) {
    const modes = byMode(fault, target, scope);
    const shape = Object.values(modes).map((outcomes) =>
      outcomes.map(({ channel: _, stops: __, clientText: ___, serverText: ____, ...rest }) => rest),
    );
    const key = JSON.stringify(shape.map((one) => [...new Set(one.map((each) => JSON.stringify(each)))]));
    groups.set(key, [...(groups.get(key) ?? []), target]);
  }
  return [...groups.values()];
}

function outcomeLines(
  fault: Fault,
  [target = '', ...others]: readonly string[],
  scope: Scope,
  width: number,
): string[] {
  const modes = byMode(fault, target, scope);
  const same = JSON.stringify(modes.require) === JSON.stringify(modes.request);
  const shown: readonly Mode[] = same ? ['require'] : ['require', 'request'];
  return [
    ...wrap(`On ${target}${others.length > 0 ? ` (${others.join(', ')}: alike)` : ''}`, width),
    ...shown.flatMap((mode) => [
      `  ${same ? 'in both modes' : MODES[mode]}`,
      ...modeLines(modes[mode], width),
    ]),
    '',
  ];
}

function modeLines(outcomes: readonly ExpectedOutcome[], width: number): string[] {
  if (outcomes.length === 0) return ['    every connection succeeds'];
  const lines = together(outcomes).flatMap(({ one, channels }) => [
    ...wrap(`${one.layer === 'ok' ? '!' : '✗'} ${channels.map(arrow).join(', ')}`, width - 4),
    ...wrap(`${sentence(one)}; seen ${one.shows}`, width - 6).map((line) => `  ${line}`),
    ...(one.unsafe === undefined ? [] : wrap(`unsafe: ${one.unsafe}`, width - 6).map((line) => `  ${line}`)),
    ...said('client prints', one.clientText, width),
    ...said('server prints', one.serverText, width),
    ...(channels.length === 1 && one.stops !== ''
      ? wrap(`${one.layer === 'ok' ? 'possible' : 'stops'}: ${one.stops}`, width - 6).map(
          (line) => `  ${line}`,
        )
      : []),
  ]);
  return [...lines.map((line) => `    ${line}`), '    ✓ every other connection succeeds'];
}

/** Outcomes that differ by their connection alone, once. */
function together(outcomes: readonly ExpectedOutcome[]): { one: ExpectedOutcome; channels: string[] }[] {
  const groups: { one: ExpectedOutcome; channels: string[] }[] = [];
  for (const one of outcomes) {
    const { channel: _, stops: __, ...rest } = one;
    const found = groups.find((group) => {
      const { channel: ___, stops: ____, ...theirs } = group.one;
      return JSON.stringify(theirs) === JSON.stringify(rest);
    });
    if (found) found.channels.push(one.channel);
    else groups.push({ one, channels: [one.channel] });
  }
  return groups;
}

function sentence(one: ExpectedOutcome): string {
  const name = one.alert === null ? '' : ` ${alertName(one.alert)}`;
  return `${outcomeText(one)}${name}${one.code === null ? '' : ` (${one.code})`}`;
}

function said(label: string, text: string | null, width: number): string[] {
  return text === null || text === ''
    ? []
    : wrap(`${label}: … ${text} …`, width - 6).map((line) => `  ${line}`);
}

function arrow(channel: string): string {
  return channel.replace('->', ' → ');
}
