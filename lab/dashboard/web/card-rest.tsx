/** The end of a card: others who dialled the same server, and what is folded: logs, second opinions, files, commands. */
import type { JSX } from 'preact';
import type { CardStory } from '../card.ts';
import { Command, labCommand } from './command.tsx';
import { Recent, useRecent } from './recent.tsx';
import { timeOf } from './states.ts';
import { addressOf, type State } from './store.ts';

/** What the end of a card is drawn from. */
export interface RestProps {
  readonly card: CardStory;
  readonly state: State;
  readonly isCovered: boolean;
}

/** Programs outside the lab that dialled the same server: the student's own kubectl, curl, etcdctl. */
export function Outside({ card, state, isCovered }: RestProps): JSX.Element | null {
  const channel = `?->${card.state.server}`;
  const { answer } = useRecent(card.state.client === '?' ? '' : channel, state);
  return (
    <Recent
      title={`Programs outside the lab that dialled ${card.state.server}: your kubectl, curl …`}
      runs={answer ?? []}
      open={card.state.trace ?? ''}
      isCovered={isCovered}
    />
  );
}

/** Closed at first. */
export function Rest({ card, state, isCovered }: RestProps): JSX.Element {
  const { story, client, server } = card;
  const trace = encodeURIComponent(card.state.trace ?? '');
  return (
    <section class="rest">
      {story.logs.length > 0 && (
        <details>
          <summary>What the programs print ({story.logs.length})</summary>
          {story.logs.map(({ component, text, level }) => (
            <div key={component + text} class="log">
              <p>
                <b>{component}</b> <small>prints it at: {level}</small>
              </p>
              <Command text={text} label={`the log line of ${component}`} />
            </div>
          ))}
        </details>
      )}
      <details>
        <summary>Who would accept this? Go and OpenSSL</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">The certificate of</th>
              <th scope="col">Go (all of Kubernetes)</th>
              <th scope="col">OpenSSL (curl, Node)</th>
            </tr>
          </thead>
          <tbody>
            <Opinions judged={client.name} judge={server} />
            <Opinions judged={server.name} judge={client} />
          </tbody>
        </table>
      </details>
      {!isCovered && (
        <details>
          <summary>Take it away</summary>
          <p class="tools">
            <a class="button" href={`/export/pcapng?trace=${trace}`} download>
              For Wireshark (.pcapng, with its secrets)
            </a>
            <a class="button" href={`/export/json?trace=${trace}`} download>
              JSON
            </a>
            <a class="button" href={`/export/html?trace=${trace}`} download>
              HTML to hand in
            </a>
          </p>
          <p>
            <a href={addressOf('trace', card.state.trace ?? '')}>Link to this handshake</a>, as long as the
            lab runs
          </p>
        </details>
      )}
      {card.state.client !== '?' && (
        <p class="in-terminal">
          <span class="soft">In the terminal</span>{' '}
          <Command text={labCommand(state, `handshake ${card.state.client} ${card.state.server}`)} />
        </p>
      )}
      {card.state.at && (
        <p class="soft">
          {card.state.protocol
            ? `${card.state.protocol.replace('TLSv', 'TLS ')}, ${card.state.cipher}. `
            : ''}
          Dialled at {timeOf(card.state.at)}, this computer’s time.
        </p>
      )}
    </section>
  );
}

function Opinions({ judged, judge }: { judged: string; judge: CardStory['client'] }): JSX.Element {
  const isJudged = judge.checks.length > 0;
  return (
    <tr>
      <th scope="row">{judged}</th>
      <td>
        {!isJudged ? '– not asked' : judge.verdictText === null ? '✓ accepts' : `✗ ${judge.verdictText}`}
      </td>
      <td>
        {judge.openssl === null ? '– not asked' : `${opinion(judge.openssl.accepts)} ${judge.openssl.text}`}
      </td>
    </tr>
  );
}

function opinion(accepts: boolean | null): string {
  return accepts === null ? '–' : accepts ? '✓' : '✗';
}
