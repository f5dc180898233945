/**
 * Columns of tables, and the cells that many kinds share.
 */
import { ageOf } from './duration.ts';
import { isObject, type Json, type KubeObject, listAt, objectAt, textAt } from './object.ts';

/** One column: its header, how to compute a cell, and whether only `-o wide` shows it. */
export interface Column {
  readonly name: string;
  readonly cell: (object: KubeObject, now: Date) => Json;
  readonly wide?: boolean;
  readonly type?: 'string' | 'integer' | 'date';
  readonly format?: 'name';
}

/** `Name` and `Age`, which nearly every kind has. */
export const NAME: Column = { name: 'Name', format: 'name', cell: (object) => object.metadata.name ?? '' };
export const AGE: Column = {
  name: 'Age',
  cell: (object, now) => ageOf(object.metadata.creationTimestamp, now),
};

/** A column that shows the text at a path, or `otherwise`. */
export function textColumn(name: string, path: string, otherwise = ''): Column {
  const steps = path.split('.');
  return { name, cell: (object) => textAt(object, ...steps) || otherwise };
}

/** A column that shows the number at a path. */
export function numberColumn(name: string, path: string): Column {
  const steps = path.split('.');
  return { name, type: 'integer', cell: (object) => numberOr(object, steps) };
}

function numberOr(object: KubeObject, steps: readonly string[]): number {
  let here: Json | undefined = object;
  for (const step of steps) here = isObject(here) ? here[step] : undefined;
  return typeof here === 'number' ? here : 0;
}

/** The same column, for `-o wide` only. */
export function wide(column: Column): Column {
  return { ...column, wide: true };
}

/** `a=1,b=2`, or `<none>`. */
export function labelsText(labels: unknown): string {
  const pairs = isObject(labels) ? Object.entries(labels) : [];
  if (pairs.length === 0) return '<none>';
  return pairs
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');
}

/** A LabelSelector as text: `app=web,tier in (a,b)`. */
export function selectorText(selector: unknown): string {
  const equal = Object.entries(objectAt(selector, 'matchLabels')).map(([key, value]) => `${key}=${value}`);
  const others = listAt(selector, 'matchExpressions').map((one) => {
    const key = textAt(one, 'key');
    const values = listAt(one, 'values').join(',');
    switch (textAt(one, 'operator')) {
      case 'In':
        return `${key} in (${values})`;
      case 'NotIn':
        return `${key} notin (${values})`;
      case 'Exists':
        return key;
      default:
        return `!${key}`;
    }
  });
  const all = [...equal.sort(), ...others.sort()];
  return all.length === 0 ? '<none>' : all.join(',');
}

/** The three wide columns of everything that has a pod template. */
export function templateColumns(path: readonly string[] = ['spec', 'template', 'spec']): Column[] {
  const names = (key: string) => (object: KubeObject) =>
    listAt(object, ...path, 'containers')
      .map((one) => textAt(one, key))
      .join(',');
  return [
    { name: 'Containers', wide: true, cell: names('name') },
    { name: 'Images', wide: true, cell: names('image') },
  ];
}

/** The wide selector column of workloads. */
export const SELECTOR: Column = {
  name: 'Selector',
  wide: true,
  cell: (object) => selectorText(objectAt(object, 'spec', 'selector')),
};
