/**
 * Extensions of a certificate: which ones Go knows, what they say, and which critical ones nobody handles.
 *
 * @see RFC 5280 section 4.2; golang/go src/crypto/x509/parser.go, processExtensions
 */
import {
  constructedTag,
  contentOf,
  contextTag,
  enter,
  inside,
  isEmpty,
  MalformedError,
  oidText,
  openDer,
  peekTag,
  readBitString,
  readBoolean,
  readElement,
  readInt64,
  readOid,
  readOptional,
  TAG,
  toHex,
} from '../der.ts';
import { EXT_KEY_USAGE_OIDS, type ExtKeyUsage, KEY_USAGES, type KeyUsage, nameOf } from '../oids.ts';
import {
  type GeneralName,
  type NameConstraints,
  readNameConstraints,
  readSubjectAltName,
} from './general-names.ts';

/** One extension as it stands in the certificate. */
export interface Extension {
  readonly oid: string;
  /** The RFC's name; the OID where it has none here. */
  readonly name: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
  /** Byte range of the whole extension in the certificate. */
  readonly start: number;
  readonly end: number;
}

/** Policy OIDs as hex of their DER content: they may be larger than any number here. */
export interface Policies {
  readonly ids: readonly string[];
  readonly mappings: readonly { readonly issuer: string; readonly subject: string }[];
  readonly requireExplicit: number | null;
  readonly inhibitMapping: number | null;
  readonly inhibitAny: number | null;
}

