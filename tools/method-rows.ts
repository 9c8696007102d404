// Fills the row of the table on each page of docs/methods: `npm run docs:methods`, after `npm run bench:methods`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Figures, Row } from '../bench/methods/rows.js';
import { repositoryRoot } from './workspaces.js';

const pages = join(repositoryRoot, 'docs/methods');
const table = '[the table](../../bench/results/methods.md)';

/** Mean and, of several, deviation, in percent. */
function percent(values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return '';
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  if (known.length === 1) return (100 * mean).toFixed(1);
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return `${(100 * mean).toFixed(1)} ± ${(100 * Math.sqrt(squares / (known.length - 1))).toFixed(1)}`;
}

/** What a line is made of: runs that differ by their seeds alone, and those of others beside them. */
interface Runs {
  readonly ours: readonly Row[];
  readonly random: readonly Row[];
  readonly lightly: readonly Row[];
}

const of = (rows: readonly Row[], name: keyof Figures): string => percent(rows.map(({ figures }) => figures[name]));

const columns: Readonly<Record<string, (runs: Runs) => string>> = {
  method: ({ ours }) => `\`${ours[0]!.method}\``,
  data: ({ ours }) => ours[0]!.data,
  encoder: ({ ours }) => ours[0]!.encoder,
  'pictures x epochs, batch': ({ ours: [run] }) => `${run!.images} x ${run!.epochs}, ${run!.batchSize}`,
  kNN: ({ ours }) => of(ours, 'knn'),
  'kNN, random encoder': ({ random }) => of(random, 'knn'),
  'kNN, lightly': ({ lightly }) => of(lightly, 'knn'),
  'probe 10': ({ ours }) => of(ours, 'probe10'),
  '60': ({ ours }) => of(ours, 'probe60'),
  '600': ({ ours }) => of(ours, 'probe600'),
  found: ({ ours }) => of(ours, 'found'),
  seconds: ({ ours }) => ours.map(({ seconds }) => Math.round(seconds)).join('; '),
};

/** The rows of methods as a table, in percent, or the sentence that there are none. */
export function rowsOf(names: readonly string[], rows: readonly Partial<Row>[]): string {
  // Rows of an older form have no figures.
  const known = rows.filter((row): row is Row => row.side !== undefined && row.figures !== undefined);
  const groups = new Map<string, Row[]>();
  for (const row of known.filter(({ side, method }) => side === 'ours' && names.includes(method))) {
    const key = [row.method, row.data, row.encoder, row.images, row.epochs, row.batchSize].join();
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  if (groups.size === 0) return `Not in ${table}.`;
  const lines = [...groups.values()].map((ours) => {
    const [{ data, encoder, method, images, epochs }] = ours as [Row];
    const beside = known.filter((row) => row.data === data && row.encoder === encoder);
    const lightly = beside.filter(
      (row) => row.side === 'lightly' && row.method === method && row.images === images && row.epochs === epochs,
    );
    const runs = { ours, lightly, random: beside.filter(({ side }) => side === 'random') };
    return Object.values(columns).map((column) => column(runs));
  });
  const used = Object.keys(columns).map((_, at) => lines.some((line) => line[at] !== ''));
  const line = (cells: readonly string[]): string => `| ${cells.filter((_, at) => used[at]).join(' | ')} |`;
  return [
    `From ${table}, which says how it was measured; percent.`,
    '',
    line(Object.keys(columns)),
    line(Object.keys(columns).map(() => '---')).replaceAll(' ', ''),
    ...lines.map(line),
  ].join('\n');
}

const region = /<!-- row: (?<names>[a-z0-9 -]+) -->\n[\s\S]*?<!-- \/row -->/;

/** A page with its rows. */
export const withRows = (page: string, rows: readonly Partial<Row>[]): string =>
  page.replace(
    region,
    (_, names: string) => `<!-- row: ${names} -->\n\n${rowsOf(names.split(' '), rows)}\n\n<!-- /row -->`,
  );

/** The results as they are stored. */
export const storedRows = (): readonly Partial<Row>[] =>
  JSON.parse(readFileSync(join(repositoryRoot, 'bench/results/methods.json'), 'utf8')) as Partial<Row>[];

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const name of readdirSync(pages).filter((file) => file.endsWith('.md'))) {
    const path = join(pages, name);
    writeFileSync(path, withRows(readFileSync(path, 'utf8'), storedRows()));
  }
