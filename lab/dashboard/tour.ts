/** The tour on the page: the same steps and looks as in the terminal, and the same progress. */
import { issueLines } from '../../certs/openssl-lines.ts';
import { findIdentity } from '../../certs/resolve.ts';
import { reportStatus } from '../status.ts';
import { TOUR, TOUR_AFTER, type TourLook, type TourStep } from '../tour.ts';
import { advanceTour, readTourProgress, restartTour, tourFacts } from '../tour-progress.ts';
import { type Ask, json, type Route, textOf } from './route.ts';

/** Where somebody is. */
export interface TourState {
  readonly titles: readonly string[];
  /** Steps that are behind. */
  readonly done: number;
  /** The step to do; null at the end. */
  readonly step: (Omit<TourStep, 'look' | 'commands'> & { readonly commands: readonly string[] }) | null;
  /** openssl, for a shell of one's own. */
  readonly lines: readonly string[];
  /** What the lab shows about the step now, when it asks no question. */
  readonly look: TourLook | null;
  readonly after: readonly string[];
}

export const TOURING = {
  'GET /tour': async (ask) => json(await stateOf(ask)),
  /** Body `{ answer?, go?: 'yes' }`: what the lab shows about the step; goes on when it is done and that is asked. */
  'POST /tour/look': async (ask) => {
    const { directory, cluster } = ask.lab;
    const step = TOUR[readTourProgress(directory.dir).done];
    const answer = textOf(ask.body, 'answer').slice(0, 200);
    const look = step?.look(tourFacts(directory, await reportStatus(directory, cluster)), answer);
    if (look?.done && textOf(ask.body, 'go') === 'yes') advanceTour(directory);
    return json(look ?? { done: true, says: '' });
  },
  'POST /tour/skip': async (ask) => {
    advanceTour(ask.lab.directory);
    return json(await stateOf(ask));
  },
  'POST /tour/restart': async (ask) => {
    restartTour(ask.lab.directory.dir);
    return json(await stateOf(ask));
  },
} as const satisfies Record<string, Route>;

async function stateOf({ lab: { directory, cluster } }: Ask): Promise<TourState> {
  const { dir, choices } = directory;
  const { done } = readTourProgress(dir);
  const step = TOUR[done];
  const titles = TOUR.map(({ title }) => title);
  if (!step) return { titles, done, step: null, lines: [], look: null, after: TOUR_AFTER };
  const { look, issueByHand, ...told } = step;
  return {
    titles,
    done,
    step: told,
    lines: issueByHand ? issueLines(dir, choices, findIdentity(choices, issueByHand), process.cwd()) : [],
    look: step.question ? null : look(tourFacts(directory, await reportStatus(directory, cluster)), ''),
    after: TOUR_AFTER,
  };
}