/** What the extensions say; null or empty where the extension is absent. */
export interface ExtensionContents {
  readonly hasSan: boolean;
  readonly san: readonly GeneralName[];
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | null } | null;
  readonly keyUsage: readonly KeyUsage[] | null;
  readonly extKeyUsage: readonly ExtKeyUsage[];
  readonly unknownExtKeyUsage: readonly string[];
  readonly authorityKeyId: Uint8Array | null;
  readonly subjectKeyId: Uint8Array | null;
  readonly nameConstraints: NameConstraints | null;
  readonly policies: Policies;
  /** Critical extensions that Go does not handle, by OID. */
  readonly unhandledCritical: readonly string[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Draft = Mutable<Omit<ExtensionContents, 'policies'>> & { policies: Mutable<Policies> };

/** One extension's reader: fills the draft; returns true when something in it is beyond Go. */
type Reader = (draft: Draft, extension: Extension) => boolean;

const READERS: Readonly<Record<string, Reader>> = {
  subjectKeyIdentifier(draft, { critical, value }) {
    if (critical) fail('x509: subject key identifier incorrectly marked critical');
    const cursor = openDer(value);
    draft.subjectKeyId = contentOf(
      cursor,
      readElement(cursor, TAG.OCTET_STRING, 'x509: invalid subject key identifier'),
    );
    return false;
  },
  keyUsage(draft, { value }) {
    const { bytes } = readBitString(openDer(value), 'x509: invalid key usage');
    draft.keyUsage = KEY_USAGES.filter((_, i) => ((bytes[i >> 3] ?? 0) & (0x80 >> (i & 7))) !== 0);
    return false;
  },
  subjectAltName(draft, { value }) {
    draft.hasSan = true;
    draft.san = readSubjectAltName(value);
    // A SAN without any name that Go understands counts as not understood.
    return draft.san.every(({ kind }) => kind === 'other');
  },
  basicConstraints(draft, { value }) {
    const invalid = 'x509: invalid basic constraints';
    const fields = enter(openDer(value), TAG.SEQUENCE, invalid);
    const ca = peekTag(fields) === TAG.BOOLEAN ? readBoolean(fields, invalid) : false;
    const pathLength = peekTag(fields) === TAG.INTEGER ? readInt64(fields, invalid) : null;
    // A negative length means none; Go 1.25 refuses it.
    draft.basicConstraints = { ca, pathLength: pathLength !== null && pathLength < 0 ? null : pathLength };
    return false;
  },
  nameConstraints(draft, { value }) {
    draft.nameConstraints = readNameConstraints(value);
    return draft.nameConstraints.hasOtherKinds;
  },
  cRLDistributionPoints(_draft, { value }) {
    const invalid = 'x509: invalid CRL distribution point';
    const points = enter(openDer(value), TAG.SEQUENCE, `${invalid}s`);
    while (!isEmpty(points)) {
      const point = enter(points, TAG.SEQUENCE, invalid);
      const name = readOptional(point, constructedTag(0), invalid);
      if (name === undefined) continue;
      const full = enter(inside(point, name), constructedTag(0), invalid);
      while (peekTag(full) === contextTag(6)) readElement(full, contextTag(6), invalid);
    }
    return false;
  },
  certificatePolicies(draft, { value }) {
    const invalid = 'x509: invalid certificate policies';
    const policies = enter(openDer(value), TAG.SEQUENCE, invalid);
    const ids: string[] = [];
    while (!isEmpty(policies)) {
      const policy = enter(policies, TAG.SEQUENCE, invalid);
      const id = contentOf(policy, readElement(policy, TAG.OBJECT_IDENTIFIER, invalid));
      if (!isPolicyOid(id) || ids.includes(toHex(id))) fail(invalid);
      ids.push(toHex(id));
    }
    draft.policies.ids = ids;
    return false;
  },
  policyMappings(draft, { value }) {
    const invalid = 'x509: invalid policy mappings extension';
    const mappings = enter(openDer(value), TAG.SEQUENCE, invalid);
    const found: { issuer: string; subject: string }[] = [];
    while (!isEmpty(mappings)) {
      const pair = enter(mappings, TAG.SEQUENCE, invalid);
      const [issuer, subject] = [1, 2].map(() =>
        toHex(contentOf(pair, readElement(pair, TAG.OBJECT_IDENTIFIER, invalid))),
      );
      found.push({ issuer: issuer ?? '', subject: subject ?? '' });
    }
    draft.policies.mappings = found;
    return false;
  },
  authorityKeyIdentifier(draft, { critical, value }) {
    if (critical) fail('x509: authority key identifier incorrectly marked critical');
    const invalid = 'x509: invalid authority key identifier';
    const fields = enter(openDer(value), TAG.SEQUENCE, invalid);
    const id = readOptional(fields, contextTag(0), invalid);
    draft.authorityKeyId = id === undefined ? null : contentOf(fields, id);
    return false;
  },
  policyConstraints(draft, { value }) {
    const invalid = 'x509: invalid policy constraints extension';
    const fields = enter(openDer(value), TAG.SEQUENCE, invalid);
    if (peekTag(fields) === contextTag(0))
      draft.policies.requireExplicit = readInt64(fields, invalid, contextTag(0));
    if (peekTag(fields) === contextTag(1))
      draft.policies.inhibitMapping = readInt64(fields, invalid, contextTag(1));
    return false;
  },
  extKeyUsage(draft, { value }) {
    const invalid = 'x509: invalid extended key usages';
    const usages = enter(openDer(value), TAG.SEQUENCE, invalid);
    const known: ExtKeyUsage[] = [];
    const unknown: string[] = [];
    while (!isEmpty(usages)) {
      const oid = readOid(usages, invalid);
      const name = nameOf(EXT_KEY_USAGE_OIDS, oid);
      if (name === undefined) unknown.push(oid);
      else known.push(name);
    }
    draft.extKeyUsage = known;
    draft.unknownExtKeyUsage = unknown;
    return false;
  },
  inhibitAnyPolicy(draft, { value }) {
    draft.policies.inhibitAny = readInt64(openDer(value), 'x509: invalid inhibit any policy extension');
    return false;
  },
  authorityInfoAccess(_draft, { critical, value }) {
    if (critical) fail('x509: authority info access incorrectly marked critical');
    const invalid = 'x509: invalid authority info access';
    const accesses = enter(openDer(value), TAG.SEQUENCE, invalid);
    while (!isEmpty(accesses)) {
      const access = enter(accesses, TAG.SEQUENCE, invalid);
      readOid(access, invalid);
      readOptional(access, contextTag(6), invalid);
    }
    return false;
  },
};

/** Read what the extensions say, in their order. @throws MalformedError with Go's text */
export function readExtensionContents(extensions: readonly Extension[]): ExtensionContents {
  const draft: Draft = {
    hasSan: false,
    san: [],
    basicConstraints: null,
    keyUsage: null,
    extKeyUsage: [],
    unknownExtKeyUsage: [],
    authorityKeyId: null,
    subjectKeyId: null,
    nameConstraints: null,
    policies: { ids: [], mappings: [], requireExplicit: null, inhibitMapping: null, inhibitAny: null },
    unhandledCritical: [],
  };
  const unhandled: string[] = [];
  for (const extension of extensions) {
    const read = Object.hasOwn(READERS, extension.name) ? READERS[extension.name] : undefined;
    const isBeyondGo = read?.(draft, extension) ?? true;
    if (isBeyondGo && extension.critical) unhandled.push(extension.oid);
  }
  draft.unhandledCritical = unhandled;
  return draft;
}

/** Go's newOIDFromDER: no size limit on an arc, but no leading 0x80 and no unfinished arc. */
function isPolicyOid(content: Uint8Array): boolean {
  if (oidText(content) !== undefined) return true;
  return (
    content.length > 0 &&
    (content.at(-1) ?? 0x80) < 0x80 &&
    content.every((byte, i) => byte !== 0x80 || (i > 0 && (content[i - 1] ?? 0) >= 0x80))
  );
}

function fail(goText: string): never {
  throw new MalformedError(goText, 0, 'inside the extension');
}
