/**
 * kubectl get: tables as the server makes them, objects as yaml or json, and watching.
 */
import { isStatus } from '../api/api-error.ts';
import type { KubeList, KubeObject } from '../api/kinds.ts';
import { ExitCode } from './failure.ts';
import { jsonPathText, jsonText, type Table, type TableOptions, tableText, yamlText } from './print.ts';
import { nameOf, pathOf, readTargets, type Session, type Target } from './session.ts';

const TABLE_ACCEPT =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';
const PAGE = '500';

/** Run `kubectl get`. */
export async function get(session: Session): Promise<void> {
  const { args, client } = session;
  const raw = args.text('raw');
  if (raw !== undefined) {
    const body = await client.open('GET', raw);
    for await (const chunk of body) session.stdout.write(chunk);
    return;
  }
  const targets = readTargets(args.words.slice(1));
  if (targets.length === 0) {
    throw new Error(
      'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.',
    );
  }
  const output = args.text('output') ?? '';
  if (output === '' || output === 'wide') await getTables(session, targets, output === 'wide');
  else await getObjects(session, targets, output);
}

async function getTables(session: Session, targets: readonly Target[], wide: boolean): Promise<void> {
  const { args, client } = session;
  const namespace = args.on('all-namespaces') ? '' : session.namespace;
  const types = new Set(targets.map((one) => one.resource.plural));
  let printed = 0;
  let failed = false;
  for (const { resource, name } of targets) {
    const options: TableOptions = {
      wide,
      namespaces: args.on('all-namespaces') && resource.namespaced,
      labels: args.on('show-labels'),
      headers: !args.on('no-headers') && (name === undefined || printed === 0 || types.size > 1),
      prefix: types.size > 1 ? nameOf(resource, '') : '',
    };
    const path = pathOf(resource, namespace, name);
    const query = { ...selectors(session), ...(name === undefined ? { limit: PAGE } : {}) };
    let table: Table;
    try {
      table = await readTable(session, path, query);
    } catch (error) {
      if (!isStatus(error, 404) || name === undefined || targets.length === 1) {
        if (isStatus(error, 404) && args.on('ignore-not-found')) continue;
        throw error;
      }
      session.stderr.write(`Error from server (NotFound): ${error.message}\n`);
      failed = true;
      continue;
    }
    const text = tableText(table, options);
    if (text !== '') {
      if (printed > 0 && types.size > 1) session.say('');
      session.stdout.write(text);
      printed += 1;
    }
    if (args.on('watch')) {
      const version = table.metadata?.resourceVersion ?? '0';
      const follow = name === undefined ? {} : { fieldSelector: `metadata.name=${name}` };
      const watchQuery = { ...query, ...follow, limit: '', resourceVersion: version, watch: 'true' };
      const shown = { ...options, headers: options.headers && text === '' };
      await watchTable(client, pathOf(resource, namespace), watchQuery, session, shown);
      return;
    }
  }
  if (printed === 0 && !failed) {
    const namespaced = targets.some((one) => one.resource.namespaced) && namespace !== '';
    session.stderr.write(
      namespaced ? `No resources found in ${namespace} namespace.\n` : 'No resources found\n',
    );
  }
  if (failed) throw new ExitCode(1, '');
}

/** All pages of a table, as one. */
async function readTable(
  session: Session,
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<Table> {
  let table = await session.client.request<Table>('GET', path, undefined, { query, accept: TABLE_ACCEPT });
  for (let next = table.metadata?.continue; next; next = table.metadata?.continue) {
    const page = await session.client.request<Table>('GET', path, undefined, {
      query: { ...query, continue: next },
      accept: TABLE_ACCEPT,
    });
    table = { ...page, rows: [...(table.rows ?? []), ...(page.rows ?? [])] };
  }
  return table;
}

/** Print each change until the watch ends or Ctrl-C. */
async function watchTable(
  client: Session['client'],
  path: string,
  query: Readonly<Record<string, string>>,
  session: Session,
  options: TableOptions,
): Promise<void> {
  const asked = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
  const body = await client.open('GET', path, undefined, { query: asked, accept: TABLE_ACCEPT });
  const stop = (): void => {
    body.destroy();
  };
  session.signal.addEventListener('abort', stop, { once: true });
  let columns: Table['columnDefinitions'];
  let { headers } = options;
  let rest = '';
  try {
    for await (const chunk of body) {
      rest += String(chunk);
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const { object } = JSON.parse(line) as { object: Table };
        columns = object.columnDefinitions?.length ? object.columnDefinitions : columns;
        session.stdout.write(
          tableText(
            { ...object, ...(columns ? { columnDefinitions: columns } : {}) },
            { ...options, headers },
          ),
        );
        headers = false;
      }
    }
  } catch (error) {
    if (!session.signal.aborted) throw error;
  } finally {
    session.signal.removeEventListener('abort', stop);
  }
}

async function getObjects(session: Session, targets: readonly Target[], output: string): Promise<void> {
  const { args, client } = session;
  const namespace = args.on('all-namespaces') ? '' : session.namespace;
  const single = targets.length === 1 && targets[0]?.name !== undefined;
  const found: { readonly target: Target; readonly object: KubeObject }[] = [];
  for (const target of targets) {
    const path = pathOf(target.resource, namespace, target.name);
    if (target.name !== undefined) {
      found.push({ target, object: await client.request<KubeObject>('GET', path) });
      continue;
    }
    const { group, version, kind } = target.resource;
    const apiVersion = group === '' ? version : `${group}/${version}`;
    const list = await client.request<KubeList>('GET', path, undefined, { query: selectors(session) });
    for (const item of list.items) found.push({ target, object: { apiVersion, kind, ...item } });
  }
  const objects = found.map((one) => one.object);
  const list = { apiVersion: 'v1', items: objects, kind: 'List', metadata: { resourceVersion: '' } };
  const value = single ? objects[0] : list;
  if (output === 'name')
    for (const { target, object } of found) session.say(nameOf(target.resource, object.metadata.name));
  else if (output === 'json') session.stdout.write(jsonText(value));
  else if (output === 'yaml') session.stdout.write(yamlText(value));
  else if (output.startsWith('jsonpath='))
    session.stdout.write(jsonPathText(value, output.slice('jsonpath='.length)));
  else {
    throw new Error(
      `unable to match a printer suitable for the output format "${output}", allowed formats are: json,name,yaml,wide,jsonpath`,
    );
  }
}

function selectors({ args }: Session): Record<string, string> {
  const label = args.text('selector');
  const field = args.text('field-selector');
  return {
    ...(label === undefined ? {} : { labelSelector: label }),
    ...(field === undefined ? {} : { fieldSelector: field }),
  };
}
