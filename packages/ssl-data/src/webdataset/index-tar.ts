import { checkCount, checkOptions, DataError, type OptionNames } from '@selfsup/ssl-core';
import { refuseStandIn, standInBytes } from '../io/stand-in.js';
import { classRecordName, maxClassRecordBytes, parseClassRecord } from './class-record.js';
import { FilePool } from './file-pool.js';
import { fileStatus } from './file-status.js';
import type { NameSplit } from './member-name.js';
import { scanTar, type TarMember } from './scan-tar.js';
import { type ShardIndex, ShardIndexBuilder } from './shard-index.js';

export interface IndexTarOptions {
  /** Largest number of headers. Default 33,554,432. */
  readonly maxEntries?: number;
  /** Where names are split into key and extension. Default `first-dot`. */
  readonly splitAt?: NameSplit;
}

const indexTarOptionNames: OptionNames<IndexTarOptions> = {
  maxEntries: 'optionalNumber',
  splitAt: 'optional',
};

export const defaultMaxEntries = 2 ** 25;

/**
 * Finds the samples of a local shard from its tar headers; data are not read but for the
 * names of the classes that `WebDatasetWriter` keeps.
 *
 * Neighbouring files with the same key make a sample; see `splitMemberName` for the rule.
 *
 * @param path an uncompressed tar archive
 * @returns keys, extensions, offsets and sizes, column by column
 * @throws DataError for a file that is missing, no tar archive, compressed, damaged or truncated, with the offset
 */
export async function indexTar(path: string, options: IndexTarOptions = {}): Promise<ShardIndex> {
  checkOptions('indexTar', options, indexTarOptionNames);
  const { maxEntries = defaultMaxEntries, splitAt = 'first-dot' } = options;
  checkCount('indexTar', { maxEntries });
  return scanShard(path, path, { maxEntries, splitAt });
}

/** First bytes of what people compress archives by, and what unpacks it. */
const compressions: readonly (readonly [first: string, name: string, program: string])[] = [
  ['\x1f\x8b', 'gzip', 'gunzip'],
  ['\x28\xb5\x2f\xfd', 'Zstandard', 'unzstd'],
  ['BZh', 'bzip2', 'bunzip2'],
  ['\xfd7zXZ', 'xz', 'unxz'],
];

/** {@link indexTar} of an archive that messages call by another name. */
export async function scanShard(
  path: string,
  name: string,
  { maxEntries, splitAt }: Required<IndexTarOptions>,
): Promise<ShardIndex> {
  const { size } = await fileStatus(path);
  const files = new FilePool();
  try {
    const read = (offset: number, length: number): Promise<Uint8Array> => files.read(path, size, offset, length);
    const head = await read(0, Math.min(size, standInBytes));
    refuseStandIn(head, name);
    const start = Buffer.from(head).toString('latin1');
    if (start.length === 0) throw new DataError('is empty; fetch it again', { path: name, offset: 0 });
    const compressed = compressions.find(([first]) => start.startsWith(first));
    if (compressed !== undefined)
      throw new DataError(
        `is compressed by ${compressed[1]}, which cannot be read at random; unpack it: ${compressed[2]} <file>`,
        { path: name, offset: 0 },
      );
    const builder = new ShardIndexBuilder(name, splitAt);
    const records: TarMember[] = [];
    await scanTar(
      { path: name, size, read },
      maxEntries,
      (member) => {
        const isRecord = member.name === classRecordName && member.size <= maxClassRecordBytes;
        // One is enough, and a hostile archive may have millions.
        if (isRecord && records.length === 0) records.push(member);
        else builder.add(member);
      },
      (member) => builder.passOver(member),
    );
    for (const record of records) {
      const classes = parseClassRecord(await read(record.offset, record.size));
      if (classes === undefined) builder.add(record);
      else builder.name(classes);
    }
    return builder.finish(size);
  } finally {
    await files.close();
  }
}
