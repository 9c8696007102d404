import { isUtf8 } from 'node:buffer';
import type { SchemaTree } from 'hyparquet';
import { DataError } from '@selfsup/ssl-core';
import { invalidUtf8At } from '../io/invalid-utf8.js';
import { lineText } from '../io/parse-json-line.js';
import { type LinePlace, rowError } from '../io/read-lines.js';
import type { ByteReader } from '../webdataset/byte-reader.js';
import { columnPages } from './column-pages.js';
import { locateChunk } from './locate-chunk.js';
import { type ParquetFooter, readFooter } from './parquet-footer.js';

/** How a column of texts is read. */
export interface TextColumnOptions {
  /** Name of the column. */
  readonly field: string;
  /** Longest page, bytes. */
  readonly maxPageBytes: number;
  /** Most bytes of texts; a row counts as one at least. */
  readonly maxBytes: number;
}

/** Kinds of byte arrays that are texts; those without a kind are, if their bytes are. */
const textKinds = [undefined, 'UTF8', 'STRING', 'ENUM', 'JSON'];

/**
 * Reads a column of texts of a Parquet file, its row groups and pages one after the other. Nulls are passed over.
 *
 * @param onText gets each text and where it lies; `line` is the row, from 1 on
 * @throws DataError for a file that is damaged or has no such column of texts, a value that is not valid UTF-8, with its
 *   row, and what is beyond a limit; and what `onText` throws
 */
export async function readTextColumn(
  file: ByteReader,
  { field, maxPageBytes, maxBytes }: TextColumnOptions,
  onText: (text: string, place: LinePlace) => void,
): Promise<void> {
  const { path } = file;
  const footer = await readFooter(file);
  const column = textColumn(footer, field, path);
  let [row, bytes] = [0, 0];
  for (const [number, group] of footer.metadata.row_groups.entries()) {
    const rows = Number(group.num_rows);
    if (!Number.isSafeInteger(rows) || rows < 0)
      throw new DataError(`row group ${number} claims ${group.num_rows} rows; the file is damaged`, { path });
    if (rows === 0) continue;
    const { bytesInAll: _, ...chunk } = locateChunk(footer, number, [column], path);
    for await (const { values, offset } of columnPages(file, { group: number, rows, chunk }, maxPageBytes))
      for (const value of values) {
        const place = { path, line: ++row, offset };
        const length = value instanceof Uint8Array ? value.length : 0;
        bytes += Math.max(1, length);
        if (bytes > maxBytes) throw rowError(place, `is beyond ${maxBytes} bytes; raise maxBytes or split the file`);
        if (value instanceof Uint8Array) onText(textOf(value, place), place);
      }
  }
}

function textOf(value: Uint8Array, place: LinePlace): string {
  if (isUtf8(value)) return lineText(value);
  const at = invalidUtf8At(value);
  const byte = value[at]!.toString(16).padStart(2, '0');
  const advice = 'write the column as text, or choose another by field';
  throw rowError(place, `is not valid UTF-8: byte 0x${byte} at ${at} of its value; ${advice}`);
}

/** @throws DataError where there is no such column, or it holds no texts */
function textColumn({ columns }: ParquetFooter, field: string, path: string): SchemaTree {
  const found = columns.find(({ element }) => element.name === field);
  if (found !== undefined && isText(found)) return found;
  const names = columns.filter(isText).map(({ element }) => `'${element.name}'`);
  const others = columns.map((column) => `'${column.element.name}' (${kindOf(column)})`);
  const what = found === undefined ? `has no column '${field}'` : `column '${field}' is ${kindOf(found)}, no text`;
  const advice =
    names.length > 0
      ? `its columns of text are ${names.slice(0, 50).join(', ')}: pass field: one of them`
      : `none of its columns is text: ${others.slice(0, 50).join(', ') || 'there are none'}`;
  throw new DataError(`${what}; ${advice}`, { path });
}

function isText({ children, element }: SchemaTree): boolean {
  return (
    element.type === 'BYTE_ARRAY' &&
    children.length === 0 &&
    element.repetition_type !== 'REPEATED' &&
    textKinds.includes(element.converted_type) &&
    textKinds.includes(element.logical_type?.type)
  );
}

function kindOf({ children, element }: SchemaTree): string {
  if (children.length > 0 || element.repetition_type === 'REPEATED') return 'a list or record';
  return element.logical_type?.type ?? element.converted_type ?? element.type ?? 'of no type';
}
