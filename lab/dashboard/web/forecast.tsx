/** Guess first; then what is predicted, the break itself, and what is seen of it, connection by connection. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ChannelState } from '../../channel.ts';
import type { Offer, Prediction } from '../breaking.ts';
import { act, useAnswer } from './ask.ts';
import { ByHandLines } from './by-hand.tsx';
import { Command, labCommand } from './command.tsx';
import { lookOf, markOf } from './states.ts';
import { addressOf, type State, update } from './store.ts';

type Letter = keyof Prediction['question']['answers'];
const LETTERS: readonly Letter[] = ['a', 'b', 'c'];

interface ForecastProps {
  readonly state: State;
  readonly offer: Offer;
  readonly target: string;
}

/** Steps 3 to 5. */
export function Forecast({ state, offer, target }: ForecastProps): JSX.Element | null {
  const route = `GET /prediction?fault=${encodeURIComponent(offer.id)}&target=${encodeURIComponent(target)}`;
  const { answer } = useAnswer<Prediction>(route, state.cluster.clientAuth === 'require' ? 0 : 1);
  const [guess, setGuess] = useState<Letter | 'skipped' | null>(null);
  if (!answer) return null;
  const stands = state.cluster.standing.some((one) => one.fault === offer.id && one.target === target);
  const open = guess !== null || stands;
  const decide = (letter: Letter | 'skipped'): void => {
    setGuess(letter);
    update({ predicted: answer.outcomes.map(({ channel }) => channel) });
  };
  return (
    <>
      {stands ? (
        <GuessTold guess={guess} prediction={answer} />
      ) : (
        <fieldset class="guess">
          <legend>
            <span class="step">3</span> Guess first: what stops?
          </legend>
          {LETTERS.map((letter) => (
            <label key={letter}>
              <input
                type="radio"
                name="guess"
                checked={guess === letter}
                disabled={open}
                onChange={() => decide(letter)}
              />{' '}
              {letter}) {answer.question.answers[letter]}
            </label>
          ))}
          {!open && (
            <button type="button" class="small" onClick={() => decide('skipped')}>
              Skip
            </button>
          )}
        </fieldset>
      )}
      {open && <Outcomes state={state} prediction={answer} stands={stands} />}
      {!stands && (
        <p class="line">
          <button type="button" class="primary" onClick={() => void breakIt(state, offer, target, answer)}>
            Break it
          </button>
          <Command text={labCommand(state, `break ${offer.id} ${target}`)} />
        </p>
      )}
      {stands && (
        <p>
          See it hurt: <Command text={harmOf(offer, state)} />
        </p>
      )}
      <ByHandLines prediction={answer} />
    </>
  );
}

/** The right answer is told once it is broken; before, only what was guessed. */
function GuessTold(props: { guess: Letter | 'skipped' | null; prediction: Prediction }): JSX.Element | null {
  const { guess, prediction } = props;
  if (guess === null || guess === 'skipped') return null;
  const { answers, right } = prediction.question;
  return (
    <p>
      Your guess, {answers[guess]}:{' '}
      {guess === right ? (
        <b class="all-good">right.</b>
      ) : (
        <>
          <b>not this time.</b> It is: <b class="all-good">{answers[right]}</b>.
        </>
      )}
    </p>
  );
}

function Outcomes(props: { state: State; prediction: Prediction; stands: boolean }): JSX.Element {
  const { state, prediction, stands } = props;
  const { outcomes, of } = prediction;
  const now = new Map(state.channels.map((one) => [one.id, one]));
  return (
    <section>
      <h3>
        <span class="step">4</span> {stands ? 'What was predicted, and what is seen' : 'Predicted'}
        <small>
          {' '}
          {outcomes.length} of {of} connections concerned
        </small>
      </h3>
      <ul class="outcomes">
        {outcomes.slice(0, 12).map(({ channel, text, stops, shows, layer, code }) => {
          const seen = now.get(channel);
          return (
            <li key={channel}>
              <a href={addressOf('connection', channel)}>{channel.replace('->', ' → ')}</a> {text}
              {stops !== '' && <small>{stops}</small>}
              {shows !== 'at the next connection' && <small>{shows}</small>}
              {stands && seen && (
                <small class={lookOf(seen).name}>
                  <span class="mark">{markOf(seen, lookOf(seen))}</span> now: {lookOf(seen).text}
                  {isAs(seen, layer, code) ? ', as predicted' : ', not yet as predicted'}
                </small>
              )}
            </li>
          );
        })}
      </ul>
      {outcomes.length > 12 && <p class="soft">and {outcomes.length - 12} more</p>}
      {outcomes.length === 0 && <p>No connection is refused, and none is unsafe.</p>}
    </section>
  );
}

function isAs(seen: ChannelState, layer: string, code: string | null): boolean {
  return seen.layer === layer && (layer === 'ok' || code === null || seen.code === code);
}

/** Commands of the lab as they are typed; others as they stand. */
function harmOf({ harm }: Offer, state: State): string {
  return harm.startsWith('mtls-lab ') ? labCommand(state, harm.slice('mtls-lab '.length)) : harm;
}

async function breakIt(state: State, offer: Offer, target: string, prediction: Prediction): Promise<void> {
  update({ predicted: prediction.outcomes.map(({ channel }) => channel) });
  await act({
    route: 'POST /break',
    body: { fault: offer.id, target },
    text: `${target}: ${offer.title}.`,
    command: labCommand(state, `break ${offer.id} ${target}`),
  });
}
