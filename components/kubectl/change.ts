/**
 * kubectl create, apply, delete, scale, set image: commands that change objects.
 */
import { parseAllDocuments } from 'yaml';
import { isStatus } from '../api/api-error.ts';
import type { Deployment, KubeList, KubeObject } from '../api/kinds.ts';
import { findByKind, type Resource } from '../api/resources.ts';
import { jsonText, yamlText } from './print.ts';
import { findType, nameOf, pathOf, readTargets, type Session } from './session.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const MERGE = { contentType: 'application/merge-patch+json' };
const STRATEGIC = { contentType: 'application/strategic-merge-patch+json' };
const DELETE_POLL_MS = 200;

/** An object of a file, and where it belongs. */
interface Manifest {
  readonly object: KubeObject;
  readonly resource: Resource;
  readonly namespace: string;
}

/** Run `kubectl create`. */
export async function create(session: Session): Promise<void> {
  const { args } = session;
  if (args.text('filename') !== undefined) {
    for (const manifest of await readManifests(session)) await createOne(session, manifest);
    return;
  }
  const [, what = '', name = ''] = args.words;
  const object = generated(session, what, name);
  const resource = findByKind(object.apiVersion ?? '', object.kind ?? '');
  if (!resource) throw new Error(`unknown command "create ${what}"`);
  await createOne(session, { object, resource, namespace: session.namespace });
}

/** Run `kubectl run NAME --image=IMAGE [-- args]`. */
export async function run(session: Session): Promise<void> {
  const { args } = session;
  const [, name = ''] = args.words;
  const image = args.text('image');
  if (name === '') throw new Error('NAME is required for run');
  if (image === undefined) throw new Error('required flag(s) "image" not set');
  const port = args.text('port');
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { run: name } },
    spec: {
      restartPolicy: args.text('restart') ?? 'Always',
      containers: [
        {
          name,
          image,
          ...(args.rest ? { args: args.rest } : {}),
          ...(port === undefined ? {} : { ports: [{ containerPort: Number(port) }] }),
        },
      ],
    },
  };
  await createOne(session, { object, resource: findType('pods'), namespace: session.namespace });
}

async function createOne(session: Session, { object, resource, namespace }: Manifest): Promise<void> {
  const { args, client } = session;
  const dryRun = args.text('dry-run');
  const made =
    dryRun === 'client'
      ? object
      : await client.request<KubeObject>('POST', pathOf(resource, namespace), object, {
          query: { fieldManager: 'kubectl-create', ...(dryRun === 'server' ? { dryRun: 'All' } : {}) },
        });
  const output = args.text('output');
  if (output === 'yaml') session.stdout.write(yamlText(made));
  else if (output === 'json') session.stdout.write(jsonText(made));
  else if (output === 'name') session.say(nameOf(resource, made.metadata.name));
  else
    session.say(
      `${nameOf(resource, made.metadata.name)} created${dryRun === undefined ? '' : ` (${dryRun} dry run)`}`,
    );
}

/** The objects that `kubectl create KIND NAME` makes. */
function generated(session: Session, what: string, name: string): KubeObject {
  const { args } = session;
  if (name === '') throw new Error('exactly one NAME is required, got 0');
  const metadata = { name };
  switch (what) {
    case 'namespace':
    case 'ns':
      return { apiVersion: 'v1', kind: 'Namespace', metadata };
    case 'deployment':
    case 'deploy': {
      const image = args.text('image');
      if (image === undefined) throw new Error('required flag(s) "image" not set');
      const labels = { app: name };
      const container =
        image
          .split('/')
          .at(-1)
          ?.replace(/[:@].*$/, '') ?? name;
      return {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name, labels },
        spec: {
          replicas: Number(args.text('replicas') ?? 1),
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: container, image }] } },
        },
      } as KubeObject;
    }
    case 'configmap':
    case 'cm': {
      const [key = '', ...value] = (args.text('from-literal') ?? '').split('=');
      const data = key === '' ? {} : { data: { [key]: value.join('=') } };
      return { apiVersion: 'v1', kind: 'ConfigMap', metadata, ...data } as KubeObject;
    }
    default:
      throw new Error(
        `unknown command "create ${what}"; the lab's kubectl creates namespaces, deployments, config maps, and files with -f`,
      );
  }
}

