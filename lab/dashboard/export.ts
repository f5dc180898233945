/**
 * A handshake to take away: for Wireshark, as JSON, and as one HTML file to hand in, which needs no script and loads
 * nothing. All texts of certificates and programs are escaped by the one tag that makes HTML here.
 */
import type { Trace } from '../../components/tls/trace.ts';
import { writePcapng } from '../capture/pcapng.ts';
import { channelState } from '../channel.ts';
import { explain } from '../explain.ts';
import { handshakeJson } from '../handshake-json.ts';
import { withSecondOpinions } from '../second-opinions.ts';
import { type CardCheck, type CardStory, cardOf, channelOfTrace, type SideCard } from './card.ts';
import type { CertificateCard, Chain } from './chain.ts';
import { type Answer, type Ask, plain, type Route } from './route.ts';
import { traceOf } from './stories.ts';

const GONE = 'This handshake is not remembered any more.';

export const EXPORTS = {
  'GET /export/pcapng': async (ask) =>
    given(ask, (trace) => ({
      type: 'application/octet-stream',
      body: writePcapng([trace], { comment: (one) => explain(one).headline }),
    })),
  'GET /export/json': async (ask) =>
    given(ask, (trace) => ({
      type: 'application/json',
      body: `${JSON.stringify(handshakeJson(channelState(channelOfTrace(ask.lab.cluster.topology, trace), trace), trace), null, 1)}\n`,
    })),
  'GET /export/html': async (ask) =>
    given(ask, (trace) => ({
      type: 'text/html',
      body: pageOf(cardOf(channelOfTrace(ask.lab.cluster.topology, trace), trace, ask.lab.directory)),
    })),
} as const satisfies Record<string, Route>;

type Made = Pick<Answer, 'type' | 'body'>;

async function given(ask: Ask, make: (trace: Trace) => Made): Promise<Answer> {
  const recorded = traceOf(ask);
  if (!recorded) return plain(GONE, 404);
  const trace = await withSecondOpinions(recorded);
  const made = make(trace);
  const ending = { 'text/html': 'html', 'application/json': 'json' }[made.type] ?? 'pcapng';
  const name = `${trace.channel.replace('->', '_').replace(/[^\w@.-]/g, '-')}_${trace.id.split('.').at(-1)}`;
  return { status: 200, fileName: `${name.replace(/[^\w@.-]/g, '')}.${ending}`, ...made };
}

/** Text that is HTML already. */
class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | null | false | readonly Html[];

/** HTML with everything that is put in escaped, unless it was made by this tag itself. */
function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(texts.map((text, at) => text + partText(parts[at] ?? null)).join(''));
}

