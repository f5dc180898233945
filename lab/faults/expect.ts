/** The outcome on every connection of a certificate with a flaw, by the role in which it is shown. */
import type { Code } from '../../certs/codes.ts';
import { identities, workerNames } from '../../certs/identities.ts';
import { type LabDirectory, settingsOf } from '../directory.ts';
import { channelsOf } from '../topology.ts';
import type { Fault } from './fault.ts';

/** What one connection comes to. */
export interface ExpectedOutcome {
  readonly channel: string;
  readonly layer: 'tls' | '401';
  /** Which side refuses. */
  readonly by: 'client' | 'server';
  readonly code: Code;
  /** null: none is sent, the handshake succeeds. */
  readonly alert: number | null;
}

/**
 * Connections that a fault stops, under the policies of the directory. What depends on one of them (everything on
 * etcd) is not listed.
 * @param target  an identity's id
 */
export function expectedOutcomes(fault: Fault, target: string, directory: LabDirectory): ExpectedOutcome[] {
  const { choices } = directory;
  const channels = channelsOf({ workers: workerNames(choices), apiserverClient: choices.apiserverClient });
  const serves = identities(choices).some(({ id, usages }) => id === target && usages.includes('serverAuth'));
  return channels.flatMap(({ id, server, clientIdentity, serverIdentity }): ExpectedOutcome[] => {
    const { code } = fault;
    if (serverIdentity === target) {
      return [{ channel: id, layer: 'tls', by: 'client', code, alert: 42 }];
    }
    if (clientIdentity !== target || !serverMinds(fault, serves)) return [];
    const strict = server === 'etcd' || settingsOf(directory, server).clientAuth === 'require';
    return strict
      ? [{ channel: id, layer: 'tls', by: 'server', code, alert: fault.clientAlert }]
      : [{ channel: id, layer: '401', by: 'server', code: 'UNAUTHENTICATED', alert: null }];
  });
}

/**
 * Whether a server minds the flaw when the certificate is shown to it. Names are checked by clients only: a server
 * asks no client for its address. A server's certificate of the wrong usage has clientAuth, which is right here.
 */
function serverMinds(fault: Fault, serves: boolean): boolean {
  return fault.on === 'any' && !(fault.code === 'CERT_WRONG_USAGE' && serves);
}
