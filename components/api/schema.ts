/**
 * The types of all objects, from the tables of `schema-*.ts`: what fields there are and how lists are merged.
 *
 * Strict decoding, strategic merge, server-side apply and OpenAPI all read this one description.
 */
import { CORE_TYPES } from './schema-core.ts';
import { GROUP_TYPES } from './schema-groups.ts';
import { POD_TYPES } from './schema-pod.ts';
import { VOLUME_TYPES } from './schema-volumes.ts';

/** One field. `type` is a type's name, or `string integer boolean bytes Time IntOrString any`. */
export interface FieldType {
  readonly name: string;
  readonly type: string;
  readonly shape: 'one' | 'list' | 'map' | 'map-of-lists';
  readonly required: boolean;
}

/** The fields of a type by name. */
export type ObjectType = ReadonlyMap<string, FieldType>;

/** Kinds whose type has another name. */
const TYPE_OF_KIND: Readonly<Record<string, string>> = { 'events.k8s.io Event': 'EventsEvent' };

/**
 * Lists that are merged item by item, and by which key; an empty key is a set of plain values. All others are
 * replaced whole.
 *
 * @see k8s.io/api types.go, tags patchStrategy and patchMergeKey (v1.33)
 */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  'ObjectMeta.ownerReferences': 'uid',
  'ObjectMeta.finalizers': '',
  'PodSpec.containers': 'name',
  'PodSpec.initContainers': 'name',
  'PodSpec.ephemeralContainers': 'name',
  'PodSpec.volumes': 'name',
  'PodSpec.imagePullSecrets': 'name',
  'PodSpec.hostAliases': 'ip',
  'PodSpec.topologySpreadConstraints': 'topologyKey',
  'PodSpec.resourceClaims': 'name',
  'PodSpec.schedulingGates': 'name',
  'Container.ports': 'containerPort',
  'Container.env': 'name',
  'Container.volumeMounts': 'mountPath',
  'Container.volumeDevices': 'devicePath',
  'EphemeralContainer.ports': 'containerPort',
  'EphemeralContainer.env': 'name',
  'EphemeralContainer.volumeMounts': 'mountPath',
  'EphemeralContainer.volumeDevices': 'devicePath',
  'PodStatus.conditions': 'type',
  'PodStatus.podIPs': 'ip',
  'PodStatus.hostIPs': 'ip',
  'NodeSpec.podCIDRs': '',
  'NodeStatus.conditions': 'type',
  'NodeStatus.addresses': 'type',
  'NamespaceStatus.conditions': 'type',
  'ServiceSpec.ports': 'port',
  'ServiceStatus.conditions': 'type',
  'ServiceAccount.secrets': 'name',
  'PersistentVolumeClaimStatus.conditions': 'type',
  'ReplicationControllerStatus.conditions': 'type',
  'DeploymentStatus.conditions': 'type',
  'ReplicaSetStatus.conditions': 'type',
  'StatefulSetStatus.conditions': 'type',
  'DaemonSetStatus.conditions': 'type',
  'JobStatus.conditions': 'type',
  'PodDisruptionBudgetStatus.conditions': 'type',
  'HorizontalPodAutoscalerStatus.conditions': 'type',
};

const PLAIN: readonly string[] = ['string', 'integer', 'boolean', 'bytes', 'Time', 'IntOrString', 'any'];

let types: Map<string, string> | undefined;
const read = new Map<string, ObjectType>();

function lines(): Map<string, string> {
  types ??= new Map(
    [POD_TYPES, VOLUME_TYPES, CORE_TYPES, GROUP_TYPES].flatMap((table) =>
      table
        .trim()
        .split('\n')
        .map((line) => {
          const split = line.indexOf(' = ');
          return [line.slice(0, split), line.slice(split + 3)] as const;
        }),
    ),
  );
  return types;
}

/** The fields of a type; undefined when there is no such type. */
export function objectType(name: string): ObjectType | undefined {
  const known = read.get(name);
  if (known) return known;
  const line = lines().get(name);
  if (line === undefined) return undefined;
  const fields = new Map(
    line.split(' ').map((text) => [text.slice(0, text.search(/[!:]/)), readField(text)] as const),
  );
  read.set(name, fields);
  return fields;
}

function readField(text: string): FieldType {
  const match = /^([^!:]+)(!?):(?:map<(\w+)(\[\])?>|(\w+)(\[\])?)$/.exec(text);
  const [, name = '', required, mapped, ofLists, type = 'any', list] = match ?? [];
  const shape = mapped === undefined ? (list ? 'list' : 'one') : ofLists ? 'map-of-lists' : 'map';
  return { name, type: mapped ?? type, shape, required: required === '!' };
}

/** True for types that have no fields. */
export function isPlain(type: string): boolean {
  return PLAIN.includes(type);
}

/** The type of a kind: its name, but for the two kinds called Event. */
export function typeOfKind(group: string, kind: string): string {
  return TYPE_OF_KIND[`${group} ${kind}`] ?? kind;
}

/** The merge key of a field; undefined: the list is replaced as a whole. */
export function mergeKey(type: string, field: string): string | undefined {
  return MERGE_KEYS[`${type}.${field}`];
}

/**
 * The merge key of a list inside an object.
 * @param kind  of the object
 * @param path  field names from the object's root, list items left out: `['spec', 'containers', 'ports']`
 */
export function mergeKeyOf(kind: string, path: readonly string[]): string | undefined {
  let type = kind;
  for (const [index, name] of path.entries()) {
    if (index === path.length - 1) return mergeKey(type, name);
    const field = objectType(type)?.get(name);
    if (!field || field.shape === 'map' || isPlain(field.type)) return undefined;
    type = field.type;
  }
  return undefined;
}
