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
  const byteOf = (event: Event): number | null => {
    const at = (event.target as HTMLElement).dataset['at'];
    return at === undefined ? null : Number(at);
  };
  const classOf = (at: number): string | undefined =>
    within(at, picked) ? 'picked' : within(at, hot) ? 'hot' : undefined;
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
      onMouseOver={(event) => onHover(byteOf(event))}
      onMouseLeave={() => onHover(null)}
      onFocus={() => undefined}
    >
      {rows.map((start) => {
        const row = [...bytes.subarray(start, start + columns)];
        return (
          <div key={start} class="row">
            <span class="offset">{start.toString(16).padStart(4, '0')}</span>
            <span class="digits">
              {row.map((byte, at) => (
                <i key={at} data-at={start + at} class={classOf(start + at)}>
                  {byte.toString(16).padStart(2, '0')}
                </i>
              ))}
            </span>
            <span class="letters">
              {row.map((byte, at) => (
                <i key={at} data-at={start + at} class={classOf(start + at)}>
                  {byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'}
                </i>
              ))}
            </span>
          </div>
        );
      })}
    </div>
  );
}

function within(at: number, range: Range | null): boolean {
  return range !== null && at >= range.start && at < range.end;
}
