import { mkdir, mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DataError, SslError } from 'ssl-core';
import { sidecarPath } from '../webdataset/index-sidecar.js';
import { packWebDataset } from '../webdataset/pack-web-dataset.js';
import { parseShardPattern, type ShardPattern } from '../webdataset/shard-pattern.js';
import type { Packed, PackTarget } from './pack-target.js';

/**
 * Tar shards. They are written into a hidden folder beside their place and moved when the last one is whole, so that a
 * packing that was stopped leaves no part of a data set, and the shards that were to be replaced are still there.
 */
export const webDatasetTarget: PackTarget = {
  options: ['pattern', 'max-samples', 'max-bytes', 'format', 'quality'],
  async pack(dataset, out, { overwrite, pattern = '%06d.tar', ...packing }) {
    const names = parseShardPattern(pattern, 'ssl-data pack');
    let made: string | undefined;
    let stage: string | undefined;
    try {
      made = await mkdir(out, { recursive: true });
      const present = (await readdir(out)).filter(names.matches).length;
      if (present > 0 && !overwrite)
        throw new DataError(
          `holds ${present} shards of the pattern ${pattern} already; choose another folder, or give --overwrite`,
          { path: out },
        );
      stage = await mkdtemp(join(out, '.pack-'));
      const { shards, samples, bytes } = await packWebDataset(dataset, stage, { pattern, ...packing });
      return { samples, bytes, files: await moveShards(shards, out, names) } satisfies Packed;
    } catch (cause) {
      if (SslError.isInstance(cause)) throw cause;
      throw new DataError(`cannot be written: ${(cause as Error).message}; check free space and rights`, {
        path: out,
        cause,
      });
    } finally {
      if (stage !== undefined) await rm(stage, { recursive: true, force: true });
      // Goes only while it is empty, that is, where nothing was packed.
      if (made !== undefined) await rmdir(out).catch(() => {});
    }
  },
};

async function moveShards(shards: readonly string[], out: string, names: ShardPattern): Promise<string[]> {
  for (const name of (await readdir(out)).filter(names.matches)) {
    await rm(sidecarPath(join(out, name)), { force: true });
    await rm(join(out, name));
  }
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
