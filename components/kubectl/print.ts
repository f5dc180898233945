/**
 * kubectl's output formats: tables from the server's Table answers, yaml, json, names.
 */
import { stringify } from 'yaml';
import { alignTabs, TABLE_STOPS } from './tab-writer.ts';

/** A Table answer. Source: apimachinery pkg/apis/meta/v1/types.go. */
export interface Table {
  readonly kind: 'Table';
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly columnDefinitions?: readonly { readonly name: string; readonly priority?: number }[];
  readonly rows?: readonly {
    readonly cells: readonly unknown[];
    readonly object?: {
      readonly metadata?: {
        readonly name?: string;
        readonly namespace?: string;
        readonly labels?: Readonly<Record<string, string>>;
      };
    };
  }[];
}

/** How to print a table. */
export interface TableOptions {
  readonly wide: boolean;
  readonly namespaces: boolean;
  readonly labels: boolean;
  readonly headers: boolean;
  /** `deployment.apps/`, before each name, when several types are printed. */
  readonly prefix: string;
}

/** The lines of a table, aligned, with a line end behind each; empty when there are no rows. */
export function tableText(table: Table, options: TableOptions): string {
  const columns = (table.columnDefinitions ?? []).map((one, at) => ({ ...one, at }));
  const shown = columns.filter((one) => options.wide || (one.priority ?? 0) === 0);
  const head = [
    ...(options.namespaces ? ['NAMESPACE'] : []),
    ...shown.map((one) => one.name.toUpperCase()),
    ...(options.labels ? ['LABELS'] : []),
  ];
  const rows = (table.rows ?? []).map(({ cells, object }) => [
    ...(options.namespaces ? [object?.metadata?.namespace ?? ''] : []),
    ...shown.map((one) => (one.name === 'Name' ? options.prefix : '') + cellText(cells[one.at])),
    ...(options.labels ? [labelsText(object?.metadata?.labels)] : []),
  ]);
  if (rows.length === 0) return '';
  const lines = [...(options.headers ? [head] : []), ...rows].map((cells) => cells.join('\t'));
  return `${alignTabs(lines.join('\n'), TABLE_STOPS)}\n`;
}

/** YAML as sigs.k8s.io/yaml writes it: keys sorted, lists not indented. */
export function yamlText(value: unknown): string {
  return stringify(value, {
    sortMapEntries: true,
    indentSeq: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
    // Times and words such as `yes` are quoted: YAML 1.1 would read them as something else.
    compat: 'yaml-1.1',
  });
}

/** JSON as kubectl writes it: four blanks, keys sorted. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(sortKeys(value), null, 4)}\n`;
}

/** `a=b,c=d`, or `<none>`. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.length === 0 ? '<none>' : pairs.map(([key, value]) => `${key}=${value}`).join(',');
}

/**
 * A JSONPath of dots, indexes and `[*]`: `{.items[*].metadata.name}`. Several results are joined by blanks.
 * @see k8s.io/client-go util/jsonpath; filters and ranges are not supported
 */
export function jsonPathText(value: unknown, template: string): string {
  return template.replace(/\{([^}]*)\}/g, (_, path: string) => {
    if (/^"[^"]*"$/.test(path)) return path.slice(1, -1).replaceAll('\\n', '\n').replaceAll('\\t', '\t');
    let found: unknown[] = [value];
    for (const step of path.match(/\[[^\]]+\]|[^.[\]]+/g) ?? []) {
      const key = step.replace(/^\[['"]?|['"]?\]$/g, '');
      found = found.flatMap((one) => {
        if (typeof one !== 'object' || one === null || key === '$') return key === '$' ? [one] : [];
        if (key === '*') return Object.values(one);
        const next = Array.isArray(one) ? one.at(Number(key)) : (one as Record<string, unknown>)[key];
        return next === undefined ? [] : [next];
      });
    }
    return found.map((one) => (typeof one === 'object' ? JSON.stringify(one) : String(one))).join(' ');
  });
}

function cellText(cell: unknown): string {
  return cell === null || cell === undefined ? '<none>' : String(cell).replaceAll('\n', '\\n');
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, sortKeys(one)]));
}
