import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DataError, SslError } from 'ssl-core';
import { clearLeftovers, describeFileError, FolderLock } from 'ssl-core/files';
import { sidecarPath } from '../webdataset/index-sidecar.js';
import { ownShards, removeShards } from '../webdataset/own-shards.js';
import { packWebDataset } from '../webdataset/pack-web-dataset.js';
import { parseShardPattern } from '../webdataset/shard-pattern.js';
import type { Packed, PackTarget } from './pack-target.js';

/** The hidden folder that packings write into, one at a time: the lock is in it. */
const stageName = '.pack-ssl-data';

/**
 * Tar shards. They are written into a hidden folder beside their place and moved when the last one is whole, so that a
 * packing that was stopped leaves no part of a data set, and the shards that were to be replaced are still there. One
 * packing at a time writes to a folder, and clears what a killed one left.
 */
export const webDatasetTarget: PackTarget = {
  options: ['pattern', 'max-samples', 'max-bytes', 'format', 'quality'],
  async pack(dataset, out, { overwrite, pattern = '%06d.tar', ...packing }) {
    const names = parseShardPattern(pattern, 'ssl-data pack');
    const replacing = { pattern, overwrite, advice: 'give --overwrite' };
    let made: string | undefined;
    const stage = join(out, stageName);
    let lock: FolderLock | undefined;
    try {
      made = await mkdir(out, { recursive: true });
      await ownShards(out, names, replacing);
      await mkdir(stage, { recursive: true });
      lock = await FolderLock.acquire(stage, { purpose: 'ssl-data pack' });
      await clearLeftovers(out);
      await clearStage(stage);
      const { shards, samples, bytes } = await packWebDataset(dataset, stage, { pattern, ...packing });
      await removeShards(out, await ownShards(out, names, replacing));
      return { samples, bytes, files: await moveShards(shards, out) } satisfies Packed;
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

/** Removes what a packing leaves in its hidden folder, the caller's own or a killed one's. */
async function clearStage(stage: string): Promise<void> {
  await clearLeftovers(stage, { locked: true });
  const own = /\.tar(?:\.index\.json|\.ssl-lock)?$/;
  for (const name of await readdir(stage)) if (own.test(name)) await rm(join(stage, name));
}

async function moveShards(shards: readonly string[], out: string): Promise<string[]> {
  const moved: string[] = [];
  for (const shard of shards) {
    const path = join(out, basename(shard));
    await rename(shard, path);
    await rename(sidecarPath(shard), sidecarPath(path)).catch((error: NodeJS.ErrnoException) => {
      // Very large shards have none.
      if (error.code !== 'ENOENT') throw error;
    });
    moved.push(path);
  }
  return moved;
}
