/**
 * Reads and decodes the JPEGs of WebDataset shards into batches of 64, by two workers: one epoch to warm up, one timed.
 * Draws the shards first where they are not there. Prints one JSON line; in place of losses, the mean level of the batches.
 *
 * usage: webdataset-decode.ts FOLDER [images]
 */
import { DataLoader, WebDataset } from '@selfsup/ssl-data';
import { photoShards } from '../photo-shards.js';

const [folder = 'photos', images = '2000'] = process.argv.slice(2);
await photoShards(folder, Number(images), 8);
const dataset = await WebDataset.open(folder);
const loader = new DataLoader({ dataset, batchSize: 64, dropLast: false, shuffle: false, workers: 2 });
let start = 0;
const losses: number[] = [];
for (const epoch of [0, 1]) {
  start = performance.now();
  let seen = 0;
  for await (const { images: batch, labels } of loader.epoch(epoch)) {
    seen += labels!.data.length;
    if (epoch === 0) losses.push(batch.data.reduce((sum, level) => sum + level, 0) / batch.data.length);
  }
  if (seen !== dataset.length) throw new Error(`${seen} of ${dataset.length} images came`);
}
const seconds = (performance.now() - start) / 1000;
await loader.close();
const peakMegabytes = process.resourceUsage().maxRSS / 1024;
process.stdout.write(
  `${JSON.stringify({ seconds, losses, images: dataset.length, peakMegabytes, version: `node ${process.version}` })}\n`,
);
