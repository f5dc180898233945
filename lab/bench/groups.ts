/**
 * What is measured: one row per question, each with the bare way first. Bars are those of the project's budget.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDesk } from '../../certs/desk.ts';
import { type Choices, DEFAULT_CHOICES, identities } from '../../certs/identities.ts';
import { generateKeys } from '../../certs/keys.ts';
import { readPem } from '../../certs/pem.ts';
import { verify } from '../../certs/verify/verify.ts';
import { createDecoder } from '../../components/tls/decoder.ts';
import type { Trace } from '../../components/tls/trace.ts';
import { judge } from '../../components/tls/verdict.ts';
import { clientOf, get, type Material, openMaterial, type Target } from './material.ts';
import { type Effort, interleave, type Measurement, type Variant } from './measure.ts';

/** One question and its answer. */
export interface Group {
  readonly id: string;
  readonly title: string;
  /** Which time decides. */
  readonly by: 'cpu' | 'wall';
  /** At most this many times the first row; null: no bar. */
  readonly bar: number | null;
  readonly rows: readonly Measurement[];
}

interface Question {
  readonly id: string;
  readonly title: string;
  readonly by: 'cpu' | 'wall';
  readonly bar: number | null;
  /** Operations per round. */
  readonly count: number;
  readonly material: Choices['key'] | null;
  readonly variants: (material: Material | null) => readonly Variant[];
}

const both =
  (variants: (target: Target) => (count: number) => Promise<void>) => (material: Material | null) => {
    if (material === null) return [];
    return [
      { name: 'bare https', run: variants(material.bare) },
      { name: 'watched, decoded, verified', run: variants(material.watched) },
    ];
  };

const QUESTIONS: readonly Question[] = [
  {
    id: 'handshake-rsa-2048',
    title: 'one mutual TLS handshake and one request, RSA-2048',
    by: 'cpu',
    bar: 1.25,
    count: 40,
    material: 'rsa-2048',
    variants: both(freshHandshakes),
  },
  {
    id: 'handshake-ecdsa-p256',
    title: 'one mutual TLS handshake and one request, ECDSA P-256',
    by: 'cpu',
    bar: 1.35,
    count: 40,
    material: 'ecdsa-p256',
    variants: both(freshHandshakes),
  },
  {
    id: 'keep-alive',
    title: 'one request over a connection that is kept open',
    by: 'cpu',
    bar: null,
    count: 400,
    material: 'ecdsa-p256',
    variants: both(keptAlive),
  },
  {
    id: '64-mib',
    title: 'one answer of 64 MiB',
    by: 'cpu',
    bar: null,
    count: 1,
    material: 'ecdsa-p256',
    variants: both(bigAnswer),
  },
  {
    id: 'decode',
    title: 'decoding one handshake, one end',
    by: 'cpu',
    bar: null,
    count: 500,
    material: 'ecdsa-p256',
    variants: (material) => decoding(material),
  },
  {
    id: 'pki-rsa-2048',
    title: "one cluster's PKI, RSA-2048",
    by: 'wall',
    bar: 1.1,
    count: 1,
    material: null,
    variants: () => pki('rsa-2048'),
  },
  {
    id: 'pki-ecdsa-p256',
    title: "one cluster's PKI, ECDSA P-256",
    by: 'wall',
    bar: null,
    count: 1,
    material: null,
    variants: () => pki('ecdsa-p256'),
  },
  {
    id: 'verify',
    title: 'the verdict about one ordinary chain',
    by: 'cpu',
    bar: null,
    count: 500,
    material: 'rsa-2048',
    variants: (material) => verdict(material),
  },
];

/** The ids that can be asked for, in order. */
export const GROUP_IDS: readonly string[] = QUESTIONS.map(({ id }) => id);

/**
 * Measure one question.
 * @param effort  `count` multiplies the question's own count
 */
