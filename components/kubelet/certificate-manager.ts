/**
 * The kubelet's certificate manager: when 70 to 90 % of a certificate's life are over, or there is none, it makes a
 * new key, asks for a new certificate, and keeps it in its store. One for the client certificate
 * (`rotateCertificates`), one for the serving certificate (`serverTLSBootstrap`).
 *
 * It is stepped by the kubelet's rounds; its deadlines follow the host's clock.
 *
 * @see client-go util/certificate/certificate_manager.go
 */
import { type LabError, messageOf } from '../../certs/errors.ts';
import { generateKeys, type KeyPair, writePrivateKey } from '../../certs/keys.ts';
import type { Certificate } from '../../certs/x509.ts';
import type { ApiClient } from '../api/client.ts';
import {
  awaitOutcome,
  KUBELET_SIGNERS,
  readOutcome,
  refusedProblem,
  sendRequest,
  type WantedCertificate,
  waitingProblem,
} from './certificate-request.ts';
import type { CertificateStore } from './certificate-store.ts';

/** How long one request is waited for (certificateWaitTimeout), and when a refused one is followed by another. */
const WAIT_MS = 15 * 60_000;
const BACKOFF_FIRST_MS = 2000;
const BACKOFF_LAST_MS = 32_000;

/** Keeps one certificate fresh. */
export interface CertificateManager {
  /** One round: ask when it is time, and look what has become of it. Logs what goes wrong; never rejects. */
  step(): Promise<void>;
  /** What a person has to do, or null. */
  problem(): LabError | null;
}

/** What it keeps fresh. */
export interface ManagerOptions {
  readonly client: ApiClient;
  readonly store: CertificateStore;
  readonly wanted: Omit<WantedCertificate, 'name'>;
  /** Ask at once, whatever the store holds: it was filled from a kubeconfig. */
  readonly force: boolean;
  /** 0 to 1; for tests. */
  readonly random?: () => number;
}

/** Start; the first step asks when the store is empty. */
export function startCertificateManager(options: ManagerOptions): CertificateManager {
  const { client, store, wanted, random = Math.random } = options;
  const logger = KUBELET_SIGNERS[wanted.signer].signerName;
  let force = options.force;
  let known: { readonly serial: string; readonly deadlineMs: number } | null = null;
  let asked: {
    readonly name: string;
    readonly keys: KeyPair;
    readonly sinceMs: number;
    approved: boolean;
  } | null = null;
  let backoffMs = BACKOFF_FIRST_MS;
  let restUntilMs = 0;
  let trouble = '';

  /** Whether it is time; a certificate's deadline is drawn once. */
  const isDue = (): boolean => {
    const current = store.current();
    if (current === null || force) return true;
    if (known?.serial !== String(current.serial)) {
      known = { serial: String(current.serial), deadlineMs: deadlineOf(current, random()) };
      const { deadlineMs } = known;
      client.klog('I', 'certificate_manager.go:715', 'Certificate rotation deadline determined', {
        logger,
        expiration: new Date(current.notAfter.ms).toISOString(),
        deadline: new Date(deadlineMs).toISOString(),
      });
    }
    return client.now().getTime() >= known.deadlineMs;
  };

  const complain = (text: string): void => {
    trouble = text;
    client.klog('E', 'certificate_manager.go:562', 'Unhandled Error', {
      err: `${logger}: ${text}`,
      logger: 'UnhandledError',
    });
    restUntilMs = performance.now() + backoffMs;
    backoffMs = Math.min(backoffMs * 2, BACKOFF_LAST_MS);
  };

  const ask = async (): Promise<void> => {
    client.klog('I', 'certificate_manager.go:566', 'Rotating certificates', { logger });
    const keys = await generateKeys('ecdsa-p256');
    try {
      const name = await sendRequest(client, { ...wanted, name: 'random' }, keys);
      asked = { name, keys, sinceMs: performance.now(), approved: false };
    } catch (error) {
      complain(`Failed while requesting a signed certificate from the control plane: ${messageOf(error)}`);
    }
  };

  /** True: nothing is under way any more. */
  const look = async (): Promise<boolean> => {
    if (asked === null) return true;
    const { name, keys, sinceMs } = asked;
    const outcome = await readOutcome(client, name);
    if (outcome.kind === 'issued') {
      store.update(outcome.pem, writePrivateKey(keys.privateKey));
      asked = null;
      force = false;
      backoffMs = BACKOFF_FIRST_MS;
      return true;
    }
    const late = performance.now() - sinceMs > WAIT_MS;
    if (outcome.kind === 'pending' && !late) {
      asked.approved = outcome.approved;
      return false;
    }
    asked = null;
    const why = outcome.kind === 'refused' ? outcome.text : 'timed out waiting for the condition';
    complain(`Certificate request was not signed: ${why}`);
    return true;
  };

  return {
    step: async () => {
      const fresh = asked === null;
      if (fresh) {
        if (performance.now() < restUntilMs || !isDue()) return;
        await ask();
      }
      try {
        await awaitOutcome(look, fresh);
      } catch (error) {
        complain(`Certificate request was not signed: ${messageOf(error)}`);
      }
    },
    problem: () => {
      if (store.current() !== null) return null;
      if (asked !== null) return waitingProblem(wanted, asked.name, asked.approved);
      return trouble === '' ? null : refusedProblem(wanted, trouble);
    },
  };
}

/**
 * When a certificate is to be replaced: at 70 to 90 % of its life.
 * @param random  0 to 1
 * @returns       milliseconds since 1970
 * @see           certificate_manager.go, nextRotationDeadline and jitteryDuration
 */
export function deadlineOf({ notBefore, notAfter }: Certificate, random: number): number {
  return notBefore.ms + (notAfter.ms - notBefore.ms) * (0.7 + 0.2 * random);
}
