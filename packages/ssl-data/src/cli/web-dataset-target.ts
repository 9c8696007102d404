import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, printable, SslError } from '@selfsup/ssl-core';
import { clearLeftovers, describeFileError, FolderLock } from '@selfsup/ssl-core/files';
import { ownShards } from '../webdataset/own-shards.js';
import { packWebDataset } from '../webdataset/pack-web-dataset.js';
import { parseShardPattern } from '../webdataset/shard-pattern.js';
import type { Packed, PackTarget } from './pack-target.js';
import { clearStage, finishPlacing, placeShards } from './staged-shards.js';

/** The hidden folder that packings write into, one at a time: the lock is in it. */
const stageName = '.pack-ssl-data';

/**
 * Tar shards. They are written into a hidden folder beside their place and moved when the last one is whole, so that a
 * packing that was stopped leaves no part of a data set, and the shards that were to be replaced are still there. One
 * packing at a time writes to a folder, and clears what a killed one left, or ends what it had finished but for the move.
 */
export const webDatasetTarget: PackTarget = {
  options: ['pattern', 'max-samples', 'max-bytes', 'format', 'quality'],
  async pack(dataset, out, { overwrite, onWait, pattern = '%06d.tar', ...packing }) {
    const names = parseShardPattern(pattern, 'ssl-data pack');
    const replacing = { pattern, overwrite, advice: 'give --overwrite' };
    let made: string | undefined;
    const stage = join(out, stageName);
    let lock: FolderLock | undefined;
    try {
      made = await mkdir(out, { recursive: true });
      lock = await lockStage(stage, () =>
        onWait?.(`Waiting up to 30 s to see whether another packing into ${printable(out)} is alive ...\n`),
      );
      await clearLeftovers(out);
      await finishPlacing(stage, out);
      await clearStage(stage);
      await ownShards(out, names, replacing);
      const { shards, samples, bytes } = await packWebDataset(dataset, stage, { pattern, ...packing });
      const replaced = await ownShards(out, names, replacing);
      return { samples, bytes, files: await placeShards(stage, out, shards, replaced) } satisfies Packed;
    } catch (cause) {
      if (SslError.isInstance(cause)) throw cause;
      throw new DataError(`cannot be written: ${describeFileError(cause)}`, { path: out, cause });
    } finally {
      if (lock !== undefined) await clearStage(stage);
      await lock?.release();
      // Folders go only while they are empty: the other one where nothing was packed.
      await rmdir(stage).catch(() => {});
      if (made !== undefined) await rmdir(out).catch(() => {});
    }
  },
};

/** Makes the stage and locks it, also where one that ends removes it meanwhile. */
async function lockStage(stage: string, onWait: () => void): Promise<FolderLock> {
  for (let attempt = 1; ; attempt++) {
    await mkdir(stage, { recursive: true });
    try {
      return await FolderLock.acquire(stage, { purpose: 'ssl-data pack', onWait });
    } catch (error) {
      const code = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code;
      if (code !== 'ENOENT' || attempt === 10) throw error;
    }
  }
}
