/** The openssl lines that break and mend a certificate by hand, ready to be pasted into bash where the lab was started. */
import { relative } from 'node:path';
import { deskFiles } from '../../certs/desk.ts';
import { formatSan, type Identity, identities } from '../../certs/identities.ts';
import type { LabDirectory } from '../directory.ts';

/** Lines for a shell. */
export interface ByHand {
  /** null: this flaw takes more than one line of openssl. */
  readonly breaks: string | null;
  /** Issues the certificate anew from the request in the CA's folder. */
  readonly mends: string;
}

/** What differs from the right certificate when it is signed. */
const FLAWS: Readonly<Record<string, (identity: Identity) => Partial<Signing>>> = {
  expired: () => ({ days: -1 }),
  'wrong-name': () => ({ sans: ['DNS:other.example', 'IP:192.0.2.1'] }),
  'wrong-usage': ({ usages }) => ({
    usages: usages.includes('serverAuth') ? ['clientAuth'] : ['serverAuth'],
  }),
};

interface Signing {
  readonly days: number;
  readonly sans: readonly string[];
  readonly usages: readonly string[];
}

/** Lines about a certificate; null for every other target. */
export function byHand({ dir, choices }: LabDirectory, fault: string, target: string): ByHand | null {
  const all = identities(choices);
  const identity = all.find(({ id, kind }) => id === target && kind === 'leaf');
  const signer = all.find(({ id }) => id === identity?.signer);
  if (!identity || !signer) return null;
  const right: Signing = { days: 365, sans: identity.sans.map(formatSan), usages: identity.usages };
  const line = (signing: Signing): string => {
    const [desk, ca] = [deskFiles(dir, identity), deskFiles(dir, signer)];
    const sans = signing.sans.length > 0 ? `\\nsubjectAltName=${signing.sans.join(',')}` : '';
    return `openssl x509 -req -in ${shown(desk.csr ?? '')} -CA ${shown(ca.cert)} -CAkey ${shown(ca.key)} -days ${signing.days} -out ${shown(desk.cert)} -extfile <(printf 'extendedKeyUsage=${signing.usages.join(',')}\\nkeyUsage=critical,digitalSignature,keyEncipherment${sans}')`;
  };
  const flaw = Object.hasOwn(FLAWS, fault) ? FLAWS[fault]?.(identity) : undefined;
  return { breaks: flaw ? line({ ...right, ...flaw }) : null, mends: line(right) };
}

function shown(path: string): string {
  const near = relative(process.cwd(), path);
  const text = near.startsWith('..') ? path : near;
  return /^[\w./@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
