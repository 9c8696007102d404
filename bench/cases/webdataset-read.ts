/**
 * Reads the stored bytes of every sample of WebDataset shards, in order, in batches of 64, in one thread: one epoch to
 * warm up, one timed. Draws the shards first where they are not there. Prints one JSON line; in place of losses, the mean
 * number of bytes of the batches' images.
 *
 * usage: webdataset-read.ts FOLDER [images]
 */
import { WebDataset } from '@selfsup/ssl-data';
import { photoShards } from '../photo-shards.js';

const [folder = 'photos', images = '2000'] = process.argv.slice(2);
const batchSize = 64;
await photoShards(folder, Number(images), 8);
const dataset = await WebDataset.open(folder);
let start = 0;
const losses: number[] = [];
for (const epoch of [0, 1]) {
  start = performance.now();
  let seen = 0;
  for (let first = 0; first < dataset.length; first += batchSize) {
    const indices = Array.from({ length: Math.min(batchSize, dataset.length - first) }, (_, at) => first + at);
    const samples = await Promise.all(indices.map((index) => dataset.getRaw(index)));
    const bytes = samples.reduce((sum, { members }) => sum + members.get('jpg')!.length, 0);
    seen += samples.filter(({ members }) => members.has('cls')).length;
    if (epoch === 0) losses.push(bytes / samples.length);
  }
  if (seen !== dataset.length) throw new Error(`${seen} of ${dataset.length} images came`);
}
const seconds = (performance.now() - start) / 1000;
await dataset.close();
const peakMegabytes = process.resourceUsage().maxRSS / 1024;
process.stdout.write(
  `${JSON.stringify({ seconds, losses, images: dataset.length, peakMegabytes, version: `node ${process.version}` })}\n`,
);
