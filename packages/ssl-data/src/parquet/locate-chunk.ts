import type { SchemaTree } from 'hyparquet';
import { DataError } from '@selfsup/ssl-core';
import type { ColumnChunk } from './page-decoder.js';
import type { ParquetFooter } from './parquet-footer.js';

/**
 * Finds a column's part in a row group.
 *
 * @param schema from the column to the leaf that holds the values
 * @returns with the bytes of its pages after decompression, as the file claims
 * @throws DataError for a part that does not lie in the file, or does not have a value for each row
 */
export function locateChunk(
  { metadata, dataEnd }: ParquetFooter,
  number: number,
  schema: readonly SchemaTree[],
  path: string,
): ColumnChunk & { readonly bytesInAll: number } {
  const group = metadata.row_groups[number]!;
  const leafPath = schema.at(-1)!.path.join('.');
  const column = group.columns.find(({ meta_data: meta }) => meta?.path_in_schema.join('.') === leafPath);
  const meta = column?.meta_data;
  const fail = (what: string): DataError =>
    new DataError(`row group ${number}, column '${leafPath}' ${what}`, { path });
  if (meta === undefined || column?.file_path || column?.crypto_metadata !== undefined)
    throw fail('is not in this file, or encrypted');
  const type = schema.at(-1)!.element.type ?? '';
  if (meta.type !== type) throw fail('has another type than the schema says; the file is damaged');
  // Some writers note 0 for no dictionary.
  const offset = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const bytes = Number(meta.total_compressed_size);
  if (!(offset >= 4 && bytes >= 0 && offset + bytes <= dataEnd))
    throw fail('lies outside the file; the file is damaged or cut short');
  if (Number(meta.num_values) !== Number(group.num_rows)) throw fail('has lists, or not a value for each row');
  const maxLevel = schema.filter(({ element }) => element.repetition_type === 'OPTIONAL').length;
  return { offset, bytes, codec: meta.codec, type, maxLevel, bytesInAll: Number(meta.total_uncompressed_size) };
}
