/**
 * Certificate policies. Go checks them since 1.24 (before, a critical policyConstraints was an unhandled extension):
 * a path fails only when one of its CAs demands an explicit policy and none is valid along the whole path.
 *
 * @see RFC 5280 section 6.1 as updated by RFC 9618; golang/go src/crypto/x509/verify.go, policiesValid
 */
import type { Certificate } from '../x509.ts';

/** anyPolicy, 2.5.29.32.0, as hex of its DER content. */
const ANY_POLICY = '551d2000';

/** A policy that is valid at one depth of the path. */
interface PolicyNode {
  readonly policy: string;
  /** Policies of the next certificate that continue this one. */
  expected: readonly string[];
  readonly parents: Set<PolicyNode>;
  readonly children: Set<PolicyNode>;
}

/** Valid policies by depth: the root's is level 0. */
type Levels = Map<string, PolicyNode>[];

/** What may still be left out, in certificates to come. */
interface Counters {
  explicit: number;
  mapping: number;
  any: number;
}

/** True when the policies of a path (leaf first, trust anchor last) are valid. The anchor's own do not count. */
export function arePoliciesValid(path: readonly Certificate[]): boolean {
  if (path.length === 1) return true;
  const below = path.slice(0, -1).reverse();
  const counters: Counters = { explicit: path.length, mapping: path.length, any: path.length };
  let levels: Levels | null = [new Map([[ANY_POLICY, makeNode(ANY_POLICY, [])]])];
  for (const [i, certificate] of below.entries()) {
    const isLeaf = i === below.length - 1;
    const { policies } = certificate;
    if (policies.ids.length === 0) levels = null;
    if (counters.explicit === 0 && levels === null) return false;
    if (levels !== null) {
      addLevel(levels, certificate, counters, isLeaf);
      if (!isLeaf && !applyMappings(levels, policies.mappings, counters.mapping > 0)) return false;
    }
    if (!isLeaf) countDown(counters, certificate);
  }
  const leaf = below.at(-1);
  const explicit = leaf?.policies.requireExplicit === 0 ? 0 : Math.max(counters.explicit - 1, 0);
  return explicit > 0 || (levels !== null && hasValidPolicy(levels));
}

function makeNode(policy: string, parents: readonly PolicyNode[]): PolicyNode {
  const node: PolicyNode = { policy, expected: [policy], parents: new Set(parents), children: new Set() };
  for (const parent of parents) parent.children.add(node);
  return node;
}

function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return Buffer.compare(issuer.raw, subject.raw) === 0;
}

/** RFC 9618 section 5.4, steps (d)(1) to (d)(3). */
function addLevel(levels: Levels, certificate: Certificate, counters: Counters, isLeaf: boolean): void {
  const above = levels.at(-1) ?? new Map<string, PolicyNode>();
  const byExpected = new Map<string, PolicyNode[]>();
  for (const node of above.values()) {
    for (const policy of node.expected) byExpected.set(policy, [...(byExpected.get(policy) ?? []), node]);
  }
  const level = new Map<string, PolicyNode>();
  levels.push(level);
  const anyAbove = above.get(ANY_POLICY);
  for (const policy of certificate.policies.ids) {
    if (policy === ANY_POLICY) continue;
    const parents = byExpected.get(policy) ?? (anyAbove === undefined ? [] : [anyAbove]);
    if (parents.length > 0) level.set(policy, makeNode(policy, parents));
  }
  const allowsAny = counters.any > 0 || (!isLeaf && isSelfIssued(certificate));
  if (certificate.policies.ids.includes(ANY_POLICY) && allowsAny) {
    for (const [policy, parents] of byExpected) {
      if (!level.has(policy)) level.set(policy, makeNode(policy, parents));
    }
  }
  prune(levels);
}

/** Remove nodes of upper levels that lead nowhere; the root and the newest level stay. */
function prune(levels: Levels): void {
  for (let depth = levels.length - 2; depth > 0; depth -= 1) {
    const level = levels[depth];
    for (const [policy, node] of level ?? []) {
      if (node.children.size > 0) continue;
      for (const parent of node.parents) parent.children.delete(node);
      level?.delete(policy);
    }
  }
}

/** RFC 9618 section 5.5: false for a mapping from or to anyPolicy. */
function applyMappings(
  levels: Levels,
  mappings: Certificate['policies']['mappings'],
  isMappingAllowed: boolean,
): boolean {
  const level = levels.at(-1) ?? new Map<string, PolicyNode>();
  if (!isMappingAllowed) {
    for (const { issuer } of mappings) {
      const node = level.get(issuer);
      if (node === undefined) continue;
      for (const parent of node.parents) parent.children.delete(node);
      level.delete(issuer);
      prune(levels);
    }
    return true;
  }
  if (mappings.some(({ issuer, subject }) => issuer === ANY_POLICY || subject === ANY_POLICY)) return false;
  const any = level.get(ANY_POLICY);
  for (const issuer of new Set(mappings.map((mapping) => mapping.issuer))) {
    const node = level.get(issuer) ?? (any === undefined ? undefined : makeNode(issuer, [any]));
    if (node === undefined) continue;
    node.expected = mappings.filter((mapping) => mapping.issuer === issuer).map(({ subject }) => subject);
    level.set(issuer, node);
  }
  return true;
}

function countDown(counters: Counters, certificate: Certificate): void {
  if (!isSelfIssued(certificate)) {
    counters.explicit = Math.max(counters.explicit - 1, 0);
    counters.mapping = Math.max(counters.mapping - 1, 0);
    counters.any = Math.max(counters.any - 1, 0);
  }
  const { requireExplicit, inhibitMapping, inhibitAny } = certificate.policies;
  const lower = (value: number | null, limit: number) =>
    value !== null && value >= 0 ? Math.min(value, limit) : limit;
  counters.explicit = lower(requireExplicit, counters.explicit);
  counters.mapping = lower(inhibitMapping, counters.mapping);
  counters.any = lower(inhibitAny, counters.any);
}

/** Is any policy left? No policy was asked for, so every one will do. */
function hasValidPolicy(levels: Levels): boolean {
  const isRootedInAny = (node: PolicyNode) =>
    node.policy !== ANY_POLICY &&
    node.parents.size === 1 &&
    [...node.parents].some(({ policy }) => policy === ANY_POLICY);
  return (
    levels.at(-1)?.has(ANY_POLICY) === true || levels.some((level) => [...level.values()].some(isRootedInAny))
  );
}
