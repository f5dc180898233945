/** Mutated certificates, read and verified: the body of the short and of the long test. */
import { MalformedError } from '../../../certs/der.ts';
import { verify } from '../../../certs/verify/verify.ts';
import { readCertificate } from '../../../certs/x509.ts';
import { ca, constraints, eku, mint, mintCa, name, san } from '../../support/mint.ts';
import { mutateBytes, randomFrom } from '../../support/mutate.ts';

const NOW = new Date('2026-11-24T08:00:00Z');
const root = mintCa();
const issuing = mintCa('issuing', { by: root });
const leaf = mint({
  by: issuing,
  subject: name('CN=leaf'),
  extensions: [san(['dns:localhost', 'ip:7f000001', 'email:a@b', 'uri:https://c/']), eku('serverAuth')],
});
const constrained = mintCa('kubernetes', {
  extensions: [ca(2), constraints(['dns:localhost', 'ip:7f000000ff000000'], ['email:x@y', 'uri:z'])],
});

/**
 * Mutate, read and verify.
 * @returns how many of them could still be read
 * @throws  for anything but a certificate, a MalformedError and a verdict
 */
export function checkMutations(seed: number, count: number): number {
  const random = randomFrom(seed);
  const seeds = [leaf.der, issuing.der, constrained.der, root.der];
  let readable = 0;
  for (let i = 0; i < count; i += 1) {
    const bytes = mutateBytes(seeds[i % seeds.length] ?? leaf.der, random);
    try {
      readCertificate(bytes);
      readable += 1;
    } catch (error) {
      if (!(error instanceof MalformedError))
        throw new Error(`certificate ${Buffer.from(bytes).toString('hex')}`, { cause: error });
    }
    const verdict = verify({
      chain: [bytes, issuing.der],
      roots: [bytes, root.der, constrained.der],
      purpose: 'serverAuth',
      name: { kind: 'dns', value: 'localhost' },
      time: NOW,
    });
    if (verdict.accepted !== (verdict.code === null)) throw new Error('an accepted chain with a code');
    if (verdict.findings.length === 0) throw new Error('a verdict without a finding');
  }
  return readable;
}
