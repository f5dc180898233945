/** Validity: from when until when, and by whose clock. */
import { createPublicKey } from 'node:crypto';
import { createCa } from '../../certs/ca.ts';
import { MODES } from '../../certs/files.ts';
import type { ChangeContext, Fault, FileChange } from './fault.ts';
import { bundle, days, identityOf, intermediateCa, leaves, minted, signerOf } from './mint.ts';
import { refusedCertificate } from './outcome.ts';
import { bundles, refusedOnHost, refusedWithBundle } from './verifiers.ts';

const EXPIRED = {
  code: 'CERT_EXPIRED',
  text: 'x509: certificate has expired or is not yet valid: current time',
  alert: 45,
} as const;
const SCALE = 'mtls-lab kubectl scale deployment web --replicas=3';

/** The clock of a host, or the one that all share. */
function clock(target: string, setting: string): FileChange {
  const path = target === 'cluster' ? 'clock' : `hosts/${target}/clock`;
  return { path, content: `${setting}\n`, mode: MODES.public };
}

/** The CA of a target `ca@HOST`, same name and key, with other dates. */
function redatedCa(
  context: ChangeContext,
  dates: { readonly notBefore: Date; readonly notAfter: Date },
): string {
  const [id = ''] = context.target.split('@');
  const { privateKey } = signerOf({ ...context, target: id });
  const keys = { privateKey, publicKey: createPublicKey(privateKey) };
  return createCa(identityOf(context.directory, id), keys, context.now, { template: dates }).certificatePem;
}

