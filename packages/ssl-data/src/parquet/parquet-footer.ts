import { parquetMetadata, parquetSchema, type FileMetaData, type SchemaTree } from 'hyparquet';
import { DataError } from '@selfsup/ssl-core';
import { refuseStandIn, standInBytes } from '../io/stand-in.js';
import type { ByteReader } from '../webdataset/byte-reader.js';
import { checkThrift } from './read-thrift.js';

/** What a Parquet file says about itself. */
export interface ParquetFooter {
  readonly metadata: FileMetaData;
  readonly columns: readonly SchemaTree[];
  /** Where the footer begins and so the data ends. */
  readonly dataEnd: number;
  /** Features by column, as Hugging Face's datasets library notes them. */
  readonly features: Readonly<Record<string, { readonly _type?: unknown; readonly names?: unknown }>>;
}

/** Files with 100,000 row groups have such footers. */
const maxFooterBytes = 2 ** 26;
/** A column of a row group takes some thirty. */
const maxFooterValues = 2 ** 23;
const magic = 'PAR1';

/**
 * Reads the end of a file, no row.
 *
 * @throws DataError when it is no Parquet file or damaged
 */
export async function readFooter(file: ByteReader): Promise<ParquetFooter> {
  const { path, size: fileBytes } = file;
  const damaged = (what: string, cause?: unknown): DataError =>
    new DataError(`${what}; the file is damaged or cut short, fetch or write it anew`, {
      path,
      ...(cause === undefined ? {} : { cause }),
    });
  if (fileBytes < 12) throw damaged('is too short for a Parquet file');
  const tail = Buffer.from(await file.read(fileBytes - 8, 8));
  const mark = tail.toString('latin1', 4);
  if (mark === 'PARE') throw new DataError('is encrypted; write it anew without encryption', { path });
  refuseStandIn(await file.read(0, Math.min(fileBytes, standInBytes)), path);
  if (mark !== magic) throw damaged(`does not end in ${magic}`);
  const length = tail.readUInt32LE(0);
  const dataEnd = fileBytes - 8 - length;
  if (dataEnd < 4 || length > maxFooterBytes) throw damaged(`claims a footer of ${length} bytes`);
  const footer = Buffer.from(await file.read(dataEnd, length + 8));
  let metadata: FileMetaData;
  let columns: readonly SchemaTree[];
  try {
    // The library allocates what lengths claim; this refuses false ones, and too many values, before.
    checkThrift(footer.subarray(0, length), 0, maxFooterValues);
    metadata = parquetMetadata(footer, { geoparquet: false });
    columns = parquetSchema(metadata).children;
  } catch (cause) {
    throw damaged(`footer cannot be read (${(cause as Error).message})`, cause);
  }
  return { metadata, columns, dataEnd, features: featuresOf(metadata) };
}

function featuresOf({ key_value_metadata: pairs = [] }: FileMetaData): ParquetFooter['features'] {
  try {
    const text = pairs.find(({ key }) => key === 'huggingface')?.value ?? '{}';
    const { info } = JSON.parse(text) as { info?: { features?: unknown } };
    const features = info?.features;
    if (typeof features !== 'object' || features === null) return {};
    return Object.fromEntries(
      Object.entries(features).filter(([, value]) => typeof value === 'object' && value !== null),
    );
  } catch {
    // A note that nobody needs to read the rows.
    return {};
  }
}
