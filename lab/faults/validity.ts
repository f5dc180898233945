/** Validity: from when until when, and by whose clock. */
import type { Fault } from './fault.ts';
import { days, leaves, minted } from './mint.ts';
import { refusedCertificate } from './outcome.ts';

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
    outcomes: (situation) =>
      refusedCertificate(situation, {
        code: 'CERT_EXPIRED',
        text: 'x509: certificate has expired or is not yet valid: current time',
        alert: 45,
      }),
    harm: 'mtls-lab kubectl scale deployment web --replicas=3',
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
    outcomes: (situation) =>
      refusedCertificate(situation, {
        code: 'CERT_NOT_YET_VALID',
        text: 'x509: certificate has expired or is not yet valid: current time',
        alert: 45,
      }),
    harm: 'mtls-lab kubectl scale deployment web --replicas=3',
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
] as const satisfies readonly Fault[];
