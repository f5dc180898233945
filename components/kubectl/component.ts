/**
 * kubectl as a component: the laptop's connection, tried in every round with a small request of the usual kind, one
 * that needs rights: what anybody may ask would say nothing about who is asking. The real kubectl dials only when
 * somebody types; without a heartbeat the lab could not show whether it would succeed.
 */
import { isLabError } from '../../certs/errors.ts';
import { createApiClient } from '../api/client.ts';
import { startRounds } from '../api/rounds.ts';
import type { Component, Running, StartContext } from '../component.ts';
import { parseFlags } from '../flags.ts';
import { failureText } from './failure.ts';
import { KUBECTL_FLAGS } from './flags.ts';

/** The real binary, as the lab runs it. */
export const kubectl: Component = {
  name: 'kubectl',
  role: 'client',
  flags: KUBECTL_FLAGS,
  dependsOn: ['kube-apiserver'],
  start,
};

async function start(context: StartContext): Promise<Running> {
  const flags = parseFlags('kubectl', KUBECTL_FLAGS, context.argv);
  const client = createApiClient({
    host: context.host,
    component: context.id,
    kubeconfig: flags.kubeconfig,
    settings: context.settings,
    roundMs: context.roundMs,
    log: () => undefined,
    ...(flags.context === '' ? {} : { context: flags.context }),
  });
  const rounds = startRounds(context.roundMs, async () => {
    client.newRound();
    try {
      await client.request('GET', '/api/v1/namespaces/default/pods', undefined, { query: { limit: '1' } });
    } catch (error) {
      context.log(
        isLabError(error) ? `error: ${error.what}` : failureText(error, client.credentials().server),
      );
    }
  });
  client.onRotate(() => void rounds.now());
  return {
    id: context.id,
    endpoint: null,
    files: () => client.files(),
    dialNow: () => rounds.now(),
    close: async () => {
      await rounds.close();
      await client.close();
    },
  };
}
