/**
 * kubectl auth, certificate, version, api-resources, config, rollout: commands about the cluster and oneself.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type CertificateSigningRequest, type Deployment, timestamp } from '../api/kinds.ts';
import { RESOURCES } from '../api/resources.ts';
import { ExitCode } from './failure.ts';
import { yamlText } from './print.ts';
import { findType, nameOf, pathOf, readTargets, type Session } from './session.ts';
import { alignTabs, TABLE_STOPS } from './tab-writer.ts';

/** The release whose words the lab speaks. */
const CLIENT_VERSION = 'v1.33.0';
const KUSTOMIZE_VERSION = 'v5.6.0';
const ROLLOUT_POLL_MS = 200;

/** Run `kubectl auth whoami` or `kubectl auth can-i VERB RESOURCE[/NAME]`. */
export async function auth(session: Session): Promise<void> {
  const [, what] = session.args.words;
  if (what === 'whoami') await whoami(session);
  else if (what === 'can-i') await canI(session);
  else throw new Error(`unknown command "auth ${what ?? ''}"; the lab's kubectl knows: whoami, can-i`);
}

async function whoami({ client, stdout }: Session): Promise<void> {
  const review = await client.request<{
    status?: { userInfo?: { username?: string; groups?: string[]; extra?: Record<string, string[]> } };
  }>('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
  });
  const user = review.status?.userInfo ?? {};
  const list = (values: readonly string[] = []): string => `[${values.join(' ')}]`;
  const lines = [
    'ATTRIBUTE\tVALUE',
    `Username\t${user.username ?? ''}`,
    `Groups\t${list(user.groups)}`,
    ...Object.entries(user.extra ?? {}).map(([key, values]) => `Extra: ${key}\t${list(values)}`),
  ];
  stdout.write(`${alignTabs(lines.join('\n'), TABLE_STOPS)}\n`);
}

async function canI(session: Session): Promise<void> {
  const { args, client } = session;
  const [, , verb, what, named] = args.words;
  if (verb === undefined || what === undefined) {
    throw new Error('you must specify two arguments: verb resource or verb resource/resourceName.');
  }
  const spec = what.startsWith('/')
    ? { nonResourceAttributes: { path: what, verb } }
    : { resourceAttributes: attributes(session, verb, what, named) };
  const review = await client.request<{ status?: { allowed?: boolean; reason?: string } }>(
    'POST',
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec },
  );
  const allowed = review.status?.allowed === true;
  if (!args.on('quiet')) session.say(allowed ? 'yes' : 'no');
  if (!allowed) throw new ExitCode(1, '');
}

function attributes(
  session: Session,
  verb: string,
  what: string,
  named: string | undefined,
): Record<string, string> {
  const [type = '', name = named ?? ''] = what.split('/');
  const subresource = session.args.text('subresource') ?? '';
  let resource = type;
  let group = '';
  try {
    const found = findType(type);
    resource = found.plural;
    group = found.group;
    if (!found.namespaced) {
      session.stderr.write(
        `Warning: resource '${resource}' is not namespace scoped${group === '' ? '' : ` in group '${group}'`}\n\n`,
      );
    }
  } catch {
    if (type !== '*') session.stderr.write(`Warning: the server doesn't have a resource type '${type}'\n\n`);
  }
  return {
    verb,
    resource,
    ...(group === '' ? {} : { group }),
    ...(name === '' ? {} : { name }),
    ...(subresource === '' ? {} : { subresource }),
    ...(session.args.on('all-namespaces') ? {} : { namespace: session.namespace }),
  };
}

