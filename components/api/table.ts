/**
 * Objects as meta.k8s.io Tables: what `kubectl get` prints.
 *
 * The columns of each kind are in `printers.ts`; priority 1 shows with `-o wide` only.
 *
 * @see apiserver pkg/registry/rest/table.go, k8s.io/kubernetes pkg/printers/internalversion/printers.go
 */
import { type Column, NAME } from './columns.ts';
import type { KubeObject } from './object.ts';
import { PRINTERS } from './printers.ts';
import type { Resource } from './resources.ts';

const PLAIN: readonly Column[] = [
  NAME,
  { name: 'Created At', type: 'date', cell: (object) => object.metadata.creationTimestamp ?? '' },
];

/**
 * Build a Table.
 * @param metadata  of the list or object: resourceVersion, continue
 * @param include   `None`, `Metadata` or `Object`: what each row carries of its object
 */
export function tableOf(
  resource: Resource,
  objects: readonly KubeObject[],
  metadata: Readonly<Record<string, unknown>>,
  now: Date,
  include: string,
): unknown {
  const columns = PRINTERS[`${resource.kind}.${resource.group}`] ?? PRINTERS[resource.kind] ?? PLAIN;
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map(({ name, type = 'string', format = '', wide }) => ({
      name,
      type,
      format,
      description: '',
      priority: wide ? 1 : 0,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, now)),
      ...(include === 'None' ? {} : { object: include === 'Object' ? object : partial(object) }),
    })),
  };
}

function partial(object: KubeObject): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
