/**
 * TLS bootstrap: how a kubelet without a client certificate gets its first one. It knows a token, sends it with a
 * certificate signing request, waits until somebody approves and signs, and writes its own kubeconfig.
 *
 * The token travels in an HTTP header, inside TLS. A server that demands a client certificate in the handshake
 * never gets to read it, so this works in `request` mode only.
 *
 * @see k8s.io/kubernetes pkg/kubelet/certificate/bootstrap/bootstrap.go
 */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { posix } from 'node:path';
import { isLabError, LabError, messageOf } from '../../certs/errors.ts';
import { MODES, readTextIfAny, writeAtomic } from '../../certs/files.ts';
import { generateKeys, type KeyPair, writePrivateKey } from '../../certs/keys.ts';
import { isStatus, RequestError } from '../api/api-error.ts';
import type { ApiClient } from '../api/client.ts';
import { type Credentials, readCredentials } from '../api/credentials.ts';
import type { Host } from '../host.ts';
import { bootstrappedKubeconfig } from './bootstrap-kubeconfig.ts';
import { awaitOutcome, readOutcome, sendRequest, waitingProblem } from './certificate-request.ts';
import { type CertificateStore, firstCertificate } from './certificate-store.ts';

const SOURCE = 'k8s.io/kubernetes pkg/kubelet/certificate/bootstrap/bootstrap.go';

/** A bootstrap under way. */
export interface Bootstrap {
  /** One round. True when kubeconfig and certificate are in their places. Logs what goes wrong; never rejects. */
  step(): Promise<boolean>;
  /** What hinders it, and what to do; null when nothing does, or it is done. */
  problem(): LabError | null;
}

/** Who asks, and where the result goes. */
export interface BootstrapOptions {
  /** Speaks with the bootstrap kubeconfig's token. */
  readonly client: ApiClient;
  readonly host: Host;
  readonly node: string;
  /** `--cert-dir`. */
  readonly certDir: string;
  /** `--kubeconfig`: is written. */
  readonly kubeconfig: string;
  readonly store: CertificateStore;
}

/**
 * Whether a kubeconfig holds a client certificate that has not ended.
 * @param complain  told why not, in the kubelet's words; a file that is not there is no complaint
 * @see             bootstrap.go, isClientConfigStillValid
 */
export function isStillValid(host: Host, kubeconfig: string, complain: (text: string) => void): boolean {
  if (!existsSync(host.path(kubeconfig))) return false;
  const of = `existing bootstrap client config`;
  let credentials: Credentials;
  try {
    credentials = readCredentials(host, kubeconfig);
  } catch (error) {
    complain(`unable to read ${of} from ${kubeconfig}: ${messageOf(error)}`);
    return false;
  }
  const { cert } = credentials;
  const text = cert && ('pem' in cert ? cert.pem : readTextIfAny(host.path(cert.file)));
  if (typeof text !== 'string') {
    const why = cert && 'file' in cert ? `open ${cert.file}: no such file or directory` : 'it names none';
    complain(`unable to load TLS configuration from ${of} read from ${kubeconfig}: ${why}`);
    return false;
  }
  const certificate = firstCertificate(text);
  if (certificate === null) {
    const why = 'data does not contain any valid RSA or ECDSA certificates';
    complain(`unable to load TLS certificates from ${of} read from ${kubeconfig}: ${why}`);
    return false;
  }
  if (host.now().getTime() <= certificate.notAfter.ms) return true;
  const ended = new Date(certificate.notAfter.ms).toISOString().slice(0, 19).replace('T', ' ');
  complain(
    `part of the existing bootstrap client certificate in ${kubeconfig} is expired: ${ended} +0000 UTC`,
  );
  return false;
}

/**
 * The error of a kubelet that has neither a valid kubeconfig nor a bootstrap one.
 * @param path  `--bootstrap-kubeconfig`
 */
export function noBootstrapFile(host: Host, path: string): LabError {
  return new LabError('FILE_MISSING', {
    what: `failed to run Kubelet: unable to load bootstrap kubeconfig: stat ${path}: no such file or directory`,
    why: 'The kubelet has no client certificate that is still good, and nothing to ask for a new one with.',
    fix: `put a kubeconfig with a bootstrap token at ${path} on ${host.name}, or renew its client certificate`,
  });
}

