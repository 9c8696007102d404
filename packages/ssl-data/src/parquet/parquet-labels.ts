import { DataError, noLabel } from '@selfsup/ssl-core';
import { LabelColumn } from '../dataset/label-column.js';
import { type NamedLabels, renumberLabels, type RenumberOptions } from '../dataset/renumber-labels.js';
import type { ParquetFooter } from './parquet-footer.js';
import type { ParquetSource } from './parquet-source.js';
import { classNames, type ParquetColumns } from './plan-row-groups.js';
import { RowGroupReader } from './row-group-reader.js';

/**
 * Adds what a further file says of the classes; one without names may stand beside one with them.
 *
 * @throws DataError for a file that has other names: its numbers mean other classes
 */
export function withNamesOf(columns: ParquetColumns, { features }: ParquetFooter, path: string): ParquetColumns {
  const { label, classes } = columns;
  const names = label === undefined ? [] : classNames(features, label);
  if (names.length === 0) return columns;
  if (classes.length === 0) return { ...columns, classes: names };
  if (names.length !== classes.length || names.some((name, number) => name !== classes[number]))
    throw new DataError(
      `names other classes in '${label}' than the files before: ${names.slice(0, 5).join(', ')}, there ${classes.slice(0, 5).join(', ')}; open it on its own, with classes: those of the others`,
      { path },
    );
  return columns;
}

/** A column of classes. */
interface LabelSource {
  readonly column: string;
  readonly texts: boolean;
  /** Names that the files have for its numbers. */
  readonly names: readonly string[];
}

/**
 * Reads all classes and numbers them as the caller's list does, texts without a list by their order.
 *
 * @throws DataError for a row without class, and for classes that do not fit the list
 */
export async function namedLabels(
  source: ParquetSource,
  { column, texts, names }: LabelSource,
  how: RenumberOptions,
): Promise<NamedLabels> {
  const reader = new RowGroupReader(source);
  try {
    if (texts) return await textLabels(reader, source, column, how);
    return renumberLabels(await readLabels(reader, source), names, how);
  } finally {
    await reader.close();
  }
}

/** All classes that are integers, `[rows]`, in shared memory. Throws DataError for a row without one. */
export async function readLabels(reader: RowGroupReader, { groups, files }: ParquetSource): Promise<Int32Array> {
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  const labels = new Int32Array(new SharedArrayBuffer(4 * rows));
  let next = 0;
  for (const [group, { file }] of groups.entries()) {
    const found = await reader.labels(group);
    for (let row = 0; row < found.length; row++) labels[next++] = labelIn(found, row, group, files[file]!.path);
  }
  return labels;
}

/** The class of a row. Throws DataError when it has none. */
export function labelIn(labels: readonly (number | undefined)[], row: number, group: number, path: string): number {
  const label = labels[row];
  if (label !== undefined && label >= noLabel) return label;
  throw new DataError(
    `row ${row} of row group ${group} has no class, an integer of at most 32 bits from 0 on (-1 = no label); repair it, or pass label: 'none'`,
    { path },
  );
}

async function textLabels(
  reader: RowGroupReader,
  { groups, files }: ParquetSource,
  column: string,
  how: RenumberOptions,
): Promise<NamedLabels> {
  const labels = new LabelColumn({ kind: 'names', given: how.given, allowEmpty: how.allowEmpty });
  for (let group = 0; group < groups.length; group++) {
    const { path } = files[groups[group]!.file]!;
    (await reader.texts(group)).forEach((text, row) => {
      const fail = (problem: string): DataError =>
        new DataError(`row ${row} of row group ${group} ${problem}`, { path });
      if (text === undefined || text.trim() === '')
        throw fail(`has no class in '${column}'; repair it, or pass label: 'none'`);
      labels.add(text, fail);
    });
  }
  const { labels: numbers, classes } = labels.finish(how.path);
  return { labels: numbers!, classes };
}
