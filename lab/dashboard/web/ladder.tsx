/**
 * The ladder of one handshake: client left, server right, one rung per arrow, and at the outer edges what each side
 * holds to be true meanwhile.
 */
import type { JSX } from 'preact';
import type { Side } from '../../../components/tls/trace.ts';
import type { CardRung } from '../card.ts';
import { Prose } from './prose.tsx';

/** What to draw. */
export interface LadderProps {
  readonly client: string;
  readonly server: string;
  readonly serverAddress: string | null;
  readonly rungs: readonly CardRung[];
  /** Only so many rungs; null: all. */
  readonly upTo: number | null;
  /** The rung whose purpose is told; null: none. */
  readonly open: number | null;
  readonly onOpen: (rung: number | null) => void;
  /** What a rung holds when it is open, beside its purpose. */
  readonly inside?: (rung: CardRung) => JSX.Element | null;
}

type Belief = CardRung['held']['client'];

const LANES = {
  none: { name: 'unsure', text: 'not decided yet' },
  connected: { name: 'sure', text: 'believes CONNECTED' },
  accepted: { name: 'sure', text: 'accepts the other side' },
  refused: { name: 'refuses', text: 'knows: NOT accepted' },
  'learned-refused': { name: 'refuses', text: 'knows by now: refused' },
  closed: { name: 'unsure', text: 'closed' },
} as const satisfies Record<NonNullable<Belief> | 'none', { name: string; text: string }>;

const SIDES = ['client', 'server'] as const;

/** One handshake as a ladder. */
export function Ladder(props: LadderProps): JSX.Element {
  const { rungs, upTo } = props;
  const shown = upTo === null ? rungs : rungs.slice(0, upTo);
  return (
    <div class="ladder">
      <p class="heads">
        <span>
          <b>{props.client}</b> <small>client</small>
        </span>
        <span>
          <b>{props.server}</b>{' '}
          <small>{props.serverAddress === null ? 'server' : `server, ${props.serverAddress}`}</small>
        </span>
      </p>
      <ol>
        {shown.map((rung, at) => (
          <Rung
            key={at}
            rung={rung}
            isNewest={upTo !== null && at === shown.length - 1}
            isOpen={props.open === at}
            toggle={() => props.onOpen(props.open === at ? null : at)}
            inside={props.inside}
          />
        ))}
      </ol>
      {upTo !== null && upTo < rungs.length && (
        <p class="soft more">
          {rungs.length - upTo} more {rungs.length - upTo === 1 ? 'rung' : 'rungs'}
        </p>
      )}
    </div>
  );
}

interface RungProps {
  readonly rung: CardRung;
  readonly isNewest: boolean;
  readonly isOpen: boolean;
  readonly toggle: () => void;
  readonly inside: LadderProps['inside'];
}

function Rung({ rung, isNewest, isOpen, toggle, inside }: RungProps): JSX.Element {
  const classes = ['rung', `from-${rung.from}`, rung.isAlert ? 'failing' : '', isNewest ? 'newest' : ''];
  return (
    <li class={classes.filter(Boolean).join(' ')}>
      <Lane side="client" held={rung.held.client} />
      <button type="button" class="arrow-row" aria-expanded={isOpen} onClick={toggle}>
        <span class="time">{milliseconds(rung.atUs)}</span>
        {SIDES.map((side) => (
          <span key={side} class={`end ${side}`}>
            {rung.from === side && <span class="said">{rung.parts.join(' · ')}</span>}
            <Notes rung={rung} side={side} />
          </span>
        ))}
        <Arrow rung={rung} />
      </button>
      <Lane side="server" held={rung.held.server} />
      {isOpen && (
        <div class="why">
          {rung.why.map((text) => (
            <p key={text}>
              <Prose text={text} />
            </p>
          ))}
          {inside?.(rung)}
        </div>
      )}
    </li>
  );
}

function Notes({ rung, side }: { rung: CardRung; side: Side }): JSX.Element {
  const notes = rung.notes[side].filter((note) => rung.refusedBy !== side || !note.startsWith('✗'));
  return (
    <>
      {rung.refusedBy === side && <span class="chip refuses">✗ checks it: NOT accepted</span>}
      {notes.map((note) => (
        <span key={note} class={`chip ${/REFUSED|✗/.test(note) ? 'refuses' : 'sure'}`}>
          {note}
        </span>
      ))}
    </>
  );
}

function Lane({ side, held }: { side: Side; held: Belief }): JSX.Element {
  const { name, text } = LANES[held ?? 'none'];
  return (
    <span class={`lane ${side} ${name}`} title={`The ${side} ${text}`}>
      <span class="unseen">
        {side}: {text}
      </span>
    </span>
  );
}

function Arrow({ rung }: { rung: CardRung }): JSX.Element {
  const toServer = rung.from === 'client';
  return (
    <span class="arrow">
      <span class="unseen">{toServer ? 'to the server' : 'to the client'}</span>
      {rung.encrypted && <Lock />}
      <svg viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">
        <path class="shaft" d={toServer ? 'M0,7 H96' : 'M100,7 H4'} pathLength={100} />
      </svg>
      <span class={toServer ? 'point right' : 'point left'} aria-hidden="true" />
      {rung.isAlert && <span class="cut">✗</span>}
    </span>
  );
}

/** A lock: encrypted on the wire. */
export function Lock(): JSX.Element {
  return (
    <svg class="lock" viewBox="0 0 12 14" role="img" aria-label="encrypted">
      <rect x="1" y="6" width="10" height="7" rx="1.5" />
      <path d="M3.5,6 V4 a2.5,2.5 0 0 1 5,0 V6" />
    </svg>
  );
}

/** `1.3 ms` or `2.6 s`, from microseconds. */
export function milliseconds(atUs: number): string {
  if (atUs >= 1_000_000) return `${(atUs / 1_000_000).toFixed(1)} s`;
  return `${(atUs / 1000).toFixed(1)} ms`;
}
