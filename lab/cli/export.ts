/** `export --kubeadm DIR`: the lab's CAs in kubeadm's layout, with a config that uses them. */
import { resolve } from 'node:path';
import { LabError } from '../../certs/errors.ts';
import { deskNow, readDirectory } from '../directory.ts';
import { DEFAULT_TARGET, exportKubeadm } from '../export-kubeadm.ts';
import { type Invocation, textOption } from './command.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { dir, json, terminal } = invocation;
  const shown = textOption(invocation, 'kubeadm');
  if (shown === undefined) {
    throw new LabError('USAGE', {
      what: 'export needs a place to write to',
      fix: 'npx mtls-lab export --kubeadm DIR',
    });
  }
  const to = resolve(shown);
  const files = await exportKubeadm(dir, readDirectory(dir).choices, to, deskNow(dir), {
    nodeName: textOption(invocation, 'node-name') ?? DEFAULT_TARGET.nodeName,
    advertiseAddress: textOption(invocation, 'advertise-address') ?? DEFAULT_TARGET.advertiseAddress,
  });
  if (json) terminal.print(JSON.stringify({ ok: true, to, files }));
  else {
    terminal.print(
      `Wrote ${files.length} files in kubeadm's layout to ${shown}, the CA's private keys among them.`,
    );
    terminal.print(
      `On the machine:  cp -r ${shown}/pki /etc/kubernetes/ && kubeadm init --config ${shown}/kubeadm.yaml`,
    );
  }
  return 0;
}
