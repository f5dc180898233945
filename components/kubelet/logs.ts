/**
 * containerLogs: a container's log, from some line on, with or without time stamps, and followed when asked.
 */
import type { Request, Response } from 'express';
import { type LogLine, logOf } from './containers.ts';
import type { ExecTarget } from './exec.ts';

/**
 * Answer a request for a log.
 * @see staging/src/k8s.io/api/core/v1/types.go, PodLogOptions (the query)
 */
export function sendLog({ container, now }: ExecTarget, request: Request, response: Response): void {
  const query = (name: string): string | undefined => {
    const value = request.query[name];
    return typeof value === 'string' ? value : undefined;
  };
  const number = (name: string): number | undefined => {
    const value = Number(query(name) ?? Number.NaN);
    return Number.isInteger(value) && value >= 0 ? value : undefined;
  };
  if (query('previous') === 'true') {
    response
      .status(400)
      .type('text/plain')
      .send(`previous terminated container "${container.spec.name}" in pod not found`);
    return;
  }
  const sinceSeconds = number('sinceSeconds');
  const sinceTime = Date.parse(query('sinceTime') ?? '');
  const sinceMs = sinceSeconds !== undefined ? now().getTime() - sinceSeconds * 1000 : sinceTime;
  const tail = number('tailLines');
  const stamps = query('timestamps') === 'true';
  let left = number('limitBytes') ?? Number.POSITIVE_INFINITY;

  const all = logOf(container).filter((line) => !(line.atMs < sinceMs));
  const lines = tail === undefined ? all : tail === 0 ? [] : all.slice(-tail);
  const write = (line: LogLine): void => {
    const stamp = stamps ? `${new Date(line.atMs).toISOString().replace('Z', '000000Z')} ` : '';
    const bytes = Buffer.from(`${stamp}${line.text}\n`).subarray(0, left);
    left -= bytes.length;
    response.write(bytes);
  };
  response.status(200).type('text/plain').set('Transfer-Encoding', 'chunked');
  response.flushHeaders();
  for (const line of lines) write(line);
  if (query('follow') !== 'true' || container.exit) {
    response.end();
    return;
  }
  container.followers.add(write);
  const stop = (): void => {
    container.followers.delete(write);
    response.end();
  };
  container.ended.signal.addEventListener('abort', stop, { once: true });
  response.once('close', () => {
    container.followers.delete(write);
    container.ended.signal.removeEventListener('abort', stop);
  });
}