/** Begin; nothing is sent before the first step. */
export function startBootstrap(options: BootstrapOptions): Bootstrap {
  const { client, host, node, certDir, kubeconfig, store } = options;
  const tmpKey = posix.join(certDir, 'kubelet-client.key.tmp');
  let asked: { readonly name: string; readonly keys: KeyPair } | null = null;
  let problem: LabError | null = null;

  /** The key outlives a restart, and the request is named after it. */
  const loadOrMakeKey = async (): Promise<KeyPair> => {
    try {
      const privateKey = createPrivateKey(readFileSync(host.path(tmpKey)));
      return { privateKey, publicKey: createPublicKey(privateKey) };
    } catch {
      const keys = await generateKeys('ecdsa-p256');
      writeAtomic(host.path(tmpKey), writePrivateKey(keys.privateKey), MODES.key);
      return keys;
    }
  };

  const finish = (pem: string, { privateKey }: KeyPair): void => {
    store.update(pem, writePrivateKey(privateKey));
    rmSync(host.path(tmpKey), { force: true });
    const text = bootstrappedKubeconfig(client.credentials(), kubeconfig, store.currentPath);
    writeAtomic(host.path(kubeconfig), text, MODES.key);
    client.klog('I', 'bootstrap.go:203', 'Wrote the kubeconfig of the bootstrapped client', {
      path: kubeconfig,
      certificate: store.currentPath,
    });
  };

  /** One look; true when the certificate is there. */
  const look = async (): Promise<boolean> => {
    if (asked === null) return false;
    const { name, keys } = asked;
    const outcome = await readOutcome(client, name);
    if (outcome.kind === 'issued') {
      finish(outcome.pem, keys);
      problem = null;
      return true;
    }
    if (outcome.kind === 'pending') {
      problem = waitingProblem({ signer: 'client', node }, name, outcome.approved);
      return false;
    }
    // As a kubelet that systemd starts again: the same key gives the same name, and so the same answer.
    asked = null;
    throw new LabError('CERT_MISSING', {
      what: `kubelet of ${node} has no client certificate: ${outcome.text}`,
      fix: `kubectl delete csr ${name}   then it asks again`,
    });
  };

  return {
    step: async () => {
      client.newRound();
      try {
        const fresh = asked === null;
        if (asked === null) {
          client.klog(
            'I',
            'bootstrap.go:120',
            'Using bootstrap kubeconfig to generate TLS client cert, key and kubeconfig file',
          );
          const keys = await loadOrMakeKey();
          const wanted = { signer: 'client', node, sans: [], name: 'digest' } as const;
          asked = { name: await sendRequest(client, wanted, keys), keys };
          client.klog('I', 'bootstrap.go:332', 'Waiting for client certificate to be issued', {
            csr: asked.name,
          });
        }
        return await awaitOutcome(look, fresh);
      } catch (error) {
        client.klog('E', 'run.go:72', 'command failed', {
          err: `failed to run Kubelet: ${messageOf(error)}`,
        });
        problem = hindrance(node, error);
        return false;
      }
    },
    problem: () => problem,
  };
}

/** Why the API server did not take the request, and what to do. */
function hindrance(node: string, error: unknown): LabError {
  if (isLabError(error)) return error;
  const who = `kubelet of ${node} cannot ask for its first certificate`;
  if (error instanceof RequestError && /certificate required|handshake failure/.test(error.inner)) {
    return new LabError('CERT_MISSING', {
      what: `${who}: ${error.message}`,
      why: 'A bootstrap token is sent in an HTTP header. In strict mode kube-apiserver ends the handshake of whoever shows no client certificate, so the token never arrives. A real API server asks for a certificate and goes on without one.',
      fix: 'npx mtls-lab up --client-auth request',
      source: SOURCE,
      cause: error,
    });
  }
  if (isStatus(error, 401)) {
    return new LabError('UNAUTHENTICATED', {
      what: `${who}: ${messageOf(error)}`,
      why: 'The token is good when a secret bootstrap-token-ID of type bootstrap.kubernetes.io/token in kube-system has this ID and secret, has not expired, and says usage-bootstrap-authentication: true.',
      fix: 'kubectl -n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token',
      source: 'k8s.io/kubernetes plugin/pkg/auth/authenticator/token/bootstrap/bootstrap.go',
      cause: error,
    });
  }
  if (isStatus(error, 403)) {
    return new LabError('FORBIDDEN', {
      what: `${who}: ${messageOf(error)}`,
      why: "kubeadm binds the role to the group that the token's secret names in auth-extra-groups.",
      fix: 'auth-extra-groups: system:bootstrappers:kubeadm:default-node-token',
      source: 'k8s.io/kubernetes cmd/kubeadm/app/phases/bootstraptoken/node/tlsbootstrap.go',
      cause: error,
    });
  }
  return new LabError('CERT_MISSING', {
    what: `${who}: ${messageOf(error)}`,
    why: 'A certificate comes from the cluster: without an answer of the API server there is none.',
    fix: `npx mtls-lab logs kubelet@${node}`,
    source: SOURCE,
    cause: error,
  });
}
