/**
 * What cannot be stored, in the words of the real validation: names, labels, and what each kind must have.
 *
 * @see apimachinery pkg/util/validation/validation.go, k8s.io/kubernetes pkg/apis/<group>/validation/validation.go
 */
import { at, isObject, type Json, type KubeObject, listAt, objectAt, textAt } from './object.ts';
import type { Resource } from './resources.ts';
import { matchesLabelSelector } from './selectors.ts';
import type { FieldFault } from './status.ts';

const SUBDOMAIN_FORM = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const LABEL_FORM = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const DNS1035_FORM = '[a-z]([-a-z0-9]*[a-z0-9])?';
const LABEL_VALUE_FORM = '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?';
const QUALIFIED_FORM = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

/** Forms of names: the pattern, the longest, and the real text. */
const FORMS = {
  subdomain: {
    pattern: new RegExp(`^${SUBDOMAIN_FORM}$`),
    longest: 253,
    text: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN_FORM}')`,
  },
  label: {
    pattern: new RegExp(`^${LABEL_FORM}$`),
    longest: 63,
    text: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL_FORM}')`,
  },
  dns1035: {
    pattern: new RegExp(`^${DNS1035_FORM}$`),
    longest: 63,
    text: `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${DNS1035_FORM}')`,
  },
} as const;

const LABEL_VALUE_TEXT = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${LABEL_VALUE_FORM}')`;
const QUALIFIED_TEXT = `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED_FORM}')`;
const LABEL_VALUE = new RegExp(`^${LABEL_VALUE_FORM}$`);
const QUALIFIED = new RegExp(`^(?:[^/]+/)?${QUALIFIED_FORM}$`);

/** Kinds whose names have another form than a subdomain. */
const NAME_FORMS: Readonly<Record<string, keyof typeof FORMS | 'path'>> = {
  Namespace: 'label',
  Service: 'dns1035',
  Role: 'path',
  RoleBinding: 'path',
  ClusterRole: 'path',
  ClusterRoleBinding: 'path',
  // Kubelets name theirs after their key: node-csr-6atVHbZ2Nz0E3vOKTOKpUIFMFIvDpK_HKrT0JyyTQJA.
  CertificateSigningRequest: 'path',
};

type Check = (object: KubeObject) => FieldFault[];

const CHECKS: Readonly<Record<string, Check>> = {
  Pod: (pod) => podSpecFaults(at(pod, 'spec'), 'spec'),
  Deployment: workloadFaults,
  ReplicaSet: workloadFaults,
  DaemonSet: workloadFaults,
  StatefulSet: workloadFaults,
  Service: serviceFaults,
  ConfigMap: (object) => keyFaults(object),
  Secret: (object) => keyFaults(object),
};

/** All faults of a new or changed object; empty when it may be stored. */
export function validate(resource: Resource, object: KubeObject): FieldFault[] {
  return [...metadataFaults(resource, object), ...(CHECKS[resource.kind]?.(object) ?? [])];
}

function metadataFaults(resource: Resource, object: KubeObject): FieldFault[] {
  const { name, labels } = object.metadata;
  if (typeof name !== 'string' || name === '') {
    return [required('metadata.name', 'name or generateName is required')];
  }
  return [...nameFaults(resource.kind, name), ...labelFaults(labels, 'metadata.labels')];
}

function nameFaults(kind: string, name: string): FieldFault[] {
  const form = NAME_FORMS[kind] ?? 'subdomain';
  if (form === 'path') {
    const bad = name === '.' || name === '..' || /[/%]/.test(name);
    return bad ? [wrong('metadata.name', name, "may not contain '/'")] : [];
  }
  const { pattern, longest, text } = FORMS[form];
  const faults: FieldFault[] = [];
  if (name.length > longest)
    faults.push(wrong('metadata.name', name, `must be no more than ${longest} bytes`));
  if (!pattern.test(name)) faults.push(wrong('metadata.name', name, text));
  return faults;
}

function labelFaults(labels: unknown, field: string): FieldFault[] {
  if (!isObject(labels)) return [];
  return Object.entries(labels).flatMap(([key, value]) => {
    const faults: FieldFault[] = [];
    if (!QUALIFIED.test(key)) faults.push(wrong(field, key, QUALIFIED_TEXT));
    if (String(value).length > 63) faults.push(wrong(field, value ?? null, 'must be no more than 63 bytes'));
    else if (!LABEL_VALUE.test(String(value))) faults.push(wrong(field, value ?? null, LABEL_VALUE_TEXT));
    return faults;
  });
}

