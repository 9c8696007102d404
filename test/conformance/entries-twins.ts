/** Methods that compare two views: with a twin by momentum, a queue, a predictor. */
import { randomKey } from '@selfsup/ssl-core';
import { DataLoader, ImageArrayDataset, simclrViews } from '@selfsup/ssl-data';
import { normal, xavierUniform } from '@selfsup/ssl-nn';
import { AdamW } from '@selfsup/ssl-train';
import {
  Byol,
  Moco,
  MocoV3,
  Nnclr,
  ProjectionHead,
  SimClr,
  SimSiam,
  Smog,
  SupCon,
  VisionTransformer,
} from '@selfsup/ssl-vision';
import type { Entry } from './entry.js';
import { dataset, encoder, entry, images, labels, side, statistics } from './pictures.js';

const loader = () =>
  new DataLoader({ dataset, views: simclrViews({ size: side }), batchSize: 16, shuffle: true, workers: 0, seed: 4 });

const labelledLoader = () =>
  new DataLoader({
    dataset: new ImageArrayDataset(images, labels),
    views: simclrViews({ size: side }),
    batchSize: 16,
    shuffle: true,
    workers: 0,
    seed: 4,
  });

const common = { key: randomKey(3), normalize: statistics, outDim: 8 };

const dcl = (loss: 'dcl' | 'dclw'): SimClr =>
  new SimClr({
    backbone: encoder(),
    head: new ProjectionHead(16, { outDim: 8, key: randomKey(3) }),
    normalize: statistics,
    temperature: 0.5,
    batchNorm: 'perView',
    loss,
  });

const supCon = (temperature: number): SupCon => new SupCon({ ...common, backbone: encoder(), temperature });

const moco = (temperature: number): Moco =>
  new Moco({ ...common, backbone: encoder(), queueSize: 64, momentum: 0.9, temperature, shuffleParts: 2 });

const byol = (momentum: number): Byol => new Byol({ ...common, backbone: encoder(), hiddenDim: 32, momentum });

const simSiam = (normalize = statistics): SimSiam =>
  new SimSiam({ ...common, backbone: encoder(), outDim: 16, normalize });

const mocoV3 = (temperature: number): MocoV3 =>
  new MocoV3({
    ...common,
    backbone: new VisionTransformer({
      key: randomKey(2),
      imageSize: side,
      patchSize: 4,
      inChannels: 1,
      dim: 16,
      depth: 1,
      heads: 2,
      // With timm's small weights class tokens hardly differ, and batch norms of so few rows enlarge the rounding.
      init: { weight: xavierUniform(), patchWeight: xavierUniform(), clsToken: normal(0.02) },
    }),
    hiddenDim: 32,
    temperature,
  });

const nnclr = (queueSize: number): Nnclr =>
  new Nnclr({ ...common, backbone: encoder(), hiddenDim: 32, predictionDim: 32, queueSize });

const smog = (beta: number): Smog =>
  new Smog({ ...common, backbone: encoder(), hiddenDim: 32, groups: 8, beta, relocateEvery: 3, queueSize: 48 });

export const entries: readonly Entry[] = [
  entry({
    name: 'SimClr, decoupled loss',
    method: () => dcl('dclw'),
    changed: { method: () => dcl('dcl'), setting: 'settings.loss' },
    loader,
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'SupCon',
    method: () => supCon(0.1),
    changed: { method: () => supCon(0.2), setting: 'settings.temperature' },
    loader: labelledLoader,
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'Moco, two batches an update, two parts',
    method: () => moco(0.2),
    changed: { method: () => moco(0.3), setting: 'settings.temperature' },
    loader,
    accumulateSteps: 2,
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'Byol',
    method: () => byol(0.99),
    changed: { method: () => byol(0.9), setting: 'settings.momentum' },
    loader,
    learningRate: 5e-3,
    // A cosine, less one is better.
    learns: { steps: 60, ratio: 1.5 },
  }),
  entry({
    name: 'SimSiam',
    method: () => simSiam(),
    changed: { method: () => simSiam({ ...statistics, mean: 0.4 }), setting: 'settings.normalize.mean' },
    loader,
    learningRate: 5e-3,
    optimizer: (method) => new AdamW((method as unknown as SimSiam).parameterGroups(5e-3)),
    learns: { steps: 60, ratio: 1.5 },
  }),
  entry({
    name: 'MocoV3',
    method: () => mocoV3(0.2),
    changed: { method: () => mocoV3(0.3), setting: 'settings.temperature' },
    loader,
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'Nnclr',
    method: () => nnclr(64),
    changed: { method: () => nnclr(48), setting: 'settings.queueSize' },
    loader,
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'Smog',
    method: () => smog(0.9),
    changed: { method: () => smog(0.8), setting: 'settings.beta' },
    loader,
    phases: 4,
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
];
