/**
 * From a socket back to the record of its connection. A symbol, so that HTTP/2's socket proxy passes it on.
 */
import type { Socket } from 'node:net';
import type { Half } from './half.ts';
import type { HttpResult } from './trace.ts';

const HALF = Symbol('mtls-lab.half');

/** Remember whose connection a socket is. */
export function noteHalf(socket: Socket, half: Half): void {
  Object.defineProperty(socket, HALF, { value: half });
}

/** How the first request over a socket was answered; nothing for sockets that are not ours. */
export function noteAnswer(socket: Socket, answer: HttpResult): void {
  (socket as { [HALF]?: Half })[HALF]?.answered(answer);
}
