/** `certs signing`: whether kube-controller-manager holds the CA's key and signs requests; switch it on or off. */
import { basename, relative } from 'node:path';
import { LabError } from '../../certs/errors.ts';
import { readClusterSigning, setClusterSigning } from '../cluster-signing.ts';
import type { LabDirectory } from '../directory.ts';
import type { Invocation } from './command.ts';

/** @param word  `on`, `off`, or absent: show */
export function showSigning(
  { json, terminal }: Invocation,
  directory: LabDirectory,
  word: string | undefined,
): number {
  if (word !== undefined && word !== 'on' && word !== 'off') {
    throw new LabError('USAGE', {
      what: `certs signing is "on" or "off", not "${word}"`,
      fix: 'npx mtls-lab certs signing on',
    });
  }
  const before = readClusterSigning(directory);
  const now = word === undefined ? before : setClusterSigning(directory, word === 'on');
  if (json) {
    terminal.print(JSON.stringify({ ok: true, signing: now.on }));
    return 0;
  }
  const near = (path: string): string => relative(process.cwd(), path);
  if (before.on !== now.on) {
    const flags = now.flags.map(([name, value]) => `--${name}=${value}`);
    const place = now.on ? 'into' : 'out of';
    const copied = now.on ? `cp ${near(now.key)} ${near(now.copy)}` : `rm ${near(now.copy)}`;
    const edited = `${place} ${basename(now.manifest)}: ${flags.join(' ')}`;
    for (const line of now.on ? [copied, edited] : [edited, copied]) terminal.print(line);
  }
  terminal.print(
    now.on
      ? 'kube-controller-manager signs approved requests, as in a stock cluster: kubectl get csr\nWhoever takes over the control plane can now sign any certificate. Take it back: npx mtls-lab certs signing off'
      : "Nobody in the cluster signs requests: the CA's key is in pki/ alone. Switch it on: npx mtls-lab certs signing on",
  );
  return 0;
}
