/** The fields of one message as a tree, beside its bytes: each shows the other what it is. */
import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { Field } from '../../../components/tls/trace.ts';
import type { MessageBytes } from '../card.ts';
import { Hex } from './hex.tsx';

/** One line of the tree: `path` is the way to it, `0.2.1`. */
interface Line {
  readonly field: Field;
  readonly path: string;
  readonly depth: number;
  readonly children: readonly Field[];
}

/** A hostile list may have thousands of entries. */
const MAX_CHILDREN = 256;
/** Open at first. */
const OPEN_DEPTH = 1;

/** Fields and bytes of a message. */
export function MessageFields({ message, title }: { message: MessageBytes; title: string }): JSX.Element {
  const bytes = useMemo(() => bytesFrom(message.base64), [message.base64]);
  const [picked, setPicked] = useState<Line | null>(null);
  const [hot, setHot] = useState<Field | null>(null);
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(openAtFirst(message.fields)));
  const lines = linesOf(message.fields, open);

  /** The deepest field that holds a byte is picked, and shown. */
  const pickByte = (byte: number): void => {
    const way = wayTo(message.fields, byte);
    const line = way.at(-1);
    if (!line) return;
    setOpen(new Set([...open, ...way.slice(0, -1).map(({ path }) => path)]));
    setPicked(line);
  };
  return (
    <div class="message-fields">
      {message.fields.length > 0 && (
        <Tree
          title={title}
          lines={lines}
          open={open}
          setOpen={setOpen}
          picked={picked}
          pick={setPicked}
          hot={hot}
          setHot={setHot}
        />
      )}
      <Hex
        bytes={bytes}
        picked={picked?.field ?? null}
        hot={hot}
        onPick={pickByte}
        onHover={(byte) => setHot(byte === null ? null : (wayTo(message.fields, byte).at(-1)?.field ?? null))}
      />
      <p class="picked-text" role="status">
        {picked
          ? `${picked.field.name}: ${picked.field.value} (bytes ${picked.field.start} to ${picked.field.end - 1})`
          : 'Pick a field or a byte: the other lights up.'}
      </p>
      {message.finding && (
        <p class="failed">
          ✗ At byte {message.finding.offset}: wanted {message.finding.wanted}, had {message.finding.had}
        </p>
      )}
    </div>
  );
}

interface TreeProps {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly open: ReadonlySet<string>;
  readonly setOpen: (open: ReadonlySet<string>) => void;
  readonly picked: Line | null;
  readonly pick: (line: Line) => void;
  readonly hot: Field | null;
  readonly setHot: (field: Field | null) => void;
}

function Tree({ title, lines, open, setOpen, picked, pick, hot, setHot }: TreeProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const current = lines.findIndex(({ path }) => path === picked?.path);
  const toggle = (path: string, wanted: boolean): void => {
    const next = new Set(open);
    if (wanted) next.add(path);
    else next.delete(path);
    setOpen(next);
  };
  const go = (at: number): void => {
    const line = lines[Math.max(0, Math.min(lines.length - 1, at))];
    if (!line) return;
    pick(line);
    box.current?.querySelector<HTMLElement>(`[data-path="${line.path}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const line = lines[current];
    const isOpen = line !== undefined && open.has(line.path);
    switch (event.key) {
      case 'ArrowDown':
        go(current + 1);
        break;
      case 'ArrowUp':
        go(current - 1);
        break;
      case 'ArrowRight':
        if (line && line.children.length > 0 && !isOpen) toggle(line.path, true);
        else go(current + 1);
        break;
      case 'ArrowLeft':
        if (line && isOpen && line.children.length > 0) toggle(line.path, false);
        else go(lines.findIndex(({ path }) => path === line?.path.replace(/\.?\d+$/, '')));
        break;
      case 'Enter':
      case ' ':
        if (line && line.children.length > 0) toggle(line.path, !isOpen);
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="fields" role="tree" aria-label={`Fields of the ${title}`} ref={box}>
      {lines.map((line, at) => {
        const { field, path, depth, children } = line;
        const isOpen = open.has(path);
        const classes = ['field', path === picked?.path ? 'picked' : '', field === hot ? 'hot' : ''];
        return (
          <div
            key={path}
            data-path={path}
            class={classes.filter(Boolean).join(' ')}
            role="treeitem"
            aria-level={depth + 1}
            aria-selected={path === picked?.path}
            {...(children.length > 0 ? { 'aria-expanded': isOpen } : {})}
            tabIndex={at === Math.max(0, current) ? 0 : -1}
            style={{ '--depth': Math.min(depth, 12) }}
            onKeyDown={onKeyDown}
            onClick={() => {
              pick(line);
              if (children.length > 0) toggle(path, !isOpen || path !== picked?.path);
            }}
            onFocus={() => path !== picked?.path && pick(line)}
            onMouseEnter={() => setHot(field)}
            onMouseLeave={() => setHot(null)}
          >
            <span class="twist" aria-hidden="true">
              {children.length === 0 ? '' : isOpen ? '▾' : '▸'}
            </span>
            <span class="name">{field.name}</span> <span class="value">{field.value}</span>
          </div>
        );
      })}
    </div>
  );
}

/** An only child that says the same again is not shown. */
function childrenOf(field: Field): readonly Field[] {
  const children = field.children ?? [];
  const [only] = children;
  const isSame = children.length === 1 && only?.value === field.value && (only.children ?? []).length === 0;
  return isSame ? [] : children.slice(0, MAX_CHILDREN);
}

function linesOf(fields: readonly Field[], open: ReadonlySet<string>, way = '', depth = 0): Line[] {
  return fields.flatMap((field, at) => {
    const path = way === '' ? String(at) : `${way}.${at}`;
    const children = childrenOf(field);
    const line = { field, path, depth, children };
    return open.has(path) ? [line, ...linesOf(children, open, path, depth + 1)] : [line];
  });
}

function openAtFirst(fields: readonly Field[], way = '', depth = 0): string[] {
  if (depth >= OPEN_DEPTH) return [];
  return fields.flatMap((field, at) => {
    const path = way === '' ? String(at) : `${way}.${at}`;
    return [path, ...openAtFirst(childrenOf(field), path, depth + 1)];
  });
}

/** From the top down to the deepest field that holds a byte. */
function wayTo(fields: readonly Field[], byte: number): Line[] {
  const way: Line[] = [];
  let level = fields;
  let path = '';
  for (;;) {
    const at = level.findIndex(({ start, end }) => byte >= start && byte < end);
    const field = level[at];
    if (!field) return way;
    path = path === '' ? String(at) : `${path}.${at}`;
    const children = childrenOf(field);
    way.push({ field, path, depth: way.length, children });
    level = children;
  }
}

function bytesFrom(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
