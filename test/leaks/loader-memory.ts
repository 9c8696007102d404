/** Reads 20 epochs of JPEG files through a loader with workers, a damaged file among them; prints the memory as JSON. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { DataLoader, ImageFolderDataset, randomSampler, repeatedAugmentation, simclrViews } from '@selfsup/ssl-data';

const collect = (globalThis as { gc?: () => void }).gc!;
const [files, width, height] = [64, 250, 188];
const folder = await mkdtemp(join(tmpdir(), 'loader-memory-'));
for (let index = 0; index < files; index++) {
  const pixels = Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => Math.imul((i >> 6) + index, 0x9e3779b1) >>> 24,
  );
  const jpg = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg()
    .toBuffer();
  await writeFile(join(folder, `${index}.jpg`), index === 9 ? jpg.subarray(0, jpg.length / 2) : jpg);
}

/** Megabytes at the end of each epoch. */
const resident: number[] = [];
let [batches, megabytes] = [0, 0];
const dataset = await ImageFolderDataset.open(folder);
const loader = new DataLoader({
  dataset,
  views: simclrViews({ size: 112 }),
  sampler: repeatedAugmentation(randomSampler(files), 2, { samplesPerEpoch: 2 * files }),
  batchSize: 16,
  workers: 2,
  onError: 'skip',
  maxSkippedShare: 0.1,
});
for (let epoch = 0; epoch < 20; epoch++) {
  for await (const { views } of loader.epoch(epoch)) {
    batches++;
    for (const { data } of views) megabytes += data.byteLength / 2 ** 20;
  }
  // Twice, with a turn of the event loop between, for finalisers.
  for (let turn = 0; turn < 2; turn++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  resident.push(process.memoryUsage().rss / 2 ** 20);
}
const skipped = loader.skipped.size;
await loader.close();
await rm(folder, { recursive: true });
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
// The first epochs fill caches and the allocator's arenas.
const [early, late] = [mean(resident.slice(2, 7)), mean(resident.slice(15))];
process.stdout.write(JSON.stringify({ resident, early, late, growth: late / early - 1, batches, megabytes, skipped }));
