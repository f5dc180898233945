/**
 * Which lists are merged item by item, and by which key: strategic merge patch and server-side apply.
 *
 * `key: ''` is a list of plain values that is merged as a set. Lists that are not here are replaced whole.
 *
 * @see k8s.io/api types.go, tags patchStrategy and patchMergeKey (v1.33)
 */

/** Field name -> merge key, wherever the field has one meaning. */
const BY_FIELD: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  ephemeralContainers: 'name',
  env: 'name',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
  volumes: 'name',
  imagePullSecrets: 'name',
  hostAliases: 'ip',
  topologySpreadConstraints: 'topologyKey',
  resourceClaims: 'name',
  schedulingGates: 'name',
  conditions: 'type',
  podIPs: 'ip',
  hostIPs: 'ip',
  ownerReferences: 'uid',
  finalizers: '',
  taints: 'key',
  podCIDRs: '',
  secrets: 'name',
};

/** Where the same name means something else: `Kind` and the path's end. */
const BY_PLACE: Readonly<Record<string, string | null>> = {
  'Service spec.ports': 'port',
  'Node status.addresses': 'type',
  'Container ports': 'containerPort',
  'PersistentVolume spec.mountOptions': null,
  // Fields of these names that hold plain lists.
  'Pod spec.volumes.projected.sources.secret.items': null,
};

/**
 * The merge key of a list.
 * @param kind  of the object
 * @param path  field names from the object's root, list items left out: `['spec', 'containers', 'ports']`
 * @returns     undefined: the list is replaced as a whole
 */
export function mergeKeyOf(kind: string, path: readonly string[]): string | undefined {
  const place = BY_PLACE[`${kind} ${path.join('.')}`];
  if (place !== undefined) return place ?? undefined;
  const name = path.at(-1) ?? '';
  const parent = path.at(-2) ?? '';
  if (name === 'ports' && /ontainers$/.test(parent)) return 'containerPort';
  if (kind === 'CertificateSigningRequest' && name === 'conditions') return undefined;
  return BY_FIELD[name];
}
