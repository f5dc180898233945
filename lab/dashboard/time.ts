/** The clocks: shown, and set by a shift or an instant, for the cluster or for one host. */
import { LabError } from '../../certs/errors.ts';
import { REAL_TIME_NOTE, setClock } from '../clock.ts';
import { deskNow } from '../directory.ts';
import { expiries } from '../expiry.ts';
import { clocksOf } from '../status.ts';
import { json, type Route, textOf } from './route.ts';

/** Ends of certificates, the workers' own as far as the page lists them. */
export interface Ends {
  readonly note: string;
  readonly ends: readonly { readonly id: string; readonly kind: 'ca' | 'leaf'; readonly notAfter: string }[];
}

const MOST = 60;

export const TIME = {
  'GET /ends': async ({ lab }) => {
    const ends = expiries(lab.directory, deskNow(lab.directory.dir)).flatMap(({ id, kind, notAfter }) =>
      notAfter === null ? [] : [{ id, kind, notAfter }],
    );
    return json({ note: REAL_TIME_NOTE, ends: ends.slice(0, MOST) } satisfies Ends);
  },
  /** Body `{ time: '+90d' | RFC 3339 | 'reset', host?: NAME }`. */
  'POST /clock': async ({ lab, body, changed }) => {
    const time = textOf(body, 'time');
    const host = textOf(body, 'host');
    if (time.length > 40) throw new LabError('CLOCK_INVALID', { what: 'this is no time' });
    const hosts = lab.directory.hosts.map(({ name }) => name);
    setClock(lab.directory.dir, hosts, time, ...(host === '' ? [] : [host]));
    await changed();
    return json({ clocks: clocksOf(lab.directory) });
  },
} as const satisfies Record<string, Route>;
