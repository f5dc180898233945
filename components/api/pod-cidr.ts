/**
 * Which pod addresses a node has: 10.244.0.0/16 is cut into one /24 per node, numbered by the node's name.
 */

/** Subnets in 10.244.0.0/16. */
const SPACE = 256;

/** `worker-3` -> `10.244.3`; names without a number get one from their letters. Past 255 the second byte grows. */
export function podSubnet(node: string): string {
  const written = /(\d+)$/.exec(node)?.[1];
  const letters = [...node].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65_521, 7);
  const number = written === undefined ? letters % SPACE : Number(written) % (11 * SPACE);
  return `10.${244 + Math.floor(number / SPACE)}.${number % SPACE}`;
}
