/**
 * kubectl describe: an object in sections, with its events. Kinds without a table of their own get metadata and data.
 *
 * @see k8s.io/kubectl pkg/describe/describe.go
 */
import type { KubeList, KubeObject } from '../api/kinds.ts';
import { age } from './describe-text.ts';
import { DESCRIBERS, type Describer } from './describers.ts';
import { pathOf, readTargets, type Session } from './session.ts';
import { alignTabs, DESCRIBE_STOPS } from './tab-writer.ts';

interface Event extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly firstTimestamp?: string;
  readonly lastTimestamp?: string;
  readonly source?: { readonly component?: string };
}

/** Kinds that no event is about. */
const WITHOUT_EVENTS: readonly string[] = ['Secret'];

/** Run `kubectl describe`. */
export async function describe(session: Session): Promise<void> {
  const { args, client } = session;
  const targets = readTargets(args.words.slice(1));
  if (targets.length === 0)
    throw new Error(
      'You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.',
    );
  const namespace = args.on('all-namespaces') ? '' : session.namespace;
  const texts: string[] = [];
  for (const { resource, name } of targets) {
    const selector = args.text('selector');
    const query = selector === undefined ? {} : { labelSelector: selector };
    const path = pathOf(resource, namespace, name);
    const found =
      name === undefined
        ? (await client.request<KubeList>('GET', path, undefined, { query })).items
        : [await client.request<KubeObject>('GET', path)];
    const describer: Describer = DESCRIBERS[resource.kind] ?? DESCRIBERS.default;
    for (const object of found) {
      const lines = await describer(object, session);
      const events = WITHOUT_EVENTS.includes(resource.kind)
        ? []
        : await eventLines(session, object, resource.kind);
      texts.push(alignTabs([...lines, ...events].join('\n'), DESCRIBE_STOPS));
    }
  }
  if (texts.length === 0) {
    session.stderr.write(`No resources found${namespace === '' ? '' : ` in ${namespace} namespace.`}\n`);
    return;
  }
  session.stdout.write(`${texts.join('\n\n\n')}\n`);
}

async function eventLines(session: Session, object: KubeObject, kind: string): Promise<readonly string[]> {
  const { name, namespace, uid } = object.metadata;
  const fields = [`involvedObject.name=${name}`, `involvedObject.kind=${kind}`];
  if (uid !== undefined && kind !== 'Node') fields.push(`involvedObject.uid=${uid}`);
  const path = namespace === undefined ? '/api/v1/events' : `/api/v1/namespaces/${namespace}/events`;
  const query = { fieldSelector: fields.join(','), limit: '500' };
  const { items } = await session.client.request<KubeList<Event>>('GET', path, undefined, { query });
  if (items.length === 0) return ['Events:\t<none>'];
  const rows = [...items]
    .sort((a, b) => (a.lastTimestamp ?? '').localeCompare(b.lastTimestamp ?? ''))
    .map((event) => {
      const last = age(session, event.lastTimestamp);
      const times =
        (event.count ?? 1) > 1 ? ` (x${event.count} over ${age(session, event.firstTimestamp)})` : '';
      return `  ${event.type}\t${event.reason}\t${last}${times}\t${event.source?.component ?? ''}\t${event.message ?? ''}`;
    });
  return ['Events:', '  Type\tReason\tAge\tFrom\tMessage', '  ----\t------\t----\t----\t-------', ...rows];
}
