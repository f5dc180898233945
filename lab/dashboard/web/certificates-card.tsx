/** The certificates of one handshake: what each side showed, the chain up to the trust anchor, and what failed. */
import type { JSX } from 'preact';
import type { CardStory } from '../card.ts';
import type { CertificateCard, Chain } from '../chain.ts';
import { Command } from './command.tsx';
import { dated } from './prose.tsx';
import { Seal, WithSeals } from './seal.tsx';
import { fileName } from './states.ts';
import { Terms } from './terms.tsx';

/** Read at a glance; the rest is folded. */
const FIRST_ROWS: readonly string[] = ['is the user', 'signed by', 'valid', 'names (SAN)', 'may be'];

/** Both chains. */
export function Certificates({ card, isCovered }: { card: CardStory; isCovered: boolean }): JSX.Element {
  return (
    <section>
      <h3>The two certificates that met</h3>
      <div class="chains">
        <ChainView chain={card.client.chain} isCovered={isCovered} />
        <ChainView chain={card.server.chain} isCovered={isCovered} />
      </div>
    </section>
  );
}

function ChainView({ chain, isCovered }: { chain: Chain; isCovered: boolean }): JSX.Element {
  const { path, links, anchor, beside, trusted } = chain;
  return (
    <div class="chain">
      <p class="chain-head">
        <b>{chain.shownBy}</b> showed{' '}
        {path.length === 0 ? 'no certificate' : chain.file ? <code>{fileName(chain.file)}</code> : 'this'}
      </p>
      {path.map((one, at) => {
        const link = links[at];
        return (
          <div key={one.pem}>
            <Certificate card={one} isCovered={isCovered} />
            {link && (
              <p class={link.holds || isCovered ? 'link' : 'link broken'}>
                {!link.holds && !isCovered && '✗ '}
                {link.text} {link.seal && <Seal text={link.seal} />}
              </p>
            )}
          </div>
        );
      })}
      <div class="trust">
        <p>
          {anchor ? 'Trust anchor: ' : ''}
          <b>{chain.judgedBy}</b>{' '}
          {trusted.length === 0 ? (
            'trusts nothing that is known to the lab'
          ) : (
            <>
              trusts{' '}
              {trusted.map(({ name, seal }) => (
                <span key={seal + name} class="trusted">
                  {name} <Seal text={seal} />
                </span>
              ))}
              {chain.trustFile && <small>in {fileName(chain.trustFile)}</small>}
            </>
          )}
        </p>
        {anchor && <Certificate card={anchor} isCovered={isCovered} isAnchor />}
      </div>
      {beside.length > 0 && (
        <details>
          <summary>Shown, too, but on no path: {beside.length}</summary>
          {beside.map((one) => (
            <Certificate key={one.pem} card={one} isCovered={isCovered} />
          ))}
        </details>
      )}
    </div>
  );
}

interface CertificateProps {
  readonly card: CertificateCard;
  readonly isCovered: boolean;
  readonly isAnchor?: boolean;
}

/** One certificate: the lines that matter, what the other side's checks said about them, and all the rest folded. */
export function Certificate({ card, isCovered, isAnchor = false }: CertificateProps): JSX.Element {
  const rows = card.rows.filter(
    ({ label, passed }) => (FIRST_ROWS.includes(label) && !isAnchor) || (passed === false && !isCovered),
  );
  const rest = card.rows.filter((row) => !rows.includes(row));
  const isBad = !isCovered && (card.unreadable !== null || card.rows.some(({ passed }) => passed === false));
  return (
    <div class={isBad ? 'certificate bad' : 'certificate'}>
      <p class="certificate-title">
        <b>{card.title}</b> {card.seal && <Seal text={card.seal} />}
      </p>
      {card.unreadable && <p class="failed">✗ Go refuses to read it: {card.unreadable}</p>}
      <Rows rows={rows} isCovered={isCovered} />
      <details>
        <summary>{isAnchor ? 'What it says' : 'Everything it says'}</summary>
        <Rows rows={rest} isCovered={isCovered} />
        <Command text={card.pem} label="PEM" />
      </details>
    </div>
  );
}

function Rows({ rows, isCovered }: { rows: CertificateCard['rows']; isCovered: boolean }): JSX.Element {
  return (
    <dl>
      {rows.map(({ label, value, passed }) => {
        const verdict = isCovered ? null : passed;
        return (
          <div key={label} class={verdict === false ? 'failed' : undefined}>
            <dt>
              <Terms text={label} />
            </dt>
            <dd>
              {verdict !== null && <span class={verdict ? 'good' : 'failed'}>{verdict ? '✓ ' : '✗ '}</span>}
              <WithSeals text={dated(value)} />
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