function partText(part: Part): string {
  if (part === null || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(({ text }) => text).join('');
  return String(part).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = new Html(`
:root{color-scheme:light dark}body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;line-height:1.3}h2{font-size:1.05rem;margin-top:2rem;border-bottom:1px solid #888}
table{border-collapse:collapse;width:100%}td,th{padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere;border-top:1px solid #8886}
.failed{font-weight:700}.failed small{font-weight:400}td:first-child,.messages td:nth-child(2){white-space:nowrap}.box th{width:9rem}code,pre{font-family:monospace;white-space:pre-wrap;overflow-wrap:anywhere}.right{text-align:right}
.box{border:1px solid #888;border-radius:6px;padding:.5rem 1rem;margin:.5rem 0}small{opacity:.85}
@media print{body{margin:0;max-width:none}details{break-inside:avoid}}`);

/** The whole file. */
export function pageOf(card: CardStory): string {
  const { story, state, clusterTime, client, server } = card;
  const title = `${client.name} → ${server.name}, ${clusterTime}`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${STYLE}</style></head><body>
<p>${client.name} (${client.address}) → ${server.name} (${server.address}) · ${clusterTime}${
    state.alert ? ` · alert ${state.alert.number} ${state.alert.name}, sent by the ${state.alert.from}` : ''
  }</p>
<h1>${story.headline}</h1>
${card.costs.map((cost) => html`<p><b>Costs</b> ${cost}</p>`)}
${story.realCluster === null ? null : html`<p><b>A real cluster differs</b> ${story.realCluster}</p>`}
<h2>What was said</h2>
<table><tr><th>Time</th><th>${client.name}</th><th></th><th>${server.name}</th></tr>
${card.rungs.map((rung) => rungRow(rung))}</table>
<h2>What each side checked</h2>
${checksOf(server, client)}${checksOf(client, server)}
<h2>Certificates</h2>
${chainBox(client.chain)}${chainBox(server.chain)}
${story.mend.length === 0 ? null : html`<h2>Mend</h2>${story.mend.map(({ where, text }) => html`<p>${where}: <code>${text}</code></p>`)}`}
${
  story.logs.length === 0
    ? null
    : html`<h2>What the programs print</h2>${story.logs.map(({ component, level, text }) => html`<p>${component} <small>(${level})</small></p><pre>${text}</pre>`)}`
}
<h2>All messages</h2>
<table class="messages">${card.messages.map(
    (message) =>
      html`<tr><td>${(message.atUs / 1000).toFixed(1)} ms</td><td>${message.from}</td><td>${message.encrypted ? html`<small>encrypted</small> ` : null}${message.title} (${message.lengthBytes} bytes) ${message.summary}<br><small>${message.why}</small></td></tr>`,
  )}</table>
<p><small>Made by mTLS Lab. A lab's certificates and keys are of no use anywhere else.</small></p>
</body></html>
`.text;
}

function rungRow(rung: CardStory['rungs'][number]): Html {
  const said = html`${rung.encrypted ? html`<small>encrypted</small> ` : null}${rung.parts.join(' · ')}`;
  const cell = (side: 'client' | 'server'): Html =>
    html`${rung.from === side ? said : null}${rung.refusedBy === side ? html`<br><b>✗ stops here</b>` : null}${rung.notes[
      side
    ].map((note) => html`<br><small>${note}</small>`)}`;
  return html`<tr${rung.isAlert ? new Html(' class="failed"') : null}><td>${(rung.atUs / 1000).toFixed(1)} ms</td><td>${cell('client')}</td><td>${
    rung.from === 'client' ? '→' : '←'
  }</td><td>${cell('server')}</td></tr>`;
}

function checksOf(judge: SideCard, judged: SideCard): Html {
  const row = ({ passed, what, why, fix, source }: CardCheck): Html =>
    html`<tr${passed ? null : new Html(' class="failed"')}><td>${passed ? '✓' : '✗'}</td><td>${what}${
      passed ? null : html`<br><small>Rule: ${why} (${source})<br>Fix: ${fix}</small>`
    }</td></tr>`;
  return html`<h3>${judge.name} checked ${judged.name}</h3>${
    judge.unchecked === null ? html`<table>${judge.checks.map(row)}</table>` : html`<p>${judge.unchecked}</p>`
  }${judge.openssl ? html`<p><small>${judge.openssl.text}</small></p>` : null}`;
}

function chainBox(chain: Chain): Html {
  const { path, links, anchor, beside, trusted } = chain;
  return html`<h3>${chain.shownBy} showed ${path.length + beside.length === 0 ? 'no certificate' : (chain.file ?? '')}</h3>
${path.map((card, at) => {
  const link = links[at];
  return html`${certificateBox(card)}${link ? html`<p>${link.holds ? '↑' : '✗'} ${link.text} ${link.seal ?? ''}</p>` : null}`;
})}${anchor ? html`<p>Trust anchor:</p>${certificateBox(anchor)}` : null}${beside.map(certificateBox)}
<p>${chain.judgedBy} trusts: ${trusted.map(({ name, seal }) => `${name} ${seal}`).join(', ') || 'nothing that is known'}</p>`;
}

function certificateBox({ title, rows, seal, unreadable }: CertificateCard): Html {
  return html`<div class="box"><b>${title} ${seal ?? ''}</b>${unreadable === null ? null : html`<p>✗ ${unreadable}</p>`}<table>${rows.map(
    ({ label, value, passed }) =>
      html`<tr${passed === false ? new Html(' class="failed"') : null}><th>${label}</th><td>${
        passed === null ? '' : passed ? '✓ ' : '✗ '
      }${value}</td></tr>`,
  )}</table></div>`;
}
