/** Self-distillation and clustering over crops: DINO, SwAV and their kin, on coloured stripes. */
import { randomKey, RandomStream } from '@selfsup/ssl-core';
import type { BatchLoader } from '@selfsup/ssl-train';
import { DataLoader, dinoViews, ImageArrayDataset, swavViews } from '@selfsup/ssl-data';
import {
  Dino,
  DinoHead,
  type MultiViewBatch,
  SmallConvEncoder,
  Swav,
  SwavHead,
  VisionTransformer,
} from '@selfsup/ssl-vision';
import type { Entry } from './entry.js';

const side = 12;
const normalize = { mean: 0.5, std: 0.28 };

/** Stripes across or along each image, of a width, a colour and a phase of its own. */
function stripes(count: number): ImageArrayDataset {
  const random = new RandomStream(randomKey(1));
  const data = new Uint8Array(count * side * side * 3);
  for (let image = 0; image < count; image++) {
    const phase = random.uniform(0, 2 * Math.PI);
    const pace = random.uniform(0.5, 1.5);
    const heights = [0, 1, 2].map(() => random.uniform(20, 110));
    for (let p = 0; p < side * side * 3; p++) {
      const [row, column] = [Math.floor(p / (3 * side)), Math.floor(p / 3) % side];
      data[image * side * side * 3 + p] =
        128 + heights[p % 3]! * Math.sin(pace * (image % 2 === 0 ? column : row) + phase);
    }
  }
  return new ImageArrayDataset({ data, shape: [count, side, side, 3] });
}

const dataset = stripes(64);

/** Two views of 12 pixels and two of 8. */
const crops = (preset = dinoViews): BatchLoader<MultiViewBatch> =>
  new DataLoader({
    dataset,
    views: preset({ size: side, localSize: 8, localCount: 2 }),
    batchSize: 16,
    shuffle: true,
    workers: 0,
    seed: 4,
  });

const vit = (maskToken = false): VisionTransformer =>
  new VisionTransformer({
    key: randomKey(2),
    imageSize: side,
    patchSize: 4,
    dim: 16,
    depth: 1,
    heads: 2,
    dropPath: 0.1,
    maskToken,
  });

const conv = (): SmallConvEncoder =>
  new SmallConvEncoder({ key: randomKey(2), inChannels: 3, channels: [8, 16], strides: [1, 2] });

const head = (): DinoHead => new DinoHead(16, { key: randomKey(3), hiddenDim: 16, bottleneckDim: 8, outDim: 12 });

const dino = (backbone: SmallConvEncoder | VisionTransformer, studentTemperature = 0.1): Dino =>
  new Dino({ backbone, head: head(), normalize, studentTemperature, momentum: 0.9 });

const swav = (temperature = 0.1): Swav =>
  new Swav({
    backbone: conv(),
    head: new SwavHead(16, { key: randomKey(3), hiddenDim: 16, outDim: 8, prototypes: 6 }),
    normalize,
    temperature,
    queueLength: 32,
    queueStartEpoch: 1,
    freezePrototypesSteps: 2,
  });

/** Keeps the batch of an entry to itself: the suite does not look into it. */
const entry = <B>(given: Entry<B>): Entry => given as unknown as Entry;

export const entries: readonly Entry[] = [
  entry({
    name: 'Dino, a vision transformer and two batches an update',
    method: () => dino(vit()),
    changed: { method: () => dino(vit(), 0.2), setting: 'settings.studentTemperature' },
    loader: () => crops(),
    accumulateSteps: 2,
    phases: 2,
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'Dino, convolutions with batch statistics',
    method: () => dino(conv()),
    changed: { method: () => dino(conv(), 0.2), setting: 'settings.studentTemperature' },
    loader: () => crops(),
    phases: 2,
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'Swav, a queue that comes late and two batches an update',
    method: () => swav(),
    changed: { method: () => swav(0.2), setting: 'settings.temperature' },
    loader: () => crops(swavViews),
    accumulateSteps: 2,
    phases: 2,
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.95 },
  }),
];
