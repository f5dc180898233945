/** One certificate: each place where it lies, expected and found, on disk and in the process, PEM, plain words. */
import type { JSX } from 'preact';
import type { CertificateDetail, CertificateRow } from '../certificates.ts';
import { useAnswer } from './ask.ts';
import { Command, labCommand } from './command.tsx';
import { SignerText } from './signer.tsx';
import { addressOf, type State } from './store.ts';
import { Terms } from './terms.tsx';

/** Everything about one. */
export function CertificateDetails({ row, state }: { row: CertificateRow; state: State }): JSX.Element {
  const { answer } = useAnswer<CertificateDetail>(
    `GET /certificate?id=${encodeURIComponent(row.id)}`,
    state.revision,
  );
  return (
    <article class="certificate-page">
      <p class="line">
        <a class="button" href="#/certificates">
          All certificates
        </a>{' '}
        {row.kind === 'leaf' && (
          <a class="button" href={addressOf('break', `/${row.id}`)}>
            Break it
          </a>
        )}
      </p>
      <h2>
        {row.file} <small>{purposeOf(row)}</small>
      </h2>
      {row.wrong.map((sentence) => (
        <p key={sentence} class="suffer">
          {sentence}
        </p>
      ))}
      {row.wrong.length === 0 && state.cluster.hidden === null && (
        <p class="all-good">As it should be, everywhere.</p>
      )}
      {answer && <Details detail={answer} state={state} />}
    </article>
  );
}

function purposeOf({ shownBy, kind, usages }: CertificateRow): string {
  if (kind === 'ca') return 'signs the certificates of the cluster; every ca.crt says whom a machine trusts';
  const who = shownBy.length > 3 ? `${shownBy.length} programs` : shownBy.join(', ');
  const how = usages.includes('serverAuth')
    ? usages.includes('clientAuth')
      ? 'as server and as client'
      : 'to its clients'
    : 'when it dials';
  return `${who} shows it ${how}`;
}

function Details({ detail, state }: { detail: CertificateDetail; state: State }): JSX.Element {
  const differing = detail.compared.filter(({ ok }) => !ok);
  return (
    <>
      <h3>Where it lies</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">Place</th>
            <th scope="col">File</th>
            <th scope="col">Signed by</th>
            <th scope="col">Until</th>
            <th scope="col">SHA-256</th>
          </tr>
        </thead>
        <tbody>
          {detail.places.map(({ place, path, found, problem }) => (
            <tr key={place} class={found ? '' : 'bad'}>
              <th scope="row">{place === 'desk' ? 'the CA’s folder' : place}</th>
              <td>
                <code>{path}</code>
              </td>
              <td>{found ? <SignerText found={found} /> : problem}</td>
              <td>{found?.notAfter.replace('T', ' ').replace('Z', ' UTC')}</td>
              <td>
                <code>{found?.fingerprint.slice(0, 12)}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <h3>On disk and in the process</h3>
      {detail.held.length === 0 && <p class="soft">No program that runs holds it.</p>}
      {detail.held.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Program</th>
              <th scope="col">File, and the flag or field that names it</th>
              <th scope="col">On disk</th>
              <th scope="col">In the process</th>
            </tr>
          </thead>
          <tbody>
            {detail.held.map(({ component, path, flag, onDisk, inProcess, problem }) => (
              <tr key={component + path + flag} class={onDisk === inProcess && !problem ? '' : 'bad'}>
                <th scope="row">{component}</th>
                <td>
                  <code>{path}</code> <small>{flag}</small>
                </td>
                <td>
                  <code>{onDisk?.slice(0, 8) ?? 'none'}</code>
                </td>
                <td>
                  <code>{inProcess?.slice(0, 8) ?? 'none'}</code>{' '}
                  {problem ?? (onDisk === inProcess ? 'the same' : 'another: not read again yet')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <h3>Expected and found</h3>
      <details open={differing.length > 0}>
        <summary>
          {detail.compared.length === 0
            ? 'Covered while something is hidden'
            : differing.length === 0
              ? `${detail.compared.length} comparisons, all as expected`
              : `${differing.length} of ${detail.compared.length} comparisons differ`}
        </summary>
        <table>
          <thead>
            <tr>
              <th scope="col">Where</th>
              <th scope="col">What</th>
              <th scope="col">Expected</th>
              <th scope="col">Found</th>
            </tr>
          </thead>
          <tbody>
            {[...detail.compared]
              .sort((one, other) => Number(one.ok) - Number(other.ok))
              .map(({ place, what, aspect, expected, found, ok, fix }) => (
                <tr key={place + what + aspect} class={ok ? '' : 'bad'}>
                  <th scope="row">{place === 'desk' ? 'the CA’s folder' : place}</th>
                  <td>
                    {ok ? '✓' : '✗'} {aspect} of the {what}
                  </td>
                  <td>{expected}</td>
                  <td>
                    {found}
                    {fix !== '' && <small> mend: {fix}</small>}
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      </details>
      {detail.places.map(({ place, text, pem, openssl }) => (
        <section key={place} class="reading">
          <h3>{place === 'desk' ? 'In the CA’s folder' : `On ${place}`}</h3>
          <pre>
            <Terms text={text || 'No certificate can be read there.'} />
          </pre>
          <p class="line">
            <Command text={openssl} />
          </p>
          <details>
            <summary>PEM</summary>
            <pre>{pem || 'none'}</pre>
          </details>
        </section>
      ))}
      <p class="line">
        <Command text={labCommand(state, `inspect ${detail.id}`)} />
      </p>
    </>
  );
}
