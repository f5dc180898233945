/**
 * OpenSSL's own word about what each side of a connection judged, "OpenSSL (Node)": asked when somebody looks, after
 * the handshake and off its path, once per chain.
 */
import { createHash } from 'node:crypto';
import { askOpenssl, type OpensslAnswer } from '../certs/verify/openssl.ts';
import { compareOpinions, isShiftedClock } from '../certs/verify/second-opinion.ts';
import type { VerifyInput } from '../certs/verify/verify.ts';
import type { Side, SideReport, Trace } from '../components/tls/trace.ts';
import { certificatesOnWire } from './wire-certificates.ts';

const ANSWERS_KEPT = 256;
/** OpenSSL looks at the clock: an answer grows old. */
const ANSWER_AGE_MS = 60_000;

interface Kept {
  readonly answer: Promise<OpensslAnswer>;
  readonly askedAtMs: number;
}

const kept = new Map<string, Kept>();

/** The trace with both sides' second opinions filled in. */
export async function withSecondOpinions(trace: Trace): Promise<Trace> {
  const [client, server] = await Promise.all([withOpinion(trace, 'client'), withOpinion(trace, 'server')]);
  return { ...trace, client, server };
}

async function withOpinion(trace: Trace, side: Side): Promise<SideReport | null> {
  const report = trace[side];
  const peer = side === 'client' ? 'server' : 'client';
  const chain = certificatesOnWire(trace, peer) ?? [];
  // Without findings nothing was judged: nobody showed a certificate, or nobody wanted to see it (insecure).
  if (report === null || report.findings.length === 0 || chain.length === 0) return report;
  const answer = await askOnce({
    chain,
    roots: report.trusted,
    purpose: peer === 'server' ? 'serverAuth' : 'clientAuth',
    name: report.wantedName,
    time: new Date(),
  });
  const failed = report.findings.find(({ passed }) => !passed);
  const verdict = { accepted: report.verdictText === null, code: failed?.code ?? null };
  return { ...report, secondOpinion: compareOpinions(answer, verdict, isShiftedClock(report.clockShiftMs)) };
}

/** Ask, or remember what was answered lately. */
function askOnce(input: VerifyInput): Promise<OpensslAnswer> {
  const key = keyOf(input);
  const known = kept.get(key);
  const now = performance.now();
  if (known !== undefined && now - known.askedAtMs < ANSWER_AGE_MS) return known.answer;
  kept.delete(key);
  const answer = askOpenssl(input);
  kept.set(key, { answer, askedAtMs: now });
  const [oldest] = kept.keys();
  if (kept.size > ANSWERS_KEPT && oldest !== undefined) kept.delete(oldest);
  return answer;
}

function keyOf({ chain, roots, purpose, name }: VerifyInput): string {
  const hash = createHash('sha256').update(`${purpose} ${name?.kind} ${name?.value}\n`);
  for (const list of [chain, roots]) {
    hash.update(`${list.length}\n`);
    for (const der of list) hash.update(`${der.length}\n`).update(der);
  }
  return hash.digest('base64');
}
