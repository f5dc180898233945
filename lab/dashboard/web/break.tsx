/** Break and mend: pick what, pick how, guess, see what will come of it, break, watch, mend. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Offers } from '../breaking.ts';
import { act, useAnswer } from './ask.ts';
import { Forecast } from './forecast.tsx';
import { Standing } from './standing.tsx';
import { addressOf, type State } from './store.ts';
import { Terms } from './terms.tsx';

/** The panel beside the map. The address says what is picked: `#/break/expired/scheduler`. */
export function BreakView({ state }: { state: State }): JSX.Element {
  const { answer, problem } = useAnswer<Offers>('GET /faults', 0);
  const [fault = '', target = ''] = state.place.rest.split('/');
  if (problem) return <p class="failed">{problem}</p>;
  if (!answer) return <p>The catalogue is being read.</p>;
  const targets = targetsOf(answer, state);
  const offer = answer.faults.find(({ id }) => id === fault);
  const fitting = answer.faults.filter((one) => target === '' || one.targets.includes(target));
  const stands = state.cluster.standing.some((one) => one.fault === fault && one.target === target);
  const forecast = offer?.targets.includes(target) && (
    <Forecast key={`${fault} ${target}`} state={state} offer={offer} target={target} />
  );
  const pickers = (
    <>
      <p>
        <label>
          <span class="step">1</span> What?{' '}
          <select value={target} onChange={(event) => pick(fault, event.currentTarget.value, answer)}>
            <option value="">choose a certificate, a program …</option>
            {targets.map(({ title, ids }) => (
              <optgroup key={title} label={title}>
                {ids.map((id) => (
                  <option key={id} value={id}>
                    {id}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </label>
      </p>
      <ByConnection state={state} fault={fault} offers={answer} />
      <p>
        <label>
          <span class="step">2</span> What is wrong with it?{' '}
          <select
            value={offer?.id ?? ''}
            onChange={(event) => pick(event.currentTarget.value, target, answer)}
          >
            <option value="">choose one of {fitting.length} flaws</option>
            {answer.families
              .filter(({ id }) => fitting.some(({ family }) => family === id))
              .map(({ id, title }) => (
                <optgroup key={id} label={`${id}: ${title}`}>
                  {fitting
                    .filter(({ family }) => family === id)
                    .map((one) => (
                      <option key={one.id} value={one.id}>
                        {one.id}: {one.title}
                      </option>
                    ))}
                </optgroup>
              ))}
          </select>
        </label>
      </p>
      {offer && !stands && (
        <p class="soft">
          <Terms text={`${offer.title}. ${offer.rule}`} />
        </p>
      )}
    </>
  );
  return (
    <div class="breaking">
      <h2>Break and mend</h2>
      <Standing state={state} offers={answer} />
      {stands && forecast}
      {stands ? (
        <details>
          <summary>Break a second thing</summary>
          {pickers}
        </details>
      ) : (
        pickers
      )}
      {!stands && forecast}
      {!offer && <Menu offers={answer} />}
      <Teacher state={state} />
    </div>
  );
}

/** The six to begin with. */
function Menu({ offers }: { offers: Offers }): JSX.Element {
  return (
    <section>
      <h3>Or one of the six to begin with</h3>
      <ul class="list">
        {offers.menu.map(({ fault, target, says }) => (
          <li key={fault + target}>
            <a class="button" href={addressOf('break', `${fault}/${target}`)}>
              {says}{' '}
              <small class="soft">
                {fault}, {target}
              </small>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function pick(fault: string, target: string, { faults }: Offers): void {
  const fits = faults.some(({ id, targets }) => id === fault && (target === '' || targets.includes(target)));
  location.hash = addressOf('break', `${fits ? fault : ''}/${target}`);
}

/** The certificate that one end of a connection shows. */
function ByConnection(props: { state: State; fault: string; offers: Offers }): JSX.Element {
  const { state, fault, offers } = props;
  const choose = (value: string): void => {
    if (value !== '') pick(fault, value, offers);
  };
  return (
    <details>
      <summary>or by a connection</summary>
      <p>
        <label>
          Connection{' '}
          <select value="" onChange={(event) => choose(event.currentTarget.value)}>
            <option value="">choose whose certificate</option>
            {state.ends.slice(0, 40).map(({ channel, client, server }) => (
              <optgroup key={channel} label={channel.replace('->', ' → ')}>
                <option value={client}>{client}, shown by the client</option>
                <option value={server}>{server}, shown by the server</option>
              </optgroup>
            ))}
          </select>
        </label>
      </p>
    </details>
  );
}

/** Targets of all faults in groups; those of workers beyond the first few are left to the terminal. */
function targetsOf({ faults }: Offers, { hosts, ends }: State): { title: string; ids: string[] }[] {
  const all = [...new Set(faults.flatMap(({ targets }) => targets))];
  const certificates = new Set(ends.flatMap(({ client, server }) => [client, server]));
  const groups = [
    { title: 'certificates', ids: all.filter((id) => certificates.has(id)) },
    { title: 'what a machine trusts', ids: all.filter((id) => /^(etcd-)?ca@/.test(id)) },
    { title: 'machines', ids: all.filter((id) => hosts.includes(id) || id === 'cluster') },
  ];
  const known = new Set(groups.flatMap(({ ids }) => ids));
  return [...groups, { title: 'programs and other', ids: all.filter((id) => !known.has(id)) }]
    .map(({ title, ids }) => ({ title, ids: ids.slice(0, 30) }))
    .filter(({ ids }) => ids.length > 0);
}

/** For whoever teaches: something is broken, and nobody is told what. */
function Teacher({ state }: { state: State }): JSX.Element {
  const [now, setNow] = useState(Date.now());
  const { hidden, solved } = state.cluster;
  useEffect(() => {
    if (!hidden) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [hidden]);
  return (
    <section class="teacher">
      <h3>For a class: find it yourselves</h3>
      {hidden ? (
        <p>
          Something is broken since {minutes(now - Date.parse(hidden.at))}. The evidence stays: alerts,
          certificates, log lines. Sentences and fixes are covered until all is green.{' '}
          <button type="button" onClick={() => void reveal()}>
            Reveal it
          </button>
        </p>
      ) : (
        <p>
          {solved && <b>{solved.text} </b>}
          <button type="button" onClick={() => void hide()}>
            Break something, and hide it
          </button>
        </p>
      )}
    </section>
  );
}

async function hide(): Promise<void> {
  await act({
    route: 'POST /hide',
    body: {},
    text: 'Something is broken now. What?',
    command: 'npx mtls-lab break --random --hide',
  });
}

async function reveal(): Promise<void> {
  await act({ route: 'POST /reveal', body: {}, text: 'Revealed.', command: 'npx mtls-lab reveal' });
}

/** `7:32`. */
function minutes(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
