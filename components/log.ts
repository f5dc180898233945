/**
 * Log lines in the formats of the real programs: klog for Kubernetes, JSON for etcd. Time is the host's.
 */

/** klog's severity letters: info, warning, error, fatal. */
export type Severity = 'I' | 'W' | 'E' | 'F';

/**
 * One klog line: `E1124 06:18:29.363845       1 authentication.go:73] "Unable to …" err="…"`.
 * @param at      the host's time; klog prints UTC in a container
 * @param source  file and line of the real program: `authentication.go:73`
 * @param fields  structured values; without any, the message is printed bare, as klog's Infof does
 * @see           k8s.io/klog/v2, klog.go formatHeader and serialize.KVListFormat
 */
export function klogLine(
  severity: Severity,
  at: Date,
  source: string,
  message: string,
  fields?: Readonly<Record<string, unknown>>,
): string {
  const iso = at.toISOString();
  const stamp = `${iso.slice(5, 7)}${iso.slice(8, 10)} ${iso.slice(11, 23)}000`;
  const head = `${severity}${stamp}       1 ${source}] `;
  if (!fields) return head + message;
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${klogValue(value)}`);
  return [`${head}${JSON.stringify(message)}`, ...pairs].join(' ');
}

function klogValue(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return JSON.stringify(typeof value === 'string' ? value : (value ?? null));
}

/** zap's levels, as etcd prints them. */
export type EtcdLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/**
 * One etcd line: `{"level":"warn","ts":"…","caller":"embed/config_logging.go:170","msg":"…"}`.
 * @param caller  file and line of the real program
 * @see           etcd client/pkg/logutil/zap.go, DefaultZapLoggerConfig
 */
export function etcdLine(
  level: EtcdLevel,
  at: Date,
  caller: string,
  message: string,
  fields: Readonly<Record<string, unknown>> = {},
): string {
  const ts = at.toISOString().replace('Z', '000Z');
  return JSON.stringify({ level, ts, caller, msg: message, ...fields });
}
