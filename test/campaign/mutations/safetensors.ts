import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ndArray } from '@selfsup/ssl-core';
import { loadSafetensors, saveSafetensors } from '@selfsup/ssl-nn';
import { mutateBytes } from '../../fuzz/mutate-bytes.js';
import type { PlayCase } from '../kind.js';
import { outcomeOf, settle } from '../settled.js';

const goldens = join(import.meta.dirname, '../../golden');
const files = ['nn/element-types', 'nn/small-net', 'text/bert-classifier-head'];

/** Reads mutated safetensors, of this repository and of the reference library. */
export async function readSafetensors(folder: string): Promise<PlayCase> {
  const own = join(folder, 'own.safetensors');
  const state = new Map([
    ['a.weight', ndArray(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3])],
    ['a.bias', ndArray(Float32Array.of(0.5), [1])],
  ]);
  await saveSafetensors(own, state, { note: 'by @selfsup/ssl-nn' });
  const seeds = await Promise.all(
    [...files.map((name) => join(goldens, `${name}.safetensors`)), own].map(async (path) => {
      const good = await settle(() => loadSafetensors(path));
      return { bytes: await readFile(path), digest: 'digest' in good ? good.digest : 'refused' };
    }),
  );
  const path = join(folder, 'mutant.safetensors');
  return async (random, _, describe) => {
    const [seed, donor] = [seeds[random.integer(seeds.length)]!, seeds[random.integer(seeds.length)]!];
    const headerBytes = Math.min(seed.bytes.length, Number(seed.bytes.readBigUInt64LE(0)) + 8);
    const { bytes, steps } = mutateBytes(seed.bytes, donor.bytes, random, headerBytes);
    describe(steps.join('; '));
    await writeFile(path, bytes);
    return outcomeOf(() => loadSafetensors(path), seed.digest, false);
  };
}
