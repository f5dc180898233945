/**
 * /livez, /readyz and /healthz, each with `?verbose`, `?exclude=`, and single checks below them.
 *
 * @see apiserver pkg/server/healthz/healthz.go
 */
import { messageOf } from '../../certs/errors.ts';
import type { Call } from './call.ts';
import { sendText } from './negotiate.ts';
import type { ApiServer } from './server-context.ts';

const HOOKS = [
  'poststarthook/start-apiserver-admission-initializer',
  'poststarthook/generic-apiserver-start-informers',
  'poststarthook/priority-and-fairness-config-consumer',
  'poststarthook/priority-and-fairness-filter',
  'poststarthook/storage-object-count-tracker-hook',
  'poststarthook/start-apiextensions-informers',
  'poststarthook/start-apiextensions-controllers',
  'poststarthook/crd-informer-synced',
  'poststarthook/start-system-namespaces-controller',
  'poststarthook/start-cluster-authentication-info-controller',
  'poststarthook/start-kube-apiserver-identity-lease-controller',
  'poststarthook/start-kube-apiserver-identity-lease-garbage-collector',
  'poststarthook/start-legacy-token-tracking-controller',
  'poststarthook/start-service-ip-repair-controllers',
  'poststarthook/rbac/bootstrap-roles',
  'poststarthook/scheduling/bootstrap-system-priority-classes',
  'poststarthook/priority-and-fairness-config-producer',
  'poststarthook/bootstrap-controller',
  'poststarthook/aggregator-reload-proxy-client-cert',
  'poststarthook/start-kube-aggregator-informers',
  'poststarthook/apiservice-status-local-available-controller',
  'poststarthook/apiservice-status-remote-available-controller',
  'poststarthook/apiservice-registration-controller',
  'poststarthook/apiservice-discovery-controller',
  'poststarthook/kube-apiserver-autoregistration',
  'autoregister-completion',
  'poststarthook/apiservice-openapi-controller',
  'poststarthook/apiservice-openapiv3-controller',
] as const;

/** Hooks that end once the cluster's first objects are written. */
const BOOTSTRAP_HOOKS: readonly string[] = [
  'poststarthook/rbac/bootstrap-roles',
  'poststarthook/scheduling/bootstrap-system-priority-classes',
];

type Endpoint = 'livez' | 'readyz' | 'healthz';

/** What a check finds: null when all is well, else why not. */
type Check = (api: HealthState) => Promise<string | null>;

/** What the checks look at. */
export interface HealthState {
  readonly api: ApiServer;
  /** Asks etcd; rejects with what is wrong. */
  readonly askEtcd: () => Promise<void>;
  readonly isBootstrapped: () => boolean;
}

const fine: Check = async () => null;
const etcd: Check = async ({ askEtcd }) => {
  try {
    await askEtcd();
    return null;
  } catch (error) {
    return messageOf(error);
  }
};
const synced: Check = async ({ api }) =>
  api.store.cache.ready() && api.store.problem() === null ? null : 'not all informers have been started yet';
const hook =
  (name: string): Check =>
  async ({ isBootstrapped }) =>
    BOOTSTRAP_HOOKS.includes(name) && !isBootstrapped() ? 'not finished' : null;
const notClosing: Check = async ({ api }) => (api.closing.aborted ? 'process is shutting down' : null);

function checksOf(endpoint: Endpoint): readonly (readonly [string, Check])[] {
  const hooks = HOOKS.map((name) => [name, hook(name)] as const);
  const base = [
    ['ping', fine],
    ['log', fine],
    ['etcd', etcd],
  ] as const;
  if (endpoint !== 'readyz') return [...base, ...hooks];
  return [...base, ['etcd-readiness', etcd], ['informer-sync', synced], ...hooks, ['shutdown', notClosing]];
}

/** Answer a health request; false when the path is none. */
export async function serveHealth(
  state: HealthState,
  call: Pick<Call, 'request' | 'response' | 'info'>,
): Promise<boolean> {
  const match = /^\/(livez|readyz|healthz)(?:\/(.+?))?\/?$/.exec(call.info.path);
  if (!match) return false;
  const endpoint = match[1] as Endpoint;
  const all = checksOf(endpoint);
  const single = match[2];
  const chosen = single === undefined ? all : all.filter(([name]) => name === single);
  if (chosen.length === 0) return false;
  const excluded = call.info.query.getAll('exclude').flatMap((one) => one.split(','));
  const lines: string[] = [];
  const failed: string[] = [];
  for (const [name, check] of chosen) {
    if (excluded.includes(name)) {
      lines.push(`[+]${name} excluded: ok`);
      continue;
    }
    const problem = await check(state);
    if (problem === null) lines.push(`[+]${name} ok`);
    else {
      failed.push(`[-]${name} failed: ${problem}`);
      lines.push(`[-]${name} failed: reason withheld`);
    }
  }
  if (failed.length > 0) {
    state.api.log(
      'I',
      'healthz.go:280',
      `${failed.map((one) => one.slice(3).split(' ')[0]).join(',')} check failed: ${endpoint}\n${failed.join('\n')}`,
    );
    sendText(call.request, call.response, 500, `${lines.join('\n')}\n${endpoint} check failed\n`);
    return true;
  }
  const verbose = call.info.query.has('verbose') && single === undefined;
  sendText(
    call.request,
    call.response,
    200,
    verbose ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok',
  );
  return true;
}
