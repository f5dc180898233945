/** Bytes in rows of hex and text; the bytes of the marked field stand out, and a byte leads to its field. */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Start inclusive, end exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

interface HexProps {
  readonly bytes: Uint8Array;
  /** The field that was picked, and the one under the pointer. */
  readonly picked: Range | null;
  readonly hot: Range | null;
  readonly onPick: (byte: number) => void;
  readonly onHover: (byte: number | null) => void;
}

/** A character is this wide, in parts of the type's size. */
const CHARACTER = 0.605;
/** Offset, hex, gap and text of a row of 16. */
const WIDE_CHARACTERS = 4 + 2 + 16 * 3 + 2 + 16;

/** All bytes of a message. */
export function Hex({ bytes, picked, hot, onPick, onHover }: HexProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [columns, setColumns] = useState(16);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const fit = (): void => {
      const size = Number.parseFloat(getComputedStyle(element).fontSize);
      setColumns(element.clientWidth - 20 >= WIDE_CHARACTERS * size * CHARACTER ? 16 : 8);
    };
    const observer = new ResizeObserver(fit);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  // The picked bytes come into sight without moving the page.
  useLayoutEffect(() => {
    const mark = box.current?.querySelector<HTMLElement>('.picked');
    if (mark && box.current)
      box.current.scrollTop = Math.max(0, mark.offsetTop - box.current.clientHeight / 2);
  }, [picked?.start]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const from = picked === null ? -1 : step > 0 ? picked.end - 1 : picked.start;
    onPick(Math.max(0, Math.min(bytes.length - 1, from + (picked === null ? 1 : step))));
  };
  const rows = Array.from({ length: Math.ceil(bytes.length / columns) }, (_, row) => row * columns);
  return (
    // biome-ignore lint/a11y/useSemanticElements: rows of bytes are no fieldset
    <div
      class="hex"
      ref={box}
      role="group"
      aria-label={`${bytes.length} bytes; arrow keys go from field to field`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys act here
      tabIndex={0}
      onKeyDown={onKeyDown}
      onClick={(event) => {
        const at = byteOf(event);
        if (at !== null) onPick(at);
      }}
      onMouseMove={(event) => onHover(byteOf(event))}
      onMouseLeave={() => onHover(null)}
    >
      {rows.map((start) => {
        const parts = partsOf(bytes.subarray(start, start + columns), start, picked, hot);
        const place = { 'data-start': start, 'data-count': Math.min(columns, bytes.length - start) };
        return (
          <div key={start} class="row">
            <span class="offset">{start.toString(16).padStart(4, '0')}</span>
            <span class="digits" {...place}>
              {parts.map(({ at, mark, digits }) => (
                <i key={at} class={mark}>
                  {digits}
                </i>
              ))}
            </span>
            <span class="letters" {...place}>
              {parts.map(({ at, mark, letters }) => (
                <i key={at} class={mark}>
                  {letters}
                </i>
              ))}
            </span>
          </div>
        );
      })}
    </div>
  );
}

interface Part {
  readonly at: number;
  readonly mark: 'picked' | 'hot' | undefined;
  readonly digits: string;
  readonly letters: string;
}

/** A row in as few pieces as its marks allow: a message has thousands of bytes. */
function partsOf(row: Uint8Array, start: number, picked: Range | null, hot: Range | null): Part[] {
  const parts: Part[] = [];
  for (const [index, byte] of row.entries()) {
    const at = start + index;
    const mark = within(at, picked) ? 'picked' : within(at, hot) ? 'hot' : undefined;
    const digits = `${byte.toString(16).padStart(2, '0')} `;
    const letters = byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
    const last = parts.at(-1);
    if (last && last.mark === mark) {
      parts[parts.length - 1] = { ...last, digits: last.digits + digits, letters: last.letters + letters };
    } else parts.push({ at, mark, digits, letters });
  }
  return parts;
}

/** The byte under the pointer: all bytes of a row are equally wide. */
function byteOf(event: MouseEvent): number | null {
  const part = (event.target as HTMLElement).closest<HTMLElement>('[data-start]');
  if (!part) return null;
  const { left, width } = part.getBoundingClientRect();
  const count = Number(part.dataset['count']);
  const index = Math.floor(((event.clientX - left) / width) * count);
  return Number(part.dataset['start']) + Math.max(0, Math.min(count - 1, index));
}

function within(at: number, range: Range | null): boolean {
  return range !== null && at >= range.start && at < range.end;
}
