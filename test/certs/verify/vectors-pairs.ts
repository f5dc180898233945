/**
 * Every check failing alone, and every two of them at once: which one wins. In Go's order; what Go itself says is in
 * test/golden/go-*.json like for all vectors.
 */
import type { Code } from '../../../certs/codes.ts';
import type { Stage } from '../../../certs/verify/refusal.ts';
import {
  CERT_SIGN,
  ca,
  constraints,
  eku,
  extension,
  hex,
  keyUsage,
  type MintOptions,
  mint,
  mintCa,
  name,
  notCa,
  san,
  seq,
  tlv,
} from '../../support/mint.ts';
import type { Vector } from './vector.ts';

/** A chain before it is minted: root, issuing CA, server certificate. */
interface Plan {
  host: string;
  subject: string;
  sans: readonly string[] | null;
  usage: string;
  leaf: MintOptions;
  leafMore: readonly Uint8Array[];
  issuing: MintOptions;
  issuingBasic: Uint8Array;
  issuingMore: readonly Uint8Array[];
  rootPathLength: number | undefined;
  isRootTrusted: boolean;
}

/** One way to fail. */
export interface Fault {
  readonly title: string;
  /** The row of the table of checks. */
  readonly stage: Stage;
  readonly code: Code;
  /** Faults that change the same thing cannot stand together. */
  readonly touches?: 'names' | 'dates' | 'dates of the issuer';
  readonly spoil: (plan: Plan) => void;
  /** Why the program `openssl verify` accepts it. */
  readonly opensslAccepts?: string;
  readonly otherwise?: Vector['otherwise'];
}

const CRITICAL = extension('1.2.3.4', hex('0500'), true);
const TWICE = extension('1.2.3.5', hex('0500'));
/** policyConstraints: an explicit policy from here on. */
const EXPLICIT_POLICY = extension('2.5.29.36', seq(tlv(0x80, hex('00'))));

/** In Go's order: of two that stand together the earlier one is said. */
export const FAULTS: readonly Fault[] = [
  {
    title: 'an extension twice',
    stage: 'parse',
    code: 'CERT_MALFORMED',
    spoil: (plan) => {
      plan.leafMore = [...plan.leafMore, TWICE, TWICE];
    },
    opensslAccepts: 'OpenSSL does not mind an extension that it does not know standing twice',
    otherwise: { '1.22': 'does not name the extension' },
  },
  {
    title: 'a critical extension of nobody',
    stage: 'leaf',
    code: 'CERT_CRITICAL_EXTENSION',
    spoil: (plan) => {
      plan.leafMore = [...plan.leafMore, CRITICAL];
    },
  },
  {
    title: 'not yet valid',
    stage: 'leaf',
    code: 'CERT_NOT_YET_VALID',
    touches: 'dates',
    spoil: (plan) => {
      plan.leaf = { ...plan.leaf, notBefore: '2045-01-01' };
    },
  },
  {
    title: 'expired',
    stage: 'leaf',
    code: 'CERT_EXPIRED',
    touches: 'dates',
    spoil: (plan) => {
      plan.leaf = { ...plan.leaf, notAfter: '2021-01-01' };
    },
  },
  {
    title: 'another name',
    stage: 'name',
    code: 'CERT_NAME_MISMATCH',
    touches: 'names',
    spoil: (plan) => {
      plan.sans = ['dns:other'];
    },
  },
  {
    title: 'the name in the CN only',
    stage: 'name',
    code: 'CERT_NO_SANS',
    touches: 'names',
    spoil: (plan) => {
      plan.sans = null;
      plan.subject = 'CN=localhost';
    },
    opensslAccepts: 'OpenSSL still takes the Common Name where there is no SAN',
  },
  {
    title: 'an address dialled, names listed',
    stage: 'name',
    code: 'CERT_NO_IP_SANS',
    touches: 'names',
    spoil: (plan) => {
      plan.host = '127.0.0.1';
    },
  },
  {
    title: 'an issuer that is no CA',
    stage: 'chain',
    code: 'CERT_ISSUER_NOT_CA',
    spoil: (plan) => {
      plan.issuingBasic = notCa();
    },
  },
  {
    title: 'signed with SHA-1',
    stage: 'chain',
    code: 'CERT_INSECURE_SIGNATURE',
    spoil: (plan) => {
      plan.leaf = { ...plan.leaf, algorithm: 'ECDSA-SHA1' };
    },
    opensslAccepts: 'the program verifies at security level 0 unless it is told otherwise',
    otherwise: { '1.22': 'names the GODEBUG override', '1.23': 'names the GODEBUG override' },
  },
  {
    title: 'an issuer with such an extension',
    stage: 'chain',
    code: 'CERT_CRITICAL_EXTENSION',
    spoil: (plan) => {
      plan.issuingMore = [...plan.issuingMore, CRITICAL];
    },
  },
  {
    title: 'an issuer of the future',
    stage: 'chain',
    code: 'CERT_NOT_YET_VALID',
    touches: 'dates of the issuer',
    spoil: (plan) => {
      plan.issuing = { ...plan.issuing, notBefore: '2045-01-01' };
    },
  },
  {
    title: 'an expired issuer',
    stage: 'chain',
    code: 'CERT_EXPIRED',
    touches: 'dates of the issuer',
    spoil: (plan) => {
      plan.issuing = { ...plan.issuing, notAfter: '2021-01-01' };
    },
  },
  {
    title: 'an issuer for other names',
    stage: 'chain',
    code: 'CERT_NAME_CONSTRAINT',
    spoil: (plan) => {
      plan.issuingMore = [...plan.issuingMore, constraints(['dns:example.com'])];
    },
  },
  {
    title: 'an unknown root',
    stage: 'chain',
    code: 'CERT_UNKNOWN_AUTHORITY',
    spoil: (plan) => {
      plan.isRootTrusted = false;
    },
  },
  {
    title: 'a root that allows no intermediate',
    stage: 'chain',
    code: 'CERT_PATH_TOO_LONG',
    spoil: (plan) => {
      plan.rootPathLength = 0;
    },
  },
  {
    title: 'for clients only',
    stage: 'usage',
    code: 'CERT_WRONG_USAGE',
    spoil: (plan) => {
      plan.usage = 'clientAuth';
    },
  },
  {
    title: 'a policy demanded and not named',
    stage: 'policy',
    code: 'CERT_POLICY_INVALID',
    spoil: (plan) => {
      plan.issuingMore = [...plan.issuingMore, EXPLICIT_POLICY];
    },
    opensslAccepts: 'OpenSSL looks at policies only when it is asked to',
    otherwise: { '1.22': 'policies are not looked at', '1.23': 'policies are not looked at' },
  },
];

