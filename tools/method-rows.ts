/** Fills the row of the table on each page of docs/methods from bench/results/methods.json: `npm run docs:methods`. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repositoryRoot } from './workspaces.js';

/** A run in the results; what a run does not have has no column. */
export interface MethodRow {
  readonly method: string;
  readonly [name: string]: unknown;
}

const pages = join(repositoryRoot, 'docs/methods');
const results = join(repositoryRoot, 'bench/results/methods.json');

const percent = (value: unknown): string | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? `${(100 * value).toFixed(1)} %` : undefined;

/** Mean and, of several, deviation of numbers under a name, in percent. */
function spread(values: readonly unknown[]): string | undefined {
  const numbers = values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
  if (numbers.length === 0) return undefined;
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  if (numbers.length === 1) return percent(mean);
  const squares = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return `${(100 * mean).toFixed(1)} ± ${(100 * Math.sqrt(squares / (numbers.length - 1))).toFixed(1)} %`;
}

/** Of encoders that nothing has trained: a list of runs, or one. */
const random = (rows: readonly MethodRow[], name: string): string | undefined =>
  spread([rows[0]?.['random']].flat().map((run) => (run as Record<string, unknown> | undefined)?.[name]));

const text = (rows: readonly MethodRow[], name: string): string | undefined => {
  const value = rows[0]?.[name];
  return typeof value === 'string' ? value : undefined;
};

/** Columns by title, of the runs that differ by their seeds alone. */
const columns: Readonly<Record<string, (rows: readonly MethodRow[]) => string | undefined>> = {
  method: (rows) => text(rows, 'method'),
  data: (rows) => text(rows, 'data'),
  encoder: (rows) => text(rows, 'encoder'),
  'pictures x epochs, batch': ([row]) =>
    row?.['images'] === undefined
      ? undefined
      : `${String(row['images'])} x ${String(row['epochs'])}, ${String(row['batchSize'])}`,
  kNN: (rows) => spread(rows.map(({ knn }) => knn)),
  'kNN, random encoder': (rows) => random(rows, 'knn'),
  probe: (rows) => spread(rows.map(({ probe }) => probe)),
  'probe, random encoder': (rows) => random(rows, 'probe'),
};

/** The rows of methods as a table, or the sentence that there are none. */
export function rowsOf(names: readonly string[], all: readonly MethodRow[]): string {
  const groups = new Map<string, MethodRow[]>();
  for (const row of all.filter(({ method }) => names.includes(method))) {
    const key = ['method', 'data', 'encoder', 'images', 'epochs', 'batchSize'].map((name) => String(row[name])).join();
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  if (groups.size === 0) return 'Not in [the table](../../bench/results/methods.md).';
  const cells = [...groups.values()].map((rows) => Object.values(columns).map((column) => column(rows)));
  const used = Object.keys(columns).filter((_, at) => cells.some((row) => row[at] !== undefined));
  const line = (values: readonly string[]): string => `| ${values.join(' | ')} |`;
  const table = cells.map((row) => line(used.map((title) => row[Object.keys(columns).indexOf(title)] ?? '')));
  return [
    'From [the table](../../bench/results/methods.md), which says how it was measured.',
    '',
    line(used),
    `|${used.map(() => '---').join('|')}|`,
    ...table,
  ].join('\n');
}

const region = /<!-- row: (?<names>[a-z0-9 -]+) -->\n[\s\S]*?<!-- \/row -->/;

/** A page with its rows. */
export const withRows = (page: string, all: readonly MethodRow[]): string =>
  page.replace(
    region,
    (_, names: string) => `<!-- row: ${names} -->\n\n${rowsOf(names.split(' '), all)}\n\n<!-- /row -->`,
  );

/** The results as they are stored. */
export const storedRows = (): readonly MethodRow[] => JSON.parse(readFileSync(results, 'utf8')) as MethodRow[];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of readdirSync(pages).filter((file) => file.endsWith('.md'))) {
    const path = join(pages, name);
    writeFileSync(path, withRows(readFileSync(path, 'utf8'), storedRows()));
  }
}
