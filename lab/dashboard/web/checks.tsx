/** What each side checked about the other: what failed in full with rule and fix, what passed in a word each. */
import type { JSX } from 'preact';
import type { CardStory, SideCard } from '../card.ts';
import { dated, Prose } from './prose.tsx';
import { fileName } from './states.ts';

/** Both sides, the server's checks first where it refused. */
export function Checks({ card, isCovered }: { card: CardStory; isCovered: boolean }): JSX.Element {
  const { client, server } = card;
  return (
    <section>
      <h3>What each side checked</h3>
      <div class="chains">
        <SideChecks judge={server} judged={client} isCovered={isCovered} />
        <SideChecks judge={client} judged={server} isCovered={isCovered} />
      </div>
    </section>
  );
}

interface SideChecksProps {
  readonly judge: SideCard;
  readonly judged: SideCard;
  readonly isCovered: boolean;
}

function SideChecks({ judge, judged, isCovered }: SideChecksProps): JSX.Element {
  const failed = judge.checks.filter(({ passed }) => !passed);
  const spoiled = new Set(failed.map(({ name }) => name));
  const passed = judge.checks.filter((check) => check.passed);
  const words = [...new Set(passed.map(({ name }) => name))].filter((name) => !spoiled.has(name));
  const file = judged.chain.file;
  return (
    <div class="checks">
      <p class="chain-head">
        <b>{judge.name}</b> checked {file ? <code>{fileName(file)}</code> : judged.name}
      </p>
      {judge.unchecked && <p class="soft">– {judge.unchecked}</p>}
      {isCovered ? (
        <p class="soft">Covered until the break is revealed or mended.</p>
      ) : (
        <>
          <ul>
            {failed.map(({ code, what, why, fix, source }, at) => (
              <li key={code + what} class="failed">
                ✗ {dated(what)}
                {/* The same rule is told once, with the last check that it failed. */}
                {failed[at + 1]?.code !== code && (
                  <dl>
                    <div>
                      <dt>rule</dt>
                      <dd>
                        <Prose text={why} /> <small>{source}</small>
                      </dd>
                    </div>
                    {fix && (
                      <div>
                        <dt>fix</dt>
                        <dd>
                          <Prose text={fix} />
                        </dd>
                      </div>
                    )}
                  </dl>
                )}
              </li>
            ))}
          </ul>
          {words.length > 0 && (
            <details>
              <summary>
                {words.map((word) => (
                  <span key={word} class="good">
                    ✓ {word}{' '}
                  </span>
                ))}
              </summary>
              <ul>
                {passed.map(({ code, what, source }) => (
                  <li key={code + what}>
                    <span class="good">✓</span> {dated(what)} <small>{source}</small>
                  </li>
                ))}
              </ul>
            </details>
          )}
        </>
      )}
    </div>
  );
}
