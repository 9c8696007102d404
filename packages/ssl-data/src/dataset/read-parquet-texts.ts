import { DataError } from '@selfsup/ssl-core';
import type { LinePlace } from '../io/read-lines.js';
import { isUrl } from '../io/text-file.js';
import { readTextColumn, type TextColumnOptions } from '../parquet/read-text-column.js';
import { FilePool } from '../webdataset/file-pool.js';
import { fileStatus } from '../webdataset/file-status.js';
import { displayUrl } from '../webdataset/http-answer.js';
import { type HttpOptions, HttpSource } from '../webdataset/http-source.js';

/**
 * Reads the texts of a Parquet file on a disk or, part by part, on a server.
 *
 * @throws DataError, also for a server that gives no parts
 */
export async function readParquetTexts(
  location: string,
  options: TextColumnOptions,
  http: HttpOptions,
  onText: (text: string, place: LinePlace) => void,
): Promise<void> {
  if (!isUrl(location)) {
    const pool = new FilePool();
    try {
      const { size } = await fileStatus(location);
      await readTextColumn(pool.reader(location, size), options, onText);
    } finally {
      await pool.close();
    }
    return;
  }
  const source = new HttpSource(http);
  const path = displayUrl(location);
  const found = await source.probe(location);
  if (!found.ranges || found.size === undefined)
    throw new DataError(
      'lies on a server that gives no parts of files, and Parquet is read in parts; fetch it first, with downloadFile of @selfsup/ssl-data, and give its path',
      { path },
    );
  const read = (offset: number, length: number): Promise<Uint8Array> => source.range(found, offset, length);
  await readTextColumn({ path, size: found.size, read }, options, onText);
}
