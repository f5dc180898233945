/**
 * Text as Go's fmt package prints it.
 */

const SHORT: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/**
 * Quote as `%q` does.
 * @see golang/go src/strconv/quote.go, Quote
 */
export function goQuote(text: string): string {
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`;
  return `"${Array.from(text, quoteRune).join('')}"`;
}

/** Quote bytes as `%q` quotes a string: UTF-8 where it is, `\\xff` where it is not. */
export function goQuoteBytes(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  if (Buffer.from(text, 'utf8').equals(bytes)) return goQuote(text);
  const escaped = Array.from(bytes, (byte) =>
    byte < 0x80 ? quoteRune(String.fromCharCode(byte)) : `\\x${byte.toString(16)}`,
  );
  return `"${escaped.join('')}"`;
}

function quoteRune(rune: string): string {
  const short = SHORT[rune];
  if (short !== undefined) return short;
  const point = rune.codePointAt(0) ?? 0;
  if (point < 0x20 || point === 0x7f) return `\\x${point.toString(16).padStart(2, '0')}`;
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(rune)) return rune;
  return point < 0x10000
    ? `\\u${point.toString(16).padStart(4, '0')}`
    : `\\U${point.toString(16).padStart(8, '0')}`;
}