function podSpecFaults(spec: unknown, field: string): FieldFault[] {
  const containers = listAt(spec, 'containers');
  if (containers.length === 0) return [required(`${field}.containers`, '')];
  const names = new Set<string>();
  return containers.flatMap((container, index) => {
    const where = `${field}.containers[${index}]`;
    const name = textAt(container, 'name');
    const faults: FieldFault[] = [];
    if (name === '') faults.push(required(`${where}.name`, ''));
    else if (!FORMS.label.pattern.test(name)) faults.push(wrong(`${where}.name`, name, FORMS.label.text));
    else if (names.has(name))
      faults.push({ type: 'duplicate', field: `${where}.name`, value: name, detail: '' });
    names.add(name);
    if (textAt(container, 'image').trim() === '') faults.push(required(`${where}.image`, ''));
    return faults;
  });
}

function workloadFaults(object: KubeObject): FieldFault[] {
  const selector = at(object, 'spec', 'selector');
  const labels = objectAt(object, 'spec', 'template', 'metadata', 'labels');
  const faults: FieldFault[] = [];
  const replicas = at(object, 'spec', 'replicas');
  if (typeof replicas === 'number' && replicas < 0) {
    faults.push(wrong('spec.replicas', replicas, 'must be greater than or equal to 0'));
  }
  if (!isObject(selector)) faults.push(required('spec.selector', ''));
  else if (!matchesLabelSelector(selector, labels)) {
    faults.push(
      wrong('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'),
    );
  }
  return [...faults, ...podSpecFaults(at(object, 'spec', 'template', 'spec'), 'spec.template.spec')];
}

function serviceFaults(object: KubeObject): FieldFault[] {
  const ports = listAt(object, 'spec', 'ports');
  const type = textAt(object, 'spec', 'type');
  const headless = textAt(object, 'spec', 'clusterIP') === 'None';
  if (ports.length === 0 && type !== 'ExternalName' && !headless) return [required('spec.ports', '')];
  return ports.flatMap((port, index) => {
    const number = at(port, 'port');
    const where = `spec.ports[${index}]`;
    const faults: FieldFault[] = [];
    if (ports.length > 1 && textAt(port, 'name') === '') faults.push(required(`${where}.name`, ''));
    if (typeof number !== 'number' || number < 1 || number > 65_535) {
      faults.push(wrong(`${where}.port`, number ?? 0, 'must be between 1 and 65535, inclusive'));
    }
    return faults;
  });
}

function keyFaults(object: KubeObject): FieldFault[] {
  return Object.keys(objectAt(object, 'data'))
    .filter((key) => !/^[-._a-zA-Z0-9]+$/.test(key))
    .map((key) =>
      wrong(
        `data[${key}]`,
        key,
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      ),
    );
}

export function required(field: string, detail: string): FieldFault {
  return { type: 'required', field, detail };
}

export function wrong(field: string, value: Json, detail: string): FieldFault {
  return { type: 'invalid', field, value, detail };
}

const IMMUTABLE = 'field is immutable';
const POD_MUTABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** Faults of a change: fields that stay as they were made. */
export function validateUpdate(resource: Resource, object: KubeObject, before: KubeObject): FieldFault[] {
  const changed = (...path: string[]): boolean =>
    JSON.stringify(at(object, ...path)) !== JSON.stringify(at(before, ...path));
  switch (resource.kind) {
    case 'Deployment':
    case 'ReplicaSet':
    case 'DaemonSet':
    case 'StatefulSet':
      return changed('spec', 'selector')
        ? [wrong('spec.selector', at(object, 'spec', 'selector') ?? null, IMMUTABLE)]
        : [];
    case 'Secret':
      return changed('type') ? [wrong('type', textAt(object, 'type'), IMMUTABLE)] : [];
    case 'RoleBinding':
    case 'ClusterRoleBinding':
      return changed('roleRef')
        ? [wrong('roleRef', at(object, 'roleRef') ?? null, 'cannot change roleRef')]
        : [];
    case 'Pod':
      return podShape(object) === podShape(before)
        ? []
        : [{ type: 'forbidden', field: 'spec', detail: POD_MUTABLE }];
    case 'Service': {
      const had = textAt(before, 'spec', 'clusterIP');
      const has = textAt(object, 'spec', 'clusterIP');
      return had !== '' && has !== had ? [wrong('spec.clusterIPs[0]', has, 'may not change once set')] : [];
    }
    default:
      return [];
  }
}

/** A pod's spec without what may change. */
function podShape(pod: KubeObject): string {
  const {
    tolerations: _t,
    activeDeadlineSeconds: _a,
    terminationGracePeriodSeconds: _g,
    ...spec
  } = objectAt(pod, 'spec');
  const bare = (list: string): Json =>
    listAt(spec, list).map((one) => (isObject(one) ? { ...one, image: '' } : one));
  const shape = {
    ...spec,
    nodeName: spec['nodeName'] ?? '',
    containers: bare('containers'),
    initContainers: bare('initContainers'),
  };
  return JSON.stringify(
    Object.entries(shape).sort(([a], [b]) => (a < b ? -1 : 1)),
    sortedKeys,
  );
}

function sortedKeys(_key: string, value: unknown): unknown {
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
}
