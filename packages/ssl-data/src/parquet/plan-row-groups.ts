import type { SchemaTree } from 'hyparquet';
import { DataError } from '@selfsup/ssl-core';
import type { ParquetFooter } from './parquet-footer.js';
import { locateChunk } from './locate-chunk.js';
import type { ColumnChunk } from './page-decoder.js';

/** Where the rows of one row group lie; plain data. */
export interface RowGroupPlan {
  /** Number of the file. */
  readonly file: number;
  readonly rows: number;
  readonly images: ColumnChunk;
  readonly labels: ColumnChunk | undefined;
}

/** The columns that were chosen. */
export interface ParquetColumns {
  readonly image: string;
  readonly label: string | undefined;
  /** Names of the classes where the file has them. */
  readonly classes: readonly string[];
  /** Whether labels are texts, which get numbers. */
  readonly texts: boolean;
}

/**
 * Chooses the columns with images and classes.
 *
 * @param image column; default: `image`, `img`, or the only one that has the form of images
 * @param label column, or `none`; default: `label`, or the only one with named classes
 * @throws DataError when there is no such column or it has another form
 */
export function chooseColumns(
  { columns, features }: ParquetFooter,
  path: string,
  image: string | undefined,
  label: string | undefined,
): ParquetColumns {
  const names = columns.map(({ element }) => element.name);
  const withBytes = columns.filter((column) => bytesLeaf(column) !== undefined).map(({ element }) => element.name);
  const chosen =
    image ??
    ['image', 'img'].find((name) => names.includes(name)) ??
    (withBytes.length === 1 ? withBytes[0]! : undefined);
  if (chosen === undefined || !names.includes(chosen))
    throw new DataError(
      `has no column ${chosen === undefined ? 'that is clearly the images' : `'${chosen}'`}; ${
        withBytes.length === 0
          ? `${names.length === 0 ? 'it has no columns' : `none holds image bytes (${names.slice(0, 50).join(', ')})`}; write the files' bytes into one`
          : `pass image: one of ${withBytes.slice(0, 50).join(', ')}`
      }`,
      { path },
    );
  if (!withBytes.includes(chosen))
    throw new DataError(
      `column '${chosen}' holds no image bytes (paths or URLs perhaps); write the files' bytes into it, ` +
        'with Hugging Face datasets by embed_external_files=True',
      { path },
    );
  const named = names.filter((name) => Array.isArray(features[name]?.names));
  const chosenLabel =
    label === 'none'
      ? undefined
      : (label ?? (names.includes('label') ? 'label' : named.length === 1 ? named[0] : undefined));
  if (chosenLabel === undefined) return { image: chosen, label: undefined, classes: [], texts: false };
  const usable = columns
    .filter(mayBeLabel)
    .map(({ element }) => element.name)
    .filter((name) => name !== chosen);
  if (!usable.includes(chosenLabel)) {
    const type = columns.find(({ element }) => element.name === chosenLabel)?.element.type;
    const is = names.includes(chosenLabel)
      ? `is ${type ?? 'a list or record'}, neither integers nor text`
      : 'is not there';
    const choice = usable.length === 0 ? '' : `one of ${usable.slice(0, 50).join(', ')}, or `;
    throw new DataError(`column '${chosenLabel}' ${is}; pass label: ${choice}'none'`, { path });
  }
  const { type } = columns.find(({ element }) => element.name === chosenLabel)!.element;
  return {
    image: chosen,
    label: chosenLabel,
    classes: classNames(features, chosenLabel),
    texts: type === 'BYTE_ARRAY',
  };
}

/** Names that the file has for a column of classes; empty without. */
export function classNames(features: ParquetFooter['features'], label: string): readonly string[] {
  const names = features[label]?.names;
  return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : [];
}

function mayBeLabel({ children, element }: SchemaTree): boolean {
  const type = element.type ?? '';
  return (
    ['INT32', 'INT64', 'BYTE_ARRAY'].includes(type) && children.length === 0 && element.repetition_type !== 'REPEATED'
  );
}

/**
 * Finds the columns' parts in every row group.
 *
 * @throws DataError for parts that do not lie in the file, or are larger than `maxRowGroupBytes`
 */
export function planRowGroups(
  footer: ParquetFooter,
  path: string,
  file: number,
  { image, label }: ParquetColumns,
  maxRowGroupBytes: number,
): RowGroupPlan[] {
  const leaf = (name: string): SchemaTree | undefined => footer.columns.find(({ element }) => element.name === name);
  const images = leaf(image);
  const imageLeaf = images && bytesLeaf(images);
  const labels = label === undefined ? undefined : leaf(label);
  if (images === undefined || imageLeaf === undefined || (label !== undefined && labels === undefined))
    throw new DataError(`lacks a column that the first file has ('${image}', '${label ?? ''}'); open it on its own`, {
      path,
    });
  const imageLevels = imageLeaf === images ? [images] : [images, imageLeaf];
  return footer.metadata.row_groups
    .map((group, number): RowGroupPlan => {
      const rows = Number(group.num_rows);
      const chunk = (schema: readonly SchemaTree[]): ColumnChunk => {
        const { bytesInAll, ...located } = locateChunk(footer, number, schema, path);
        if (located.bytes > maxRowGroupBytes || bytesInAll > maxRowGroupBytes)
          throw new DataError(
            `row group ${number}, column '${schema.at(-1)!.path.join('.')}' has ${bytesInAll} bytes, more than maxRowGroupBytes (${maxRowGroupBytes}); raise it, or write the file anew with row groups of 100 images`,
            { path },
          );
        return located;
      };
      if (!Number.isSafeInteger(rows) || rows < 0)
        throw new DataError(`row group ${number} claims ${group.num_rows} rows; the file is damaged`, { path });
      return { file, rows, images: chunk(imageLevels), labels: labels && chunk([labels]) };
    })
    .filter(({ rows }) => rows > 0);
}

/** The part of a column that holds image files: itself, or `bytes` of `{ bytes, path }`. */
function bytesLeaf(column: SchemaTree): SchemaTree | undefined {
  const leaf = column.children.length === 0 ? column : column.children.find(({ element }) => element.name === 'bytes');
  const isText = leaf?.element.converted_type === 'UTF8' || leaf?.element.logical_type?.type === 'STRING';
  const isList = [column, leaf].some((tree) => tree?.element.repetition_type === 'REPEATED');
  return leaf?.element.type === 'BYTE_ARRAY' && !isText && !isList && leaf.children.length === 0 ? leaf : undefined;
}
