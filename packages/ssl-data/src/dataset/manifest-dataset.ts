import { dirname, resolve } from 'node:path';
import { checkPath } from '@selfsup/ssl-core/files';
import { checkOptions, DataError, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';
import type { ImageDecoding } from '../image/decode-image.js';
import { parseJsonLine } from '../io/parse-json-line.js';
import { readCsv } from '../io/read-csv.js';
import { classOptionNames, type ClassOptions, readClassList } from './class-list.js';
import { type LineOptions, type LinePlace, lineError, readLines } from '../io/read-lines.js';
import { ImageFilesDataset } from './image-files-dataset.js';
import { LabelColumn, type LabelKind } from './label-column.js';
import { pathWithin } from './path-within.js';
import type { StringTable } from './string-table.js';
import { StringTableBuilder } from './string-table-builder.js';
import { tableDelimiter } from './table-delimiter.js';
import { type TableColumns, tableColumns } from './table-columns.js';
import { imageDecodingOptionNames } from '../image/image-decoding.js';

export type ManifestFormat = 'csv' | 'tsv' | 'jsonl';

export interface ManifestOptions extends ImageDecoding, ClassOptions {
  /** Folder that paths are relative to and that no path leads out of. Default: the manifest's folder. */
  readonly root?: string;
  /** Default: by the extension (.csv, .tsv, .tab, .jsonl, .ndjson), before .gz, .zst or .zstd. */
  readonly format?: ManifestFormat;
  /**
   * Character between columns. Default: the format's; where the header has none of those, the one of comma, semicolon,
   * tab and bar that it has.
   */
  readonly delimiter?: string;
  /**
   * Column of the images' paths. Default: the one named image, path, file, filename, file_name, filepath, file_path or
   * image_path, in any case.
   */
  readonly imageColumn?: string;
  /** Column of the labels; false = none. Default: the one named label, class, target or category, if there is one. */
  readonly labelColumn?: string | false;
  /**
   * `integers`: labels are classes as they are. `names`: classes are numbered in the order of the sorted names, also when
   * they look like numbers. Default: as the first label is, and then a label of the other kind is an error.
   */
  readonly labels?: LabelKind;
  /** Encoding of the manifest, by a name that TextDecoder knows, such as `utf-16le` or `windows-1252`. Default `utf-8`. */
  readonly encoding?: string;
  /** Longest row, bytes. Default 64 KiB. */
  readonly maxLineBytes?: number;
  /** Most rows. Default 100,000,000. */
  readonly maxRows?: number;
  /** Largest manifest, bytes after decompression. Default 2 GiB. */
  readonly maxBytes?: number;
}

const manifestOptionNames: OptionNames<ManifestOptions> = {
  ...imageDecodingOptionNames,
  ...classOptionNames,
  root: 'optional',
  format: 'optional',
  delimiter: 'optional',
  imageColumn: 'optional',
  labelColumn: 'optional',
  labels: 'optional',
  encoding: 'optional',
  maxLineBytes: 'optionalNumber',
  maxRows: 'optionalNumber',
  maxBytes: 'optionalNumber',
};

/**
 * Images that a table lists: CSV or TSV with a header, or JSONL; plain, gzip or Zstandard. Samples come in the order of
 * the rows. A row without label has the label -1. Image files are opened when asked for; a missing one is an error then.
 */
export class ManifestDataset extends ImageFilesDataset {
  /** Names of the classes, in the order of their numbers; empty without labels and when labels are integers. */
  readonly classes: readonly string[];

  private constructor(
    root: string,
    paths: StringTable,
    labels: Int32Array | undefined,
    classes: readonly string[],
    decoding: ImageDecoding,
  ) {
    super(root, paths, labels, decoding, true);
    this.classes = classes;
  }

  /**
   * @param path the manifest
   * @throws DataError, with the line, when the manifest is missing, damaged, beyond a limit or empty, has no fitting
   *   columns, mixes integers and names as labels, has a label that is not in `classes`, or names a file outside `root`; InvalidOptionError
   */
  static async open(path: string, options: ManifestOptions = {}): Promise<ManifestDataset> {
    checkOptions('ManifestDataset.open', options, manifestOptionNames);
    checkPath('ManifestDataset.open', 'path', path);
    const {
      root: folder,
      format = formatOf(path),
      delimiter,
      imageColumn,
      labelColumn,
      labels: kind,
      classes: list,
      allowEmpty,
      ...more
    } = options;
    const { maxLineBytes = 2 ** 16, maxRows = 1e8, maxBytes = 2 ** 31, encoding = 'utf-8', ...decoding } = more;
    if (delimiter !== undefined && (delimiter.length !== 1 || /["\r\n]/.test(delimiter) || format === 'jsonl'))
      throw new InvalidOptionError('ManifestDataset.open', 'delimiter', 'one character, in CSV or TSV', delimiter);
    const root = resolve(folder ?? dirname(path));
    const limits = { encoding, maxLineBytes, maxBytes, where: 'ManifestDataset.open' };
    const paths = new StringTableBuilder();
    const labels = new LabelColumn({ kind, given: await readClassList('ManifestDataset.open', list), allowEmpty });
    const add = (image: string, label: string | undefined, place: LinePlace): void => {
      if (paths.length === maxRows)
        throw lineError(place, `is row ${maxRows + 1}, the limit is ${maxRows}; raise maxRows`);
      paths.add(pathWithin(root, image, place));
      labels.add(label, (problem) => lineError(place, problem));
    };
    const columnsOf = (names: readonly string[]): TableColumns => tableColumns(path, names, imageColumn, labelColumn);
    if (format === 'jsonl') await readJsonRows(path, limits, columnsOf, add);
    else {
      const between = delimiter ?? (await tableDelimiter(path, format === 'csv' ? ',' : '\t', maxLineBytes));
      await readCsvRows(path, between, limits, columnsOf, add);
    }
    if (paths.length === 0) throw new DataError('lists no images', { path });
    const found = labels.finish(path);
    return new ManifestDataset(root, paths.finish(), found.labels, found.classes, decoding);
  }
}

type AddRow = (image: string, label: string | undefined, place: LinePlace) => void;

async function readCsvRows(
  path: string,
  delimiter: string,
  limits: LineOptions,
  columnsOf: (names: readonly string[]) => TableColumns,
  add: AddRow,
): Promise<void> {
  let image = -1;
  let label = -1;
  await readCsv(path, delimiter, limits, (row, place) => {
    if (image < 0) {
      const columns = columnsOf(row);
      image = row.indexOf(columns.image);
      label = columns.label === undefined ? -1 : row.indexOf(columns.label);
      return;
    }
    add(row[image]!, label < 0 ? undefined : row[label], place);
  });
}

async function readJsonRows(
  path: string,
  limits: LineOptions,
  columnsOf: (names: readonly string[]) => TableColumns,
  add: AddRow,
): Promise<void> {
  let columns: TableColumns | undefined;
  await readLines(path, limits, (bytes, place) => {
    const record = parseJsonLine(bytes, place);
    columns ??= columnsOf([...record.keys()]);
    const image = record.get(columns.image);
    if (typeof image !== 'string') throw lineError(place, `has no string in '${columns.image}'`);
    add(
      image,
      columns.label === undefined ? undefined : labelText(record.get(columns.label), columns.label, place),
      place,
    );
  });
}

function labelText(value: unknown, name: string, place: LinePlace): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  throw lineError(place, `has neither an integer nor a name in '${name}'`);
}

function formatOf(path: string): ManifestFormat {
  const extension = /\.([^./\\]+)(?:\.(?:gz|zst|zstd))?$/i.exec(path)?.[1]?.toLowerCase();
  if (extension === 'csv') return 'csv';
  if (extension === 'tsv' || extension === 'tab') return 'tsv';
  if (extension === 'jsonl' || extension === 'ndjson') return 'jsonl';
  throw new InvalidOptionError(
    'ManifestDataset.open',
    'format',
    "'csv', 'tsv' or 'jsonl' where the name does not tell",
    path,
  );
}
