/** All certificates: who each is, who signed it, when it ends, where it lies, and what differs. */
import type { JSX } from 'preact';
import type { CertificateRow, CertificateTable, PlacedCertificate } from '../certificates.ts';
import { useAnswer } from './ask.ts';
import { CertificateDetails } from './certificate-detail.tsx';
import { Command, labCommand } from './command.tsx';
import { Seal } from './seal.tsx';
import { type Found, SignerText } from './signer.tsx';
import { addressOf, type State } from './store.ts';
import { Terms } from './terms.tsx';

const DAY_MS = 86_400_000;
/** The bars reach from three months before the cluster's time to a year and a month after it. */
const BEFORE_MS = 90 * DAY_MS;
const AFTER_MS = 400 * DAY_MS;

/** The table, and one certificate below it when the address names one. */
export function CertificatesView({ state }: { state: State }): JSX.Element {
  const { answer, problem } = useAnswer<CertificateTable>('GET /certificates', state.revision);
  const { rest } = state.place;
  if (problem) return <p class="failed">{problem}</p>;
  if (!answer) return <p>The certificates are being read.</p>;
  if (rest !== '') {
    const row = answer.rows.find(({ id }) => id === rest);
    return row ? <CertificateDetails row={row} state={state} /> : <p>There is no certificate “{rest}”.</p>;
  }
  const now = Date.parse(answer.now);
  const wrong = answer.rows.filter((row) => row.wrong.length > 0).length;
  return (
    <>
      <h2>
        Certificates{' '}
        <small>
          {answer.covered
            ? 'something is hidden: what differs is covered'
            : wrong === 0
              ? 'all as they should be'
              : `${wrong} not as it should be`}
          ; judged by the cluster’s clock, {answer.now.slice(0, 10)}
        </small>
      </h2>
      <table class="certificates">
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col">Says who it is (CN, O)</th>
            <th scope="col">For</th>
            <th scope="col">Signed by</th>
            <th scope="col">Valid</th>
            <th scope="col">Ends</th>
            <th scope="col">As expected</th>
          </tr>
        </thead>
        <tbody>
          {answer.rows.map((row) => (
            <Row key={row.id} row={row} now={now} covered={answer.covered} />
          ))}
        </tbody>
      </table>
      {answer.hiddenWorkers > 0 && (
        <p class="soft">{answer.hiddenWorkers} more workers have their own; the terminal lists them all.</p>
      )}
      <p class="line">
        <Command text={labCommand(state, 'certs')} />
      </p>
      <Holdings rows={answer.rows} />
    </>
  );
}

function Row(props: { row: CertificateRow; now: number; covered: boolean }): JSX.Element {
  const { row, now, covered } = props;
  const shown = row.places.find(({ place }) => place !== 'desk') ?? row.places[0];
  const found = shown?.found ?? null;
  const bad = !covered && (row.wrong.length > 0 || found?.state !== 'valid');
  return (
    <tr class={bad ? 'bad' : ''}>
      <th scope="row">
        <a class="together" href={addressOf('certificates', row.id)}>
          {row.file}
        </a>
        {row.id.includes('@') && <small> {row.id.split('@')[1]}</small>}
      </th>
      <td>
        {row.commonName}
        {row.organizations.length > 0 && <small> O: {row.organizations.join(', ')}</small>}
      </td>
      <td class="together">
        {row.kind === 'ca' ? 'signing' : row.usages.length > 1 ? 'both' : row.usages[0]?.replace('Auth', '')}
      </td>
      <td>{found ? <SignerText found={found} /> : '–'}</td>
      <td class="bar-cell">{found && <Bar found={found} now={now} />}</td>
      <td>{found ? <span class="together">{endText(found)}</span> : (shown?.problem ?? '')}</td>
      <td>
        {covered ? (
          <span class="soft">covered</span>
        ) : row.wrong.length > 0 ? (
          <b class="not-good">≠ {row.wrong.length}</b>
        ) : (
          <span class="all-good">✓</span>
        )}
        {row.stale.length > 0 && <small> old one in {row.stale.join(', ')}</small>}
      </td>
    </tr>
  );
}

function endText({ notAfter, state, daysLeft }: Found): string {
  const day = notAfter.slice(0, 10);
  if (state === 'not-yet-valid') return `${day} · not yet`;
  if (state === 'expired') return `${day} · over`;
  return daysLeft > 700 ? `${day} · ${Math.floor(daysLeft / 365)} years` : `${day} · ${daysLeft} d`;
}

function Bar({ found, now }: { found: Found; now: number }): JSX.Element {
  const from = now - BEFORE_MS;
  const span = BEFORE_MS + AFTER_MS;
  const part = (at: string): number => Math.min(1, Math.max(0, (Date.parse(at) - from) / span)) * 200;
  const [start, end] = [part(found.notBefore), part(found.notAfter)];
  const today = (BEFORE_MS / span) * 200;
  const label = `valid from ${found.notBefore.slice(0, 10)} to ${found.notAfter.slice(0, 10)}`;
  return (
    <svg
      class={`bar ${found.state}`}
      viewBox="0 0 200 20"
      role="img"
      aria-label={label}
      preserveAspectRatio="none"
    >
      <rect class="track" x="0" y="6" width="200" height="8" />
      <rect class="span" x={start} y="4" width={Math.max(3, end - start)} height="12" />
      <path class="today" d={`M${today},0 V20`} />
    </svg>
  );
}

/** Which machine holds what; only the CA's folder has the CA's key. */
function Holdings({ rows }: { rows: readonly CertificateRow[] }): JSX.Element {
  const places = [...new Set(rows.flatMap((row) => row.places.map(({ place }) => place)))];
  return (
    <>
      <h3>Who holds what</h3>
      <p class="soft">
        <Terms text="A private key lies where it is used and nowhere else. ca.key never leaves the CA's folder: whoever has it can be anybody. Each ca.crt is a trust anchor; its seal says which CA is trusted there." />
      </p>
      <div class="holdings">
        {places.map((place) => (
          <section key={place}>
            <h4>{place === 'desk' ? 'the CA’s folder (pki/)' : place}</h4>
            <ul>
              {rows.flatMap((row) =>
                row.places
                  .filter((one) => one.place === place)
                  .map((one) => (
                    <li key={row.id}>
                      <a href={addressOf('certificates', row.id)}>{fileOf(one)}</a>
                      {one.hasKey && <span title="and its private key"> + key</span>}
                      {row.kind === 'ca' && one.found && (
                        <span>
                          {' '}
                          {place === 'desk' ? '' : 'trusts '}
                          {one.found.seal && <Seal text={one.found.seal} />}
                        </span>
                      )}
                      {!one.found && <b class="not-good"> ✗</b>}
                    </li>
                  )),
              )}
            </ul>
          </section>
        ))}
      </div>
    </>
  );
}

function fileOf({ path }: PlacedCertificate): string {
  return path.split('/').at(-1) ?? path;
}
