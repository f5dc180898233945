/**
 * Pieces of a description: ages, times, labels over several lines.
 */
import type { Session } from './session.ts';

/**
 * How long ago, as kubectl writes ages: `5s`, `3m12s`, `2d4h`.
 * @see apimachinery pkg/util/duration/duration.go, HumanDuration
 */
export function age(session: Session, since: string | undefined): string {
  if (since === undefined) return '<unknown>';
  return humanDuration(session.host.now().getTime() - Date.parse(since));
}

/** Milliseconds as kubectl writes them. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (Number.isNaN(seconds) || seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  const pair = (big: number, unit: string, small: number, smallUnit: string): string =>
    small === 0 ? `${big}${unit}` : `${big}${unit}${small}${smallUnit}`;
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return pair(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? pair(years, 'y', days % 365, 'd') : `${years}y`;
}

/** `Tue, 24 Nov 2026 08:44:13 +0000`: RFC 1123 with a numeric zone, in UTC. */
export function longTime(text: string | undefined): string {
  if (text === undefined) return '<unset>';
  return new Date(text).toUTCString().replace('GMT', '+0000');
}

/** A map, one pair a line; lines after the first have an empty first cell. */
export function pairLines(
  title: string,
  pairs: Readonly<Record<string, string>> | undefined,
  join: '=' | ': ',
): string[] {
  const shown = Object.entries(pairs ?? {})
    .filter(([key]) => key !== 'kubectl.kubernetes.io/last-applied-configuration')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}${join}${value}`);
  if (shown.length === 0) return [`${title}:\t<none>`];
  return shown.map((pair, at) => (at === 0 ? `${title}:\t${pair}` : `\t${pair}`));
}

/** `a=b,c=d`, or `<none>`. */
export function selectorText(pairs: Readonly<Record<string, string>> | undefined): string {
  const text = Object.entries(pairs ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');
  return text === '' ? '<none>' : text;
}
