/**
 * The key log of traces in the NSS format: what Wireshark, curl and browsers call SSLKEYLOGFILE.
 */
import type { Trace } from '../../components/tls/trace.ts';

/**
 * All secrets of some traces, each line once.
 * @returns  text that ends in a newline; empty when there are no secrets
 * @see      https://www.ietf.org/archive/id/draft-ietf-tls-keylogfile-02.html
 */
export function keylogText(traces: readonly Trace[]): string {
  const lines = new Set<string>();
  for (const trace of traces) for (const line of trace.keylog) lines.add(line.trim());
  lines.delete('');
  return lines.size === 0 ? '' : `${[...lines].join('\n')}\n`;
}
