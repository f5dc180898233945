/** The CA's key on the control plane, switched on and off. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readManifest } from '../../components/manifest.ts';
import { callCli } from '../support/cli.ts';
import { temporaryLab } from '../support/lab-directory.ts';

test.for([
  { names: 'crt', cert: 'ca.crt', key: 'ca.key' },
  { names: 'pem', cert: 'ca.pem', key: 'ca-key.pem' },
] as const)(
  'puts $key and its flags on the control plane, and takes both away',
  async ({ names, cert, key }) => {
    const dir = await temporaryLab({ names });
    const pki = join(dir, 'hosts/control-plane/etc/kubernetes/pki');
    const manifest = join(dir, 'hosts/control-plane/etc/kubernetes/manifests/kube-controller-manager.yaml');
    const before = readManifest(manifest).argv;

    expect((await callCli(['certs', 'signing', '--dir', dir])).stdout).toContain(
      'Nobody in the cluster signs',
    );
    const on = await callCli(['certs', 'signing', 'on', '--dir', dir]);
    expect(on).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('signs approved requests') as unknown,
    });
    expect(readFileSync(join(pki, key))).toEqual(readFileSync(join(dir, 'pki', key)));
    expect(statSync(join(pki, key)).mode & 0o777).toBe(0o600);
    expect(readManifest(manifest).argv).toEqual([
      ...before,
      `--cluster-signing-cert-file=/etc/kubernetes/pki/${cert}`,
      `--cluster-signing-key-file=/etc/kubernetes/pki/${key}`,
    ]);
    expect((await callCli(['status', '--dir', dir])).stdout).toContain(
      'whoever takes over this machine can sign',
    );

    await callCli(['certs', 'signing', 'off', '--dir', dir]);
    expect(existsSync(join(pki, key))).toBe(false);
    expect(readManifest(manifest).argv).toEqual(before);
    expect(await callCli(['certs', 'signing', 'maybe', '--dir', dir])).toMatchObject({ code: 2 });
  },
);
