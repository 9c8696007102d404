/**
 * What `nanWatch` costs: runs of ViT-Small on 64 pictures of 32 x 32 with and without it, in turn. Prints the median step of
 * each, in milliseconds, and the bytes of its two copies as one JSON line.
 *
 * usage: npx tsx --conditions=ssl-source bench/nan-watch.ts [rounds, default 2]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomKey, RandomStream } from '@selfsup/ssl-core';
import { DataLoader, ImageArrayDataset } from '@selfsup/ssl-data';
import { AdamW, nanWatch, Trainer, type TrainerObserver } from '@selfsup/ssl-train';
import { imagenetStatistics, SimClr, vitSmall } from '@selfsup/ssl-vision';
import { report } from './time-steps.js';

const [batch, side, steps] = [32, 32, 8];
const random = new RandomStream(randomKey(1));
const pixels = Uint8Array.from({ length: batch * side * side * 3 }, () => random.integer(256));
const folder = await mkdtemp(join(tmpdir(), 'nan-watch-'));

/** Milliseconds of the steps after the second, the observers' own included. */
async function run(
  observers: readonly TrainerObserver[],
): Promise<{ readonly times: number[]; readonly bytes: number }> {
  const dataset = new ImageArrayDataset({ data: pixels, shape: [batch, side, side, 3] });
  const loader = new DataLoader({ dataset, views: [(x) => x, (x) => x], batchSize: batch, workers: 0 });
  const backbone = vitSmall({ imageSize: side, patchSize: 4, key: randomKey(2) });
  const method = new SimClr({ backbone, key: randomKey(3), normalize: imagenetStatistics });
  const times: number[] = [];
  let since = 0;
  const clock: TrainerObserver = {
    onStep: ({ step }) => {
      const now = performance.now();
      if (step > 2) times.push(now - since);
      since = now;
    },
  };
  const optimizer = new AdamW([{ parameters: method.trainable() }]);
  const options = { method, loader, optimizer, schedule: 1e-4, steps, seed: 0, progress: 'silent' } as const;
  await new Trainer({ ...options, observers: [...observers, clock] }).fit();
  await loader.close();
  const bytes = Object.values(method.modules).reduce(
    (sum, module) => sum + 4 * [...module.stateDict().values()].reduce((all, { data }) => all + data.length, 0),
    0,
  );
  return { times, bytes };
}

try {
  const [alone, watched]: [number[], number[]] = [[], []];
  let copies = 0;
  for (let round = 0; round < Number(process.argv[2] ?? 2); round++) {
    alone.push(...(await run([])).times);
    const { times, bytes } = await run([nanWatch({ dir: folder })]);
    watched.push(...times);
    copies = 2 * bytes;
  }
  const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
  report({ alone: median(alone), watched: median(watched), ratio: median(watched) / median(alone), copies });
} finally {
  await rm(folder, { recursive: true, force: true });
}
