import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CheckpointError } from '@selfsup/ssl-core';
import { listCheckpoints, readCheckpoint } from '@selfsup/ssl-train';
import { mutateBytes } from '../../fuzz/mutate-bytes.js';
import { flipBit } from '../flip-bit.js';
import type { PlayCase } from '../kind.js';
import { outcomeOf, settle } from '../settled.js';
import { trainSmall } from '../small-training.js';

/** What a checkpoint holds, but for its place. */
async function contentsOf(path: string): Promise<unknown> {
  const { record, tensors } = await readCheckpoint(path);
  return { record, tensors };
}

/** Reads damaged checkpoints. */
export async function readCheckpoints(folder: string, how: 'bit' | 'mutation'): Promise<PlayCase> {
  const dir = join(folder, 'checkpoints');
  await trainSmall({ checkpoint: { dir, everySteps: 5 } });
  const [older, newest] = (await listCheckpoints(dir)).slice(-2).map(({ path }) => path);
  const [donor, seed] = await Promise.all([readFile(older!), readFile(newest!)]);
  const good = await settle(() => contentsOf(newest!));
  if ('refused' in good) throw good.refused;
  const path = join(dir, basename(newest!));
  return async (random, _, describe) => {
    if (how === 'bit') {
      const { bytes, what } = flipBit(seed, random);
      describe(what);
      await writeFile(path, bytes);
    } else {
      const { bytes, steps } = mutateBytes(seed, donor, random, Number(seed.readBigUInt64LE(0)) + 8);
      describe(steps.join('; '));
      await writeFile(path, bytes);
    }
    return outcomeOf(() => contentsOf(path), good.digest, true);
  };
}

/** Resumes trainings whose newest checkpoint is damaged. */
export async function resumeDamaged(folder: string): Promise<PlayCase> {
  const weights = join(folder, 'whole.safetensors');
  await trainSmall({ checkpoint: { dir: join(folder, 'whole') }, weights });
  const whole = await readFile(weights);
  const stopped = join(folder, 'stopped');
  await trainSmall({ checkpoint: { dir: stopped, everySteps: 4 }, stopAt: 13 });
  return async (random, _, describe) => {
    const base = await mkdtemp(join(folder, 'damaged-'));
    const dir = join(base, 'checkpoints');
    await cp(stopped, dir, { recursive: true });
    const newest = (await listCheckpoints(dir)).at(-1)!.path;
    const seed = await readFile(newest);
    const damaged = random.bernoulli(0.5)
      ? flipBit(seed, random)
      : ((at: number) => ({ bytes: seed.subarray(0, at), what: `cut to ${at} bytes` }))(random.integer(seed.length));
    describe(damaged.what);
    await writeFile(newest, damaged.bytes);
    const resumed = join(base, 'weights.safetensors');
    const plain = await settle(() => trainSmall({ checkpoint: { dir, resume: true }, weights: resumed }));
    if ('digest' in plain) {
      if (!(await readFile(resumed)).equals(whole)) throw new RangeError('resumed without a word to other weights');
    } else if (!plain.refused.message.includes(basename(newest)) || !plain.refused.message.includes('latest-good'))
      throw new RangeError(`does not name the damaged file and the way out: ${plain.refused.message}`);
    const fresh = join(base, 'again');
    await cp(stopped, fresh, { recursive: true });
    await writeFile(join(fresh, basename(newest)), damaged.bytes);
    const good = await settle(() =>
      trainSmall({ checkpoint: { dir: fresh, resume: 'latest-good' }, weights: resumed }),
    );
    if ('refused' in good) throw new CheckpointError(`latest-good: ${good.refused.message}`);
    if (!(await readFile(resumed)).equals(whole)) throw new RangeError('latest-good ends with other weights');
    return 'refused' in plain ? 'refused' : 'same';
  };
}