export async function measureGroup(id: string, effort: Effort): Promise<Group> {
  const question = QUESTIONS.find((each) => each.id === id);
  if (question === undefined) throw new RangeError(`no benchmark ${id}; there are ${GROUP_IDS.join(', ')}`);
  const { title, by, bar } = question;
  const material = question.material === null ? null : await openMaterial(question.material);
  try {
    const count = Math.max(1, Math.round(question.count * effort.count));
    const rows = await interleave(question.variants(material), { rounds: effort.rounds, count });
    return { id, title, by, bar, rows };
  } finally {
    await material?.close();
  }
}

function freshHandshakes(target: Target): Variant['run'] {
  return async (count) => {
    for (let done = 0; done < count; done++) {
      const client = clientOf(target);
      await get(client, '/');
      await client.close();
    }
  };
}

function keptAlive(target: Target): Variant['run'] {
  return async (count) => {
    const client = clientOf(target);
    for (let done = 0; done < count; done++) await get(client, '/');
    await client.close();
  };
}

function bigAnswer(target: Target): Variant['run'] {
  return async (count) => {
    const client = clientOf(target);
    for (let done = 0; done < count; done++) await get(client, '/big');
    await client.close();
  };
}

function decoding(material: Material | null): readonly Variant[] {
  if (material === null) return [];
  let trace: Trace | undefined;
  const prepare = async (): Promise<Trace> => {
    if (trace !== undefined) return trace;
    const client = clientOf(material.watched);
    await get(client, '/');
    await client.close();
    trace = material.traces.find(({ wire, keylog }) => wire.length > 3 && keylog.length > 0);
    if (trace === undefined) throw new Error('no connection was traced');
    return trace;
  };
  const run = (look: boolean) => async (count: number) => {
    const { wire, keylog } = await prepare();
    for (let done = 0; done < count; done++) {
      const decoder = createDecoder({
        onMessage: (message) => (look ? message.fields.length + message.summary.length : 0),
      });
      for (const line of keylog) decoder.keylog(line);
      for (const { from, bytes, atUs } of wire) decoder.push(from, bytes, atUs);
      decoder.end();
    }
  };
  return [
    { name: 'what a verdict needs', run: run(false) },
    { name: 'every field and summary', run: run(true) },
  ];
}

function pki(key: Choices['key']): readonly Variant[] {
  const choices: Choices = { ...DEFAULT_CHOICES, key };
  const keys = identities(choices).length;
  return [
    {
      name: `${keys} key pairs alone, all at once`,
      run: async (count) => {
        for (let done = 0; done < count; done++) {
          await Promise.all(Array.from({ length: keys }, () => generateKeys(key)));
        }
      },
    },
    {
      name: 'keys, CSRs, certificates, files',
      run: async (count) => {
        for (let done = 0; done < count; done++) {
          const dir = mkdtempSync(join(tmpdir(), 'mtls-lab-bench-pki-'));
          await createDesk(dir, choices, new Date());
          rmSync(dir, { recursive: true, force: true });
        }
      },
    },
  ];
}

function verdict(material: Material | null): readonly Variant[] {
  if (material === null) return [];
  const read = (name: string): Uint8Array[] =>
    readPem(readFileSync(material.host.path(`/etc/kubernetes/pki/${name}.crt`), 'utf8')).map(
      ({ bytes }) => bytes,
    );
  const input = {
    chain: read('etcd-server'),
    roots: read('ca'),
    purpose: 'serverAuth',
    name: { kind: 'ip', value: '127.0.0.1' },
    time: new Date(),
  } as const;
  if (!verify(input).accepted) throw new Error('the ordinary chain is refused');
  const times =
    (what: () => unknown) =>
    async (count: number): Promise<void> => {
      for (let done = 0; done < count; done++) what();
    };
  return [
    { name: 'every check, with its sentences', run: times(() => verify(input)) },
    // What a handshake calls; the sentences wait until somebody looks.
    { name: 'inside a handshake', run: times(() => judge(input)) },
  ];
}