/** A vector of these faults; the first one wins. */
function vectorOf(faults: readonly Fault[]): Vector & { readonly faults: readonly Fault[] } {
  const plan: Plan = {
    host: 'localhost',
    subject: 'CN=kube-apiserver',
    sans: ['dns:localhost'],
    usage: 'serverAuth',
    leaf: {},
    leafMore: [],
    issuing: {},
    issuingBasic: ca(),
    issuingMore: [],
    rootPathLength: undefined,
    isRootTrusted: true,
  };
  for (const { spoil } of faults) spoil(plan);
  const root = mintCa('kubernetes', { extensions: [keyUsage(CERT_SIGN), ca(plan.rootPathLength)] });
  const issuing = mintCa('issuing', {
    by: root,
    ...plan.issuing,
    extensions: [keyUsage(CERT_SIGN), plan.issuingBasic, ...plan.issuingMore],
  });
  const leaf = mint({
    by: issuing,
    subject: name(plan.subject),
    ...plan.leaf,
    extensions: [...(plan.sans === null ? [] : [san(plan.sans)]), eku(plan.usage), ...plan.leafMore],
  });
  const [first] = faults;
  return {
    faults,
    name: faults.length === 0 ? 'no fault' : faults.map(({ title }) => title).join(' beats '),
    chain: [leaf, issuing],
    roots: [plan.isRootTrusted ? root : mintCa('stranger')],
    host: plan.host,
    code: first?.code ?? null,
    ...(first?.otherwise === undefined ? {} : { otherwise: first.otherwise }),
  };
}

/** No fault, and each alone. */
export const FAULT_VECTORS = [vectorOf([]), ...FAULTS.map((fault) => vectorOf([fault]))];

/** All two that can stand together. */
export const PAIR_VECTORS = FAULTS.flatMap((first, i) =>
  FAULTS.slice(i + 1)
    .filter(({ touches }) => touches === undefined || touches !== first.touches)
    .map((second) => vectorOf([first, second])),
);