/** Run `kubectl certificate approve|deny CSR…`. */
export async function certificate(session: Session): Promise<void> {
  const [, what, ...names] = session.args.words;
  if (what !== 'approve' && what !== 'deny') throw new Error(`unknown command "certificate ${what ?? ''}"`);
  if (names.length === 0) throw new Error('one or more CSRs must be specified as <name> or -f <filename>');
  const resource = findType('certificatesigningrequests');
  const type = what === 'approve' ? 'Approved' : 'Denied';
  for (const name of names.map((one) => one.replace(/^.*\//, ''))) {
    const path = pathOf(resource, '', name);
    const request = await session.client.request<CertificateSigningRequest>('GET', path);
    const conditions = request.status?.conditions ?? [];
    if (!conditions.some((one) => one.type === type)) {
      const now = timestamp(session.host.now());
      const condition = {
        type,
        status: 'True',
        reason: what === 'approve' ? 'KubectlApprove' : 'KubectlDeny',
        message: `This CSR was ${what === 'approve' ? 'approved' : 'denied'} by kubectl certificate ${what}.`,
        lastUpdateTime: now,
      };
      const body = { ...request, status: { ...request.status, conditions: [...conditions, condition] } };
      await session.client.request('PUT', `${path}/approval`, body);
    }
    session.say(`${nameOf(resource, name)} ${what === 'approve' ? 'approved' : 'denied'}`);
  }
}

/** Run `kubectl version`. */
export async function version(session: Session): Promise<void> {
  session.say(`Client Version: ${CLIENT_VERSION} (mTLS Lab's mock kubectl)`);
  session.say(`Kustomize Version: ${KUSTOMIZE_VERSION}`);
  if (session.args.on('client')) return;
  const { gitVersion } = await session.client.request<{ gitVersion: string }>('GET', '/version', undefined, {
    query: { timeout: '32s' },
  });
  session.say(`Server Version: ${gitVersion}`);
}

/** Run `kubectl api-resources`. */
export function apiResources(session: Session): void {
  const rows = [...RESOURCES]
    .sort((a, b) => a.group.localeCompare(b.group) || a.plural.localeCompare(b.plural))
    .map(({ plural, shortNames = [], group, version: served, namespaced, kind }) =>
      [plural, shortNames.join(','), group === '' ? served : `${group}/${served}`, namespaced, kind].join(
        '\t',
      ),
    );
  const text = ['NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND', ...rows].join('\n');
  session.stdout.write(`${alignTabs(text, TABLE_STOPS)}\n`);
}

/** Run `kubectl config view`, `current-context` or `get-contexts`. Keys in the file are never printed. */
export function config(session: Session): void {
  const [, what] = session.args.words;
  const { credentials, host } = session;
  if (what === 'current-context') session.say(credentials.context);
  else if (what === 'get-contexts') {
    const row = `*\t${credentials.context}\t${credentials.cluster}\t${credentials.user}\t`;
    session.stdout.write(
      `${alignTabs(`CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n${row}`, TABLE_STOPS)}\n`,
    );
  } else if (what === 'view') {
    const text = readFileSync(host.path(credentials.kubeconfig), 'utf8');
    session.stdout.write(yamlText(redacted(parse(text, { maxAliasCount: 20 }))));
  } else
    throw new Error(
      `unknown command "config ${what ?? ''}"; the lab's kubectl knows: view, current-context, get-contexts`,
    );
}

function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      if (key === 'certificate-authority-data' || key === 'client-certificate-data')
        return [key, 'DATA+OMITTED'];
      if (key === 'client-key-data' || key === 'token' || key === 'password')
        return [key, key === 'client-key-data' ? 'DATA+OMITTED' : 'REDACTED'];
      return [key, redacted(one)];
    }),
  );
}

/** Run `kubectl rollout status|restart deployment/NAME`. */
export async function rollout(session: Session): Promise<void> {
  const [, what, ...rest] = session.args.words;
  const [target] = readTargets(rest);
  if (!target?.name || target.resource.kind !== 'Deployment')
    throw new Error('required resource not specified');
  const path = pathOf(target.resource, session.namespace, target.name);
  if (what === 'restart') {
    const annotations = { 'kubectl.kubernetes.io/restartedAt': timestamp(session.host.now()) };
    const patch = { spec: { template: { metadata: { annotations } } } };
    const extras = { contentType: 'application/strategic-merge-patch+json' };
    await session.client.request('PATCH', path, patch, extras);
    session.say(`${nameOf(target.resource, target.name)} restarted`);
    return;
  }
  if (what !== 'status')
    throw new Error(`unknown command "rollout ${what ?? ''}"; the lab's kubectl knows: status, restart`);
  let said = '';
  while (!session.signal.aborted) {
    const state = progress(await session.client.request<Deployment>('GET', path));
    if (state.text !== said) session.say(state.text);
    said = state.text;
    if (state.done) return;
    await new Promise((resolve) => setTimeout(resolve, ROLLOUT_POLL_MS));
  }
}

/** @see k8s.io/kubectl pkg/polymorphichelpers/rollout_status.go, DeploymentStatusViewer.Status */
function progress({ metadata, spec, status }: Deployment): { readonly done: boolean; readonly text: string } {
  const wanted = spec.replicas ?? 1;
  const number = (field: string): number => Number(status?.[field] ?? 0);
  const waiting = (text: string) => ({
    done: false,
    text: `Waiting for deployment "${metadata.name}" rollout to finish: ${text}...`,
  });
  if (number('observedGeneration') < (metadata.generation ?? 0)) {
    return { done: false, text: 'Waiting for deployment spec update to be observed...' };
  }
  const updated = number('updatedReplicas');
  if (updated < wanted) return waiting(`${updated} out of ${wanted} new replicas have been updated`);
  if (number('replicas') > updated)
    return waiting(`${number('replicas') - updated} old replicas are pending termination`);
  if (number('availableReplicas') < updated) {
    return waiting(`${number('availableReplicas')} of ${updated} updated replicas are available`);
  }
  return { done: true, text: `deployment "${metadata.name}" successfully rolled out` };
}
