/** Self-distillation and clustering over crops: DINO, SwAV and their kin, on coloured stripes. */
import { randomKey, RandomStream } from '@selfsup/ssl-core';
import { normal } from '@selfsup/ssl-nn';
import type { BatchLoader } from '@selfsup/ssl-train';
import { DataLoader, dinov2Views, dinoViews, ibotViews, ImageArrayDataset, swavViews } from '@selfsup/ssl-data';
import {
  Dino,
  DinoHead,
  DinoV2,
  Ibot,
  Msn,
  MsnHead,
  type MultiViewBatch,
  Pmsn,
  SmallConvEncoder,
  Swav,
  SwavHead,
  VisionTransformer,
  visionTransformerInit,
} from '@selfsup/ssl-vision';
import type { Entry } from './entry.js';
import { entry, side, statistics as normalize } from './pictures.js';

/** Stripes across or along each image, of a width, a colour and a phase of its own. */
function colouredStripes(count: number): ImageArrayDataset {
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

const dataset = colouredStripes(64);

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

const vit = (maskToken = false, init = visionTransformerInit, registers = 0): VisionTransformer =>
  new VisionTransformer({
    key: randomKey(2),
    imageSize: side,
    patchSize: 4,
    dim: 16,
    depth: 1,
    heads: 2,
    dropPath: 0.1,
    maskToken,
    init,
    registers,
  });

const conv = (): SmallConvEncoder =>
  new SmallConvEncoder({ key: randomKey(2), inChannels: 3, channels: [8, 16], strides: [1, 2] });

const head = (): DinoHead => new DinoHead(16, { key: randomKey(3), hiddenDim: 16, bottleneckDim: 8, outDim: 12 });

const dino = (backbone: SmallConvEncoder | VisionTransformer, studentTemperature = 0.1): Dino =>
  new Dino({ backbone, head: head(), normalize, studentTemperature, momentum: 0.9 });

const ibot = (patchWeight = 1): Ibot =>
  new Ibot({ backbone: vit(true), head: head(), normalize, patchWeight, momentum: 0.9 });

const dinoV2 = (koleoWeight = 0.1): DinoV2 =>
  new DinoV2({
    backbone: vit(true, visionTransformerInit, 2),
    head: head(),
    patchHead: new DinoHead(16, { key: randomKey(4), hiddenDim: 16, bottleneckDim: 8, outDim: 10 }),
    normalize,
    koleoWeight,
    momentum: 0.9,
  });

/** Larger weights: class tokens that hardly differ are rounding errors after the head's batch norm. */
const siamese = (temperature = 0.1) => ({
  backbone: vit(false, { ...visionTransformerInit, weight: normal(0.2) }),
  head: new MsnHead(16, { key: randomKey(3), hiddenDim: 16, outDim: 8 }),
  key: randomKey(4),
  normalize,
  prototypes: 6,
  temperature,
  momentum: 0.9,
});

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
  entry({
    name: 'Ibot, two batches an update',
    method: () => ibot(),
    changed: { method: () => ibot(0.5), setting: 'settings.patchWeight' },
    loader: () => crops(ibotViews),
    accumulateSteps: 2,
    phases: 2,
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'DinoV2, registers and a head for patches',
    method: () => dinoV2(),
    changed: { method: () => dinoV2(0.2), setting: 'settings.koleoWeight' },
    loader: () => crops(dinov2Views),
    phases: 2,
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'Msn',
    method: () => new Msn(siamese()),
    changed: { method: () => new Msn(siamese(0.2)), setting: 'settings.temperature' },
    loader: () => crops(),
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'Pmsn',
    method: () => new Pmsn(siamese()),
    changed: {
      method: () => new Pmsn({ ...siamese(), powerLawExponent: 1 }),
      setting: 'settings.powerLawExponent',
    },
    loader: () => crops(),
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
];