/** Run `kubectl apply -f`: create, or change what differs from what was applied last. */
export async function apply(session: Session): Promise<void> {
  const { client } = session;
  for (const { object, resource, namespace } of await readManifests(session)) {
    const applied = `${JSON.stringify(object)}\n`;
    const annotations = { ...object.metadata.annotations, [LAST_APPLIED]: applied };
    const wanted = { ...object, metadata: { ...object.metadata, annotations } };
    const path = pathOf(resource, namespace, object.metadata.name);
    const query = { fieldManager: 'kubectl-client-side-apply' };
    let current: KubeObject | undefined;
    try {
      current = await client.request<KubeObject>('GET', path);
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
    }
    const said = nameOf(resource, object.metadata.name);
    if (!current) {
      await client.request('POST', pathOf(resource, namespace), wanted, { query });
      session.say(`${said} created`);
      continue;
    }
    const before = current.metadata.annotations?.[LAST_APPLIED];
    const last: unknown = before === undefined ? {} : JSON.parse(before);
    const patch = { ...withRemovals(wanted, last), apiVersion: object.apiVersion, kind: object.kind };
    const after = await client.request<KubeObject>('PATCH', path, patch, { ...STRATEGIC, query });
    const changed = after.metadata.resourceVersion !== current.metadata.resourceVersion;
    session.say(`${said} ${changed ? 'configured' : 'unchanged'}`);
  }
}

/** The wanted object, with null for each key that was applied last time and is no longer wanted. */
function withRemovals(wanted: unknown, last: unknown): Record<string, unknown> {
  const result: Record<string, unknown> = { ...(wanted as Record<string, unknown>) };
  for (const [key, old] of Object.entries(last as Record<string, unknown>)) {
    const now = result[key];
    if (now === undefined) result[key] = null;
    else if (isMap(now) && isMap(old)) result[key] = withRemovals(now, old);
  }
  return result;
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Run `kubectl delete`. */
export async function remove(session: Session): Promise<void> {
  const { args, client } = session;
  const doomed: { readonly resource: Resource; readonly namespace: string; readonly name: string }[] = [];
  if (args.text('filename') !== undefined) {
    for (const { resource, namespace, object } of await readManifests(session)) {
      doomed.push({ resource, namespace, name: object.metadata.name });
    }
  } else {
    const targets = readTargets(args.words.slice(1));
    if (targets.length === 0)
      throw new Error('You must provide one or more resources by argument or filename.');
    for (const { resource, name } of targets) {
      const { namespace } = session;
      if (name !== undefined) doomed.push({ resource, namespace, name });
      else {
        const selector = args.text('selector');
        if (selector === undefined && !args.on('all')) {
          throw new Error('resource(s) were provided, but no name was specified');
        }
        const query = selector === undefined ? {} : { labelSelector: selector };
        const list = await client.request<KubeList>('GET', pathOf(resource, namespace), undefined, { query });
        for (const item of list.items) doomed.push({ resource, namespace, name: item.metadata.name });
      }
    }
  }
  const grace = args.on('force') ? '0' : args.on('now') ? '1' : args.text('grace-period');
  const cascade = { foreground: 'Foreground', orphan: 'Orphan' }[args.text('cascade') ?? ''] ?? 'Background';
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: cascade,
    ...(grace === undefined ? {} : { gracePeriodSeconds: Number(grace) }),
  };
  if (args.on('force')) {
    session.stderr.write(
      'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n',
    );
  }
  for (const { resource, namespace, name } of doomed) {
    try {
      await client.request('DELETE', pathOf(resource, namespace, name), body);
    } catch (error) {
      if (isStatus(error, 404) && args.on('ignore-not-found')) continue;
      throw error;
    }
    const where = resource.namespaced ? ` from ${namespace} namespace` : '';
    session.say(
      `${nameOf(resource, name).replace('/', ' "')}" ${args.on('force') ? 'force ' : ''}deleted${where}`,
    );
  }
  if (args.text('wait') !== 'false')
    for (const one of doomed) await gone(session, pathOf(one.resource, one.namespace, one.name));
}

