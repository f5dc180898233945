/** Break and mend from the page: faults and targets by id, the predicted outcome, undo and fix. */
import { randomBytes } from 'node:crypto';
import { LabError } from '../../certs/errors.ts';
import { readDirectory } from '../directory.ts';
import { faults, findFault } from '../faults/catalogue.ts';
import {
  applyFault,
  brokenTargets,
  fixEverything,
  fixTarget,
  type Repair,
  standingFaults,
  undoFault,
} from '../faults/engine.ts';
import { expectedOutcomes, outcomeText } from '../faults/expect.ts';
import { FAMILIES, type Fault } from '../faults/fault.ts';
import { type Question, questionOf } from '../faults/guess.ts';
import { hideBreak, revealBreak } from '../faults/hidden.ts';
import { MENU } from '../faults/menu.ts';
import { pickFault } from '../faults/pick.ts';
import type { Lab } from '../lab.ts';
import { type ByHand, byHand } from './by-hand.ts';
import { json, type Route, textOf } from './route.ts';

/** One fault as the page offers it. */
export interface Offer {
  readonly id: string;
  readonly family: string;
  readonly title: string;
  readonly rule: string;
  readonly chain: string;
  readonly harm: string;
  readonly targets: readonly string[];
}

/** All that can be broken. */
export interface Offers {
  readonly families: readonly { readonly id: string; readonly title: string }[];
  readonly faults: readonly Offer[];
  /** Those that a course begins with. */
  readonly menu: readonly { readonly fault: string; readonly target: string; readonly says: string }[];
}

/** What a break will come to. */
export interface Prediction {
  readonly outcomes: readonly {
    readonly channel: string;
    readonly layer: string;
    readonly by: string | null;
    readonly text: string;
    readonly code: string | null;
    readonly stops: string;
    readonly shows: string;
  }[];
  /** How many connections there are. */
  readonly of: number;
  readonly question: Question;
  readonly harm: string;
  readonly mendReal: string;
  readonly byHand: ByHand | null;
}

export const BREAKING = {
  'GET /faults': async ({ lab }) => {
    const directory = readDirectory(lab.directory.dir);
    return json({
      menu: MENU.filter(({ fault, target }) => findFault(fault).targets(directory).includes(target)),
      families: Object.entries(FAMILIES).map(([id, title]) => ({ id, title })),
      faults: (faults as readonly Fault[]).map((fault) => {
        const { id, family, title, rule, chain, harm } = fault;
        return { id, family, title, rule, chain, harm, targets: fault.targets(directory) };
      }),
    } satisfies Offers);
  },
  /** `?fault=ID&target=ID` */
  'GET /prediction': async ({ lab, query }) => {
    const directory = readDirectory(lab.directory.dir);
    const fault: Fault = findFault(query.get('fault') ?? '');
    const target = targetOf(fault, query.get('target') ?? '', lab);
    const outcomes = expectedOutcomes(fault, target, directory);
    return json({
      question: questionOf(`${fault.id} on ${target}`, outcomes),
      outcomes: outcomes.map((one) => {
        const { channel, layer, by, code, stops, shows } = one;
        return { channel, layer, by, code, stops, shows, text: outcomeText(one) };
      }),
      of: lab.cluster.topology.length,
      harm: fault.harm,
      mendReal: fault.realWorld.mend,
      byHand: byHand(directory, fault.id, target),
    } satisfies Prediction);
  },
  /** Body `{ fault, target }`. */
  'POST /break': async ({ lab, body, changed }) => {
    const fault: Fault = findFault(textOf(body, 'fault'));
    const target = targetOf(fault, textOf(body, 'target'), lab);
    const record = await applyFault(readDirectory(lab.directory.dir), fault, target);
    await changed();
    return json({ fault: record.fault, target: record.target, files: record.files.map(({ path }) => path) });
  },
  /** Body `{ target?, undo? }`: without a target, everything. */
  'POST /fix': async ({ lab, body, changed }) => {
    const directory = readDirectory(lab.directory.dir);
    const target = textOf(body, 'target');
    const undo = textOf(body, 'undo') === 'yes';
    const standing = standingFaults(directory.dir).map((record) => record.target);
    if (target !== '' && ![...standing, ...brokenTargets(directory)].includes(target)) {
      throw new LabError('NAME_UNKNOWN', { what: 'nothing is broken there' });
    }
    const repairs: Repair[] = [];
    if (undo) {
      for (const one of target === '' ? [...new Set(standing)].toReversed() : [target]) {
        repairs.push(await undoFault(directory, one));
      }
    } else if (target === '') repairs.push(...(await fixEverything(directory)));
    else repairs.push(await fixTarget(directory, target));
    await changed();
    return json(repairs.map(({ target: mended, way }) => ({ target: mended, way })));
  },
  /** Body `{ seed? }`: break something by chance, and tell nobody what; the same seed breaks the same. */
  'POST /hide': async ({ lab, body, changed }) => {
    const directory = readDirectory(lab.directory.dir);
    const { fault, target } = pickFault(textOf(body, 'seed') || randomBytes(8).toString('hex'), directory);
    await applyFault(directory, fault, target);
    hideBreak(directory.dir, fault.id, target);
    await changed();
    return json({});
  },
  'POST /reveal': async ({ lab, changed }) => {
    revealBreak(lab.directory.dir);
    await changed();
    return json({});
  },
} as const satisfies Record<string, Route>;

function targetOf(fault: Fault, target: string, lab: Lab): string {
  if (fault.targets(readDirectory(lab.directory.dir)).includes(target)) return target;
  throw new LabError('FAULT_NOT_APPLICABLE', { what: `${fault.id} cannot stand there` });
}
