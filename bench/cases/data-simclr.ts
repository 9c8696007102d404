/**
 * Two SimCLR views of JPEGs from a folder in batches of 32 (uint8, channels last), by two workers, timed from the eighth
 * batch to the last. Draws the JPEGs first where they are not there. Prints one JSON line; `seconds` are those of 1,000
 * images; in place of losses, the mean levels of the first batches' first views.
 *
 * usage: data-simclr.ts FOLDER [size] [epochs] [images]
 */
import { cifarViews, DataLoader, ImageFolderDataset, simclrViews } from '@selfsup/ssl-data';
import { photoFolder } from '../photo-folder.js';

const [folder = 'photos', size = '224', epochs = '1', images = '640'] = process.argv.slice(2);
const warmBatches = 8;
await photoFolder(folder, Number(images));
const dataset = await ImageFolderDataset.open(folder);
const side = Number(size);
const views = side > 32 ? simclrViews({ size: side }) : cifarViews({ size: side });
const loader = new DataLoader({ dataset, views, batchSize: 32, seed: 0, workers: 2 });
let start = 0;
let [batches, timed] = [0, 0];
const losses: number[] = [];
for (let epoch = 0; epoch < Number(epochs); epoch++) {
  for await (const { views: pair } of loader.epoch(epoch)) {
    const { data, shape } = pair[0]!;
    if (batches < warmBatches) losses.push(data.reduce((sum, level) => sum + level, 0) / data.length);
    else timed += shape[0]!;
    if (++batches === warmBatches) start = performance.now();
  }
}
const imagesPerSecond = (1000 * timed) / (performance.now() - start);
await loader.close();
const peakMegabytes = process.resourceUsage().maxRSS / 1024;
const version = `node ${process.version}`;
process.stdout.write(
  `${JSON.stringify({ seconds: 1000 / imagesPerSecond, losses, images: timed, imagesPerSecond, peakMegabytes, version })}\n`,
);
