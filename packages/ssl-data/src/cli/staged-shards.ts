import { lstat, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { clearLeftovers, writeWhole } from '@selfsup/ssl-core/files';
import { sidecarPath } from '../webdataset/index-sidecar.js';
import { removeShards } from '../webdataset/own-shards.js';

/** Says, in the folder of finished shards, what remains to be done: from then on nothing is packed again. */
const planName = 'moving.json';

interface ReplacedShard {
  readonly name: string;
  readonly bytes: number;
  /** Time of the last change, ms. */
  readonly modified: number;
}

interface Plan {
  /** Shards that go from the target's folder, as they were when that was decided: others of their names stay. */
  readonly replaced: readonly ReplacedShard[];
  /** Shards that come into it. */
  readonly shards: readonly string[];
}

/**
 * Moves finished shards from their stage into a folder, in place of others. A kill in the middle loses nothing:
 * {@link finishPlacing} goes on.
 *
 * @param shards paths in the stage
 * @param replaced names in the folder
 * @returns paths in the folder
 */
export async function placeShards(
  stage: string,
  out: string,
  shards: readonly string[],
  replaced: readonly string[],
): Promise<string[]> {
  const seen = await Promise.all(replaced.map((name) => describe(out, name)));
  const plan: Plan = { replaced: seen, shards: shards.map((shard) => basename(shard)) };
  await writeWhole(join(stage, planName), JSON.stringify(plan));
  await finishPlacing(stage, out);
  return plan.shards.map((name) => join(out, name));
}

/**
 * Ends what a killed {@link placeShards} has begun; does nothing where none has. Somebody may have put files into the folder
 * since: none of those is removed or written over.
 *
 * @throws DataError where such a file has the name of a shard that is to be moved; nothing is changed then
 */
export async function finishPlacing(stage: string, out: string): Promise<void> {
  const plan = await readPlan(join(stage, planName));
  if (plan === undefined) return;
  const moved = new Set<string>();
  for (const name of plan.shards) if (!(await exists(join(stage, name)))) moved.add(name);
  const same: string[] = [];
  for (const shard of plan.replaced) {
    if (moved.has(shard.name) || !(await exists(join(out, shard.name)))) continue;
    const { bytes, modified } = await describe(out, shard.name);
    if (bytes === shard.bytes && modified === shard.modified) same.push(shard.name);
  }
  for (const name of plan.shards)
    if (!moved.has(name) && !same.includes(name) && (await exists(join(out, name))))
      throw new DataError(
        'has the name of a shard that a packing which was stopped has still to move here, and is not replaced; move it away, and pack again',
        { path: join(out, name) },
      );
  await removeShards(out, same);
  for (const name of plan.shards) {
    if (!moved.has(name)) await rename(join(stage, name), join(out, name));
    await rename(sidecarPath(join(stage, name)), sidecarPath(join(out, name))).catch((error: NodeJS.ErrnoException) => {
      // Very large shards have none, and those of moved shards may have come with them.
      if (error.code !== 'ENOENT') throw error;
    });
  }
  await rm(join(stage, planName));
}

/** Removes what a packing leaves in its stage, but nothing of shards that are being placed. */
export async function clearStage(stage: string): Promise<void> {
  await clearLeftovers(stage, { locked: true });
  if (await exists(join(stage, planName))) return;
  const own = /\.tar(?:\.index\.json|\.ssl-lock)?$|\.ssl-lock(?:\.takeover)+$/;
  for (const name of await readdir(stage)) if (own.test(name)) await rm(join(stage, name));
}

async function readPlan(path: string): Promise<Plan | undefined> {
  if (!(await exists(path))) return undefined;
  const { replaced, shards } = JSON.parse(await readFile(path, 'utf8')) as Plan;
  const isName = (name: unknown): boolean => typeof name === 'string' && /^[^/\\]+\.tar$/.test(name);
  return [...replaced.map(({ name }) => name), ...shards].every(isName) ? { replaced, shards } : undefined;
}

async function describe(folder: string, name: string): Promise<ReplacedShard> {
  const { size, mtimeMs } = await lstat(join(folder, name));
  return { name, bytes: size, modified: mtimeMs };
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
