/**
 * Label and field selectors: text in, a test out.
 *
 * @see apimachinery pkg/labels/selector.go (Parse), pkg/fields/selector.go, and each registry's strategy (which
 *      fields a resource lets one select by)
 */
import { at, type KubeObject, objectAt } from './object.ts';
import { badRequest } from './status.ts';

/** A test over an object. */
export type Matcher = (object: KubeObject) => boolean;

/** Fields that a resource may be selected by, besides metadata.name and metadata.namespace. */
const SELECTABLE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.nominatedNodeName',
  ],
  nodes: ['spec.unschedulable'],
  namespaces: ['status.phase'],
  secrets: ['type'],
  services: ['spec.clusterIP', 'spec.type'],
  replicasets: ['status.replicas'],
  replicationcontrollers: ['status.replicas'],
  jobs: ['status.successful'],
  certificatesigningrequests: ['spec.signerName'],
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'regarding.kind',
    'regarding.namespace',
    'regarding.name',
    'regarding.uid',
    'reason',
    'reportingComponent',
    'reportingController',
    'source',
    'type',
  ],
};

/** Fields whose absence reads as a value. */
const FIELD_DEFAULTS: Readonly<Record<string, string>> = {
  'spec.unschedulable': 'false',
  'spec.hostNetwork': 'false',
  'status.successful': '0',
  'status.replicas': '0',
};

/** Names that differ between the selector and the stored event. */
const FIELD_PLACES: Readonly<Record<string, string>> = {
  'regarding.kind': 'involvedObject.kind',
  'regarding.namespace': 'involvedObject.namespace',
  'regarding.name': 'involvedObject.name',
  'regarding.uid': 'involvedObject.uid',
  reportingController: 'reportingComponent',
  source: 'source.component',
};

const LABEL_TERM =
  /^\s*(?:(!)\s*([^\s=!,()<>]+)|([^\s=!,()<>]+)\s*(?:(==|=|!=|>|<)\s*([^\s=!,()<>]*)|\s(in|notin)\s*\(([^)]*)\))?)\s*(?:,|$)/;

/**
 * A label selector: `app=web,tier in (a,b),!old`.
 * @throws StatusError 400 with the part that cannot be read
 */
export function parseLabelSelector(text: string): Matcher {
  const tests: ((labels: Readonly<Record<string, unknown>>) => boolean)[] = [];
  let rest = text;
  while (rest.trim() !== '') {
    const match = LABEL_TERM.exec(rest);
    if (!match)
      throw badRequest(
        `unable to parse requirement: found '${rest.trim()}', expected: ',' or 'end of string'`,
      );
    rest = rest.slice(match[0].length);
    const [, not, absent, key = '', operator, value = '', set, members = ''] = match;
    if (not) tests.push((labels) => labels[absent ?? ''] === undefined);
    else if (set) {
      const values = members.split(',').map((one) => one.trim());
      const wanted = set === 'in';
      tests.push((labels) => {
        const found = labels[key];
        return found === undefined ? !wanted : values.includes(String(found)) === wanted;
      });
    } else if (!operator) tests.push((labels) => labels[key] !== undefined);
    else if (operator === '!=') tests.push((labels) => labels[key] !== value);
    else if (operator === '>') tests.push((labels) => Number(labels[key]) > Number(value));
    else if (operator === '<') tests.push((labels) => Number(labels[key]) < Number(value));
    else tests.push((labels) => labels[key] === value);
  }
  return (object) => {
    const labels = objectAt(object, 'metadata', 'labels');
    return tests.every((test) => test(labels));
  };
}

/** A LabelSelector object (`matchLabels`, `matchExpressions`) as a test over labels. */
export function matchesLabelSelector(selector: unknown, labels: Readonly<Record<string, unknown>>): boolean {
  const byLabels = Object.entries(objectAt(selector, 'matchLabels')).every(
    ([key, value]) => labels[key] === value,
  );
  const expressions = at(selector, 'matchExpressions');
  if (!byLabels || !Array.isArray(expressions)) return byLabels;
  return expressions.every((one) => {
    const found = labels[String(at(one, 'key'))];
    const values = at(one, 'values');
    const listed = Array.isArray(values) && values.includes(String(found));
    switch (at(one, 'operator')) {
      case 'In':
        return found !== undefined && listed;
      case 'NotIn':
        return found === undefined || !listed;
      case 'Exists':
        return found !== undefined;
      default:
        return found === undefined;
    }
  });
}

/**
 * A field selector: `spec.nodeName=worker-1,status.phase!=Running`.
 * @param plural  the resource, which decides what fields there are
 * @throws        StatusError 400: `field label not supported: …`
 */
export function parseFieldSelector(text: string, plural: string, version: string): Matcher {
  const tests = text
    .split(',')
    .filter((term) => term.trim() !== '')
    .map((term) => {
      const match = /^([^=!]+)(==|=|!=)(.*)$/.exec(term.trim());
      const [, field = '', operator, value = ''] = match ?? [];
      if (!match) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
      const known = field === 'metadata.name' || field === 'metadata.namespace';
      if (!known && !SELECTABLE_FIELDS[plural]?.includes(field)) {
        const where = `Unable to find "${version}, Resource=${plural}" that match label selector "", field selector "${text}"`;
        throw badRequest(`${where}: field label not supported: ${field}`);
      }
      const path = (FIELD_PLACES[field] ?? field).split('.');
      return (object: KubeObject) => {
        const found = at(object, ...path);
        const shown = found === undefined || found === null ? (FIELD_DEFAULTS[field] ?? '') : String(found);
        return (shown === value) === (operator !== '!=');
      };
    });
  return (object) => tests.every((test) => test(object));
}

/** `metadata.name=web` alone or among others: the name, or undefined. */
export function nameInFieldSelector(text: string): string | undefined {
  return /(?:^|,)metadata\.name==?([^,]+)/.exec(text)?.[1];
}
