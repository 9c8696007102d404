/**
 * Pretrains SimCLR on MNIST as the demo's vision recipe does, without evaluations. Prints one JSON line.
 *
 * usage: simclr-mnist.ts IDX_FOLDER [images] [epochs]
 */
import { join } from 'node:path';
import { DataLoader, IdxImageDataset, smallImageViews, takeFirst } from '@selfsup/ssl-data';
import { foldIn, randomKey } from '@selfsup/ssl-tensor';
import { AdamW, decayEverything, oneCycle, Trainer } from '@selfsup/ssl-train';
import { mnistStatistics, ProjectionHead, SimClr, SmallConvEncoder } from '@selfsup/ssl-vision';

const [folder = '.', images = '20000', epochs = '5'] = process.argv.slice(2);
const key = randomKey(0);
const dataset = takeFirst(
  await IdxImageDataset.open({
    images: join(folder, 'train-images-idx3-ubyte'),
    labels: join(folder, 'train-labels-idx1-ubyte'),
  }),
  Number(images),
);
const loader = new DataLoader({
  dataset,
  views: smallImageViews(),
  batchSize: 256,
  shuffle: true,
  seed: 0,
  dropLast: true,
  workers: Number(process.env['WORKERS'] ?? 1),
});
const backbone = new SmallConvEncoder({ key });
const head = new ProjectionHead(backbone.featureDim, { key: foldIn(key, 'head') });
const method = new SimClr({ backbone, head, temperature: 0.2, normalize: mnistStatistics });
const totalSteps = Number(epochs) * loader.batchesPerEpoch;
const trainer = new Trainer({
  method,
  loader,
  optimizer: new AdamW([{ parameters: method.trainable() }], { weightDecay: 1e-4, decayFilter: decayEverything }),
  schedule: oneCycle({ max: 2e-3, totalSteps }),
  epochs: Number(epochs),
  seed: 0,
});
const start = performance.now();
const result = await trainer.fit();
const seconds = (performance.now() - start) / 1000;
await loader.close();
const peakMegabytes = process.resourceUsage().maxRSS / 1024;
process.stdout.write(
  `${JSON.stringify({ seconds, losses: result.history.map(({ loss }) => loss), peakMegabytes, version: `node ${process.version}` })}\n`,
);
