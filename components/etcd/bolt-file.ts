/**
 * A bbolt database file, as etcd keeps its data in: what `etcdctl snapshot` saves, checks and restores.
 *
 * Written once, from bottom to top: each bucket is a B+tree of leaf and branch pages, the buckets hang on a tree of
 * their own, and the two meta pages at the beginning say where that one is. Numbers are little-endian.
 * @see go.etcd.io/bbolt page.go, bucket.go, db.go (meta), node.go (write)
 */

/** Keys in ascending order of bytes, each once. */
export type Entries = readonly (readonly [key: Buffer, value: Buffer])[];

const PAGE_BYTES = 4096;
const PAGE_HEADER_BYTES = 16;
const ELEMENT_BYTES = 16;
/** A page takes entries until it holds so many bytes; one that is larger alone goes on into overflow pages. */
const FILL_BYTES = 4096 - PAGE_HEADER_BYTES;
const FLAG = { branch: 0x01, leaf: 0x02, meta: 0x04, freelist: 0x10 } as const;
/** A leaf element whose value is a bucket: root page(8) sequence(8). */
const BUCKET_LEAF = 0x01;
const MAGIC = 0xed0cdaed;
const VERSION = 2;
const META_BYTES = 64;
const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** Pages that follow each other in the file. */
interface Draft {
  readonly pages: Buffer[];
  /** The number of the next page. */
  next: number;
}

/** Below a branch: a page, and the first key in it. */
type Child = readonly [key: Buffer, page: number];

/** Write a database of buckets. @param buckets  by name */
export function writeBolt(buckets: ReadonlyMap<string, Entries>): Buffer {
  const draft: Draft = { pages: [], next: 2 };
  const roots = [...buckets]
    .map(([name, entries]) => [Buffer.from(name), writeTree(draft, entries, 0)] as const)
    .sort(([a], [b]) => a.compare(b))
    .map(([name, page]) => [name, bucketValue(page)] as const);
  const root = writeTree(draft, roots, BUCKET_LEAF);
  const freelist = addPage(draft, FLAG.freelist, 0, Buffer.alloc(0));
  const metas = [0, 1].map((id) => metaPage(id, root, freelist, draft.next));
  return Buffer.concat([...metas, ...draft.pages]);
}

/** Write the pages of one tree; returns its root. */
function writeTree(draft: Draft, entries: Entries, flags: number): number {
  const leaves = split(entries, ([key, value]) => key.length + value.length);
  let level = leaves.map((some): Child => [some[0]?.[0] ?? Buffer.alloc(0), writeLeaf(draft, some, flags)]);
  while (level.length > 1) {
    const branches = split(level, ([key]) => key.length);
    level = branches.map((some): Child => [some[0]?.[0] ?? Buffer.alloc(0), writeBranch(draft, some)]);
  }
  return level[0]?.[1] ?? 0;
}

/** Parts that fill a page each, in order; one empty part when there is nothing. */
function split<T>(items: readonly T[], sizeOf: (item: T) => number): T[][] {
  const parts: T[][] = [[]];
  let bytes = 0;
  for (const item of items) {
    const size = ELEMENT_BYTES + sizeOf(item);
    // A branch has at least two children, or the tree would never come to its root.
    if (bytes + size > FILL_BYTES && (parts.at(-1)?.length ?? 0) >= 2) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(item);
    bytes += size;
  }
  return parts;
}

/** flags(4) position(4) keySize(4) valueSize(4) per entry; the position counts from the element itself. */
function writeLeaf(draft: Draft, entries: Entries, flags: number): number {
  const elements = Buffer.alloc(entries.length * ELEMENT_BYTES);
  let end = elements.length;
  for (const [at, [key, value]] of entries.entries()) {
    const start = at * ELEMENT_BYTES;
    elements.writeUInt32LE(flags, start);
    elements.writeUInt32LE(end - start, start + 4);
    elements.writeUInt32LE(key.length, start + 8);
    elements.writeUInt32LE(value.length, start + 12);
    end += key.length + value.length;
  }
  return addPage(draft, FLAG.leaf, entries.length, Buffer.concat([elements, ...entries.flat()]));
}

/** position(4) keySize(4) page(8) per child. */
function writeBranch(draft: Draft, children: readonly Child[]): number {
  const elements = Buffer.alloc(children.length * ELEMENT_BYTES);
  let end = elements.length;
  for (const [at, [key, page]] of children.entries()) {
    const start = at * ELEMENT_BYTES;
    elements.writeUInt32LE(end - start, start);
    elements.writeUInt32LE(key.length, start + 4);
    elements.writeBigUInt64LE(BigInt(page), start + 8);
    end += key.length;
  }
  const keys = children.map(([key]) => key);
  return addPage(draft, FLAG.branch, children.length, Buffer.concat([elements, ...keys]));
}

/** id(8) flags(2) count(2) overflow(4), then the contents. */
function addPage(draft: Draft, flags: number, count: number, contents: Buffer): number {
  const pages = Math.ceil((PAGE_HEADER_BYTES + contents.length) / PAGE_BYTES);
  const page = Buffer.alloc(pages * PAGE_BYTES);
  writeHeader(page, draft.next, flags, count, pages - 1);
  contents.copy(page, PAGE_HEADER_BYTES);
  draft.pages.push(page);
  draft.next += pages;
  return draft.next - pages;
}

function writeHeader(page: Buffer, id: number, flags: number, count: number, overflow: number): void {
  page.writeBigUInt64LE(BigInt(id), 0);
  page.writeUInt16LE(flags, 8);
  page.writeUInt16LE(count, 10);
  page.writeUInt32LE(overflow, 12);
}

/** magic(4) version(4) pageSize(4) flags(4) root(8) sequence(8) freelist(8) pages(8) transaction(8) checksum(8). */
function metaPage(id: number, root: number, freelist: number, pages: number): Buffer {
  const page = Buffer.alloc(PAGE_BYTES);
  writeHeader(page, id, FLAG.meta, 0, 0);
  const meta = page.subarray(PAGE_HEADER_BYTES, PAGE_HEADER_BYTES + META_BYTES);
  meta.writeUInt32LE(MAGIC, 0);
  meta.writeUInt32LE(VERSION, 4);
  meta.writeUInt32LE(PAGE_BYTES, 8);
  bucketValue(root).copy(meta, 16);
  meta.writeBigUInt64LE(BigInt(freelist), 32);
  meta.writeBigUInt64LE(BigInt(pages), 40);
  meta.writeBigUInt64LE(BigInt(id), 48);
  meta.writeBigUInt64LE(fnv1a(meta.subarray(0, 56)), 56);
  return page;
}

function bucketValue(root: number): Buffer {
  const value = Buffer.alloc(16);
  value.writeBigUInt64LE(BigInt(root), 0);
  return value;
}

function fnv1a(bytes: Uint8Array): bigint {
  let hash = FNV_OFFSET;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  return hash;
}