/** Wait until an object is no longer there. */
async function gone(session: Session, path: string): Promise<void> {
  while (!session.signal.aborted) {
    try {
      await session.client.request('GET', path);
    } catch (error) {
      if (isStatus(error, 404)) return;
      throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, DELETE_POLL_MS));
  }
}

/** Run `kubectl scale --replicas=N TYPE/NAME`. */
export async function scale(session: Session): Promise<void> {
  const { args, client } = session;
  const replicas = args.text('replicas');
  if (replicas === undefined || !/^\d+$/.test(replicas)) {
    throw new Error('The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0');
  }
  for (const { resource, name } of readTargets(args.words.slice(1))) {
    if (name === undefined) throw new Error('resource(s) were provided, but no name was specified');
    const path = `${pathOf(resource, session.namespace, name)}/scale`;
    await client.request('PATCH', path, { spec: { replicas: Number(replicas) } }, MERGE);
    session.say(`${nameOf(resource, name)} scaled`);
  }
}

/** Run `kubectl set image TYPE/NAME CONTAINER=IMAGE…`. */
export async function setImage(session: Session): Promise<void> {
  const [, what, target = '', ...images] = session.args.words;
  if (what !== 'image')
    throw new Error(`unknown command "set ${what ?? ''}"; the lab's kubectl knows: set image`);
  const [{ resource, name = '' } = { resource: findType('deployments') }] = readTargets([target]);
  const path = pathOf(resource, session.namespace, name);
  const object = await session.client.request<Deployment>('GET', path);
  const { containers } = object.spec.template.spec;
  const pairs = images.map(
    (pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const,
  );
  for (const [container] of pairs) {
    if (container === '*' || containers.some((one) => one.name === container)) continue;
    throw new Error(`unable to find container named "${container}"`);
  }
  const patched = containers.map((one) => {
    const image = pairs.find(([container]) => container === '*' || container === one.name)?.[1];
    return image === undefined ? one : { ...one, image };
  });
  await session.client.request(
    'PATCH',
    path,
    { spec: { template: { spec: { containers: patched } } } },
    MERGE,
  );
  session.say(`${nameOf(resource, name)} image updated`);
}

/** All objects of `-f`: a path, or `-` for the standard input. */
async function readManifests(session: Session): Promise<readonly Manifest[]> {
  const path = session.args.text('filename');
  if (path === undefined) throw new Error('must specify one of -f and -k');
  let text = '';
  if (path === '-') for await (const chunk of session.stdin ?? []) text += String(chunk);
  else text = session.readFile(path);
  return parseAllDocuments(text).flatMap((document) => {
    const [problem] = document.errors;
    if (problem)
      throw new Error(
        `error parsing ${path}: error converting YAML to JSON: yaml: ${problem.message.split('\n')[0]}`,
      );
    const value: unknown = document.toJS({ maxAliasCount: 50 });
    const objects =
      isMap(value) && (value as KubeList).items ? (value as KubeList).items : value === null ? [] : [value];
    return objects.map((one) => manifestOf(session, one, path));
  });
}

function manifestOf(session: Session, value: unknown, path: string): Manifest {
  const object = value as KubeObject;
  const { apiVersion, kind } = object;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    throw new Error(
      `error validating "${path}": error validating data: [apiVersion not set, kind not set]; if you choose to ignore these errors, turn validation off with --validate=false`,
    );
  }
  const resource = findByKind(apiVersion, kind);
  if (!resource) {
    const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    throw new Error(
      `resource mapping not found for name: "${object.metadata?.name ?? ''}" namespace: "" from "${path}": no matches for kind "${kind}" in version "${group === '' ? version : `${group}/${version}`}"\nensure CRDs are installed first`,
    );
  }
  return { object, resource, namespace: object.metadata?.namespace ?? session.namespace };
}
