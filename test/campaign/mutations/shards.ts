import { readFile, rm, writeFile } from 'node:fs/promises';
import { packWebDataset, WebDataset } from '@selfsup/ssl-data';
import { mutateBytes } from '../../fuzz/mutate-bytes.js';
import { flipBit } from '../flip-bit.js';
import type { PlayCase } from '../kind.js';
import { outcomeOf, settle } from '../settled.js';

async function samplesOf(path: string): Promise<unknown> {
  const dataset = await WebDataset.open(path, {
    label: { extension: 'cls' },
    imageExtensions: ['png'],
    maxSampleBytes: 2 ** 20,
  });
  try {
    const samples: unknown[] = [];
    for (let sample = 0; sample < dataset.length; sample++) samples.push(await dataset.getRaw(sample));
    return { samples, labels: dataset.labels };
  } finally {
    await dataset.close();
  }
}

/** Opens a whole shard whose index is damaged. */
export async function readIndexes(folder: string): Promise<PlayCase> {
  const samples = Array.from({ length: 12 }, (_, index) => ({
    key: `${index % 2 === 0 ? 'ant' : 'bee'}/${index}`,
    members: { png: `picture ${index}`, cls: String(index % 3), txt: 'x'.repeat(index * 60) },
  }));
  const { shards } = await packWebDataset(samples, folder);
  const path = shards[0]!;
  const good = await settle(() => samplesOf(path));
  if ('refused' in good) throw good.refused;
  const sidecar = `${path}.index.json`;
  const seed = await readFile(sidecar);
  return async (random, _, describe) => {
    const mutant = random.bernoulli(0.5)
      ? flipBit(seed, random)
      : (({ bytes, steps }) => ({ bytes, what: steps.join('; ') }))(mutateBytes(seed, seed, random, seed.length));
    describe(mutant.what);
    await rm(sidecar, { force: true });
    await writeFile(sidecar, mutant.bytes);
    return outcomeOf(() => samplesOf(path), good.digest, true);
  };
}
