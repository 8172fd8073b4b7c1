import { stringify } from 'yaml';
import { jsonpath, show, valuesAt } from './jsonpath.ts';
import type { ApiObject } from './objects.ts';

/** `json` as kubectl prints it: keys in alphabetical order, four blanks. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(sortKeys(value), null, 4)}\n`;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  );
}

export function listOf(items: readonly ApiObject[]): object {
  return { apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } };
}

/** One object or a list in any output format but the tables. Undefined: not such a format. */
export function printObjects(
  value: object,
  items: readonly ApiObject[],
  output: string,
  plural: string,
): string | undefined {
  if (output === 'json') return toJson(value);
  if (output === 'yaml') return stringify(sortKeys(value), { indentSeq: false, lineWidth: 0 });
  if (output === 'name') return items.map((item) => `${plural}/${item.metadata.name}\n`).join('');
  if (output.startsWith('jsonpath=')) return jsonpath(output.slice('jsonpath='.length), value);
  if (output.startsWith('custom-columns=')) return customColumns(output.slice('custom-columns='.length), items);
  return undefined;
}

function customColumns(spec: string, items: readonly ApiObject[]): string {
  const columns = spec
    .split(',')
    .map((column) => ({ title: column.slice(0, column.indexOf(':')), path: column.slice(column.indexOf(':') + 1) }));
  const rows = items.map((item) =>
    columns.map(({ path }) => {
      const values = valuesAt(path, item).map(show);
      return values.join(',') || '<none>';
    }),
  );
  return table([columns.map(({ title }) => title), ...rows]);
}

/** Left-aligned columns, three blanks apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map(
      (row) =>
        `${row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd((widths[column] ?? 0) + 3))).join('')}\n`,
    )
    .join('');
}

/** `5m38s`, `9h`, `3d4h` as kubectl shows ages. */
export function age(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return `${minutes}m${seconds % 60 ? `${seconds % 60}s` : ''}`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}