export const validity = [
  {
    id: 'expired',
    family: 'validity',
    title: 'the certificate ended yesterday',
    chain: 'ca (trusted) -> leaf, notAfter yesterday',
    rule: 'RFC 5280 section 4.1.2.5: a certificate is good from notBefore to notAfter.',
    targets: leaves,
    change: (context) =>
      minted(context, {
        template: { notBefore: days(context.now, -30), notAfter: days(context.now, -1) },
      }),
    outcomes: (situation) => refusedCertificate(situation, EXPIRED),
    harm: SCALE,
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'Unable to connect to the server: x509: certificate has expired or is not yet valid: current time … is after …',
          source: 'https://github.com/kubernetes/website/issues/43713',
        },
      ],
      see: 'kubeadm certs check-expiration',
      mend: 'kubeadm certs renew NAME, then restart what uses it (move its manifest out and back)',
    },
  },
  {
    id: 'not-yet-valid',
    family: 'validity',
    title: 'the certificate begins tomorrow',
    chain: 'ca (trusted) -> leaf, notBefore tomorrow',
    rule: 'RFC 5280 section 4.1.2.5: a certificate is good from notBefore to notAfter.',
    targets: leaves,
    change: (context) =>
      minted(context, {
        template: { notBefore: days(context.now, 1), notAfter: days(context.now, 366) },
      }),
    outcomes: (situation) => refusedCertificate(situation, { ...EXPIRED, code: 'CERT_NOT_YET_VALID' }),
    harm: SCALE,
    realWorld: {
      texts: [
        {
          program: 'kubelet',
          text: 'x509: certificate has expired or is not yet valid: current time … is before …',
          source: 'https://github.com/kubernetes/kubernetes/issues/76714',
        },
      ],
      see: 'date -u on both machines, beside openssl x509 -noout -startdate -in FILE',
      mend: 'set the clock of the machine that issued it (chronyc makestep), then issue it again',
    },
  },
  {
    id: 'expired-intermediate',
    family: 'validity',
    title: 'the intermediate CA that signed the certificate ended yesterday',
    chain: 'ca (trusted) -> intermediate, notAfter yesterday -> leaf',
    rule: 'RFC 5280 section 6.1.3 (a)(2): every certificate of the path must be valid now, not only the leaf.',
    targets: leaves,
    change: async (context) => {
      const issuer = await intermediateCa(context, signerOf(context), 'expired-intermediate-ca', {
        notBefore: days(context.now, -30),
        notAfter: days(context.now, -1),
      });
      return minted(context, { ca: issuer, intermediates: issuer.certificatePem });
    },
    outcomes: (situation) => refusedCertificate(situation, EXPIRED),
    harm: SCALE,
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'x509: certificate has expired or is not yet valid: current time … is after …',
          source: 'measured',
        },
      ],
      see: 'openssl crl2pkcs7 -nocrl -certfile FILE | openssl pkcs7 -print_certs -noout -text | grep "Not After"',
      mend: 'renew the intermediate with its old key, and append it to every file that it signed for',
    },
  },
  {
    id: 'expired-ca',
    family: 'validity',
    title: 'this copy of the CA’s certificate ended yesterday; what it signed is young',
    chain: 'ca (trusted), notAfter yesterday -> good leaf',
    rule: 'Go crypto/x509 verify.go, isValid: roots have dates, too. RFC 5280 section 6.1.1 leaves that to the verifier.',
    targets: bundles,
    change: (context) => [
      bundle(
        context,
        redatedCa(context, { notBefore: days(context.now, -3650), notAfter: days(context.now, -1) }),
      ),
    ],
    outcomes: (situation) => refusedWithBundle(situation, EXPIRED),
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'Unable to connect to the server: x509: certificate has expired or is not yet valid',
          source: 'measured',
        },
      ],
      see: 'kubeadm certs check-expiration   has the CAs in a table of their own',
      mend: 'make the CA’s certificate again with its old key, or rotate it with both in the bundle; kubeadm renews no CA',
    },
  },
  {
    id: 'clock-behind',
    family: 'validity',
    title: 'the clock of this machine is a month behind',
    chain: 'good chain -> verifier whose clock says: last month',
    rule: 'RFC 5280 section 6.1.1: the current date and time is input to the verifier: its own clock decides.',
    targets: ({ workers }) => ['laptop', 'control-plane', ...workers],
    change: ({ target }) => [clock(target, '-30d')],
    outcomes: (situation) => refusedOnHost(situation, { ...EXPIRED, code: 'CERT_NOT_YET_VALID' }),
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kubelet',
          text: 'x509: certificate has expired or is not yet valid: current time … is before …',
          source: 'https://github.com/kubernetes/kubernetes/issues/76714',
        },
      ],
      see: 'chronyc tracking; date -u on the machine beside date -u on another one',
      mend: 'chronyc makestep; certificates need nothing',
    },
  },
  {
    id: 'clock-ahead',
    family: 'validity',
    title: 'the clock of this machine is 400 days ahead',
    chain: 'good chain -> verifier whose clock says: next year',
    rule: 'RFC 5280 section 6.1.1: the current date and time is input to the verifier: its own clock decides.',
    targets: ({ workers }) => ['laptop', 'control-plane', ...workers],
    change: ({ target }) => [clock(target, '+400d')],
    outcomes: (situation) => refusedOnHost(situation, EXPIRED),
    harm: 'mtls-lab kubectl get nodes',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'Unable to connect to the server: x509: certificate has expired or is not yet valid: current time … is after …',
          source: 'https://github.com/easzlab/kubeasz/issues/922',
        },
      ],
      see: 'date -u on the machine beside date -u on another one: only one of them complains',
      mend: 'chronyc makestep; do not renew certificates with a wrong clock',
    },
  },
  {
    id: 'a-year-later',
    family: 'validity',
    title: '400 days have passed, and nobody renewed a certificate',
    chain: 'ca (trusted, ten years) -> every leaf, notAfter 35 days ago',
    rule: 'kubeadm constants.go, CertificateValidityPeriod: certificates last one year; an upgrade of the control plane renews them.',
    targets: () => ['cluster'],
    change: () => [clock('cluster', '+400d')],
    outcomes: (situation) => refusedOnHost(situation, EXPIRED),
    harm: 'mtls-lab certs check-expiration',
    realWorld: {
      texts: [
        {
          program: 'kubectl',
          text: 'Unable to connect to the server: x509: certificate has expired or is not yet valid: current time … is after …',
          source: 'https://github.com/kubernetes/website/issues/43713',
        },
        {
          program: 'kubelet',
          text: 'part of the existing bootstrap client certificate in /etc/kubernetes/kubelet.conf is expired: 2022-05-17 04:45:09 +0000 UTC',
          source: 'https://github.com/kubernetes/kubernetes/issues/65991',
        },
      ],
      see: 'kubeadm certs check-expiration',
      mend: 'kubeadm certs renew all, restart the control plane, copy admin.conf; bootstrap the kubelets again',
    },
  },
] as const satisfies readonly Fault[];
