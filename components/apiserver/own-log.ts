/**
 * Logs of the control plane's own pods: there is no kubelet on that machine, so they come from its files.
 */
import { readFileSync } from 'node:fs';
import { type KubeObject, textAt } from '../api/object.ts';
import { internalError } from '../api/status.ts';
import type { Call } from './call.ts';
import { sendText } from './negotiate.ts';

const LOG_FOLDER = '/var/log';

/** Answer GET pods/log of a mirror pod with the program's log file, or its last lines. */
export function ownLog(call: Call, pod: KubeObject): void {
  const { api, info } = call;
  const program = textAt(pod, 'metadata', 'labels', 'component');
  let text: string;
  try {
    text = readFileSync(api.context.host.path(`${LOG_FOLDER}/${program}.log`), 'utf8');
  } catch {
    throw internalError(`no log of ${program} in ${LOG_FOLDER}: it runs outside the lab`);
  }
  const tail = Number(info.query.get('tailLines') ?? Number.NaN);
  const lines = text.split('\n').slice(0, -1);
  const shown = Number.isNaN(tail) ? lines : lines.slice(Math.max(0, lines.length - tail));
  sendText(call.request, call.response, 200, shown.map((line) => `${line}\n`).join(''));
}
