/** Wrong use of methods that a batch alone does not tell: encoders, options that go with the batch, and whole runs. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe } from 'vitest';
import { ndArray } from '@selfsup/ssl-core';
import { DataLoader, ImageArrayDataset, maeViews, simclrViews, smallImageCrops } from '@selfsup/ssl-data';
import { AdamW, type BatchLoader, type Method, Trainer } from '@selfsup/ssl-train';
import {
  Byol,
  DinoHead,
  DinoV2,
  Ibot,
  IJepa,
  Mae,
  MaskedAutoencoder,
  Moco,
  MocoV3,
  Msn,
  Pmsn,
  SimMim,
  SmallConvEncoder,
  Smog,
  VisionTransformer,
  WMse,
} from '@selfsup/ssl-vision';
import { key, statistics as normalize } from './fixtures.js';
import { js, type Mistake, testMistakes } from './mistake.js';

const grey = (count: number): ImageArrayDataset =>
  new ImageArrayDataset(
    ndArray(
      Uint8Array.from({ length: count * 144 }, (_, at) => (at * 37) % 256),
      [count, 12, 12, 1],
    ),
  );

const loaderOf = (count: number, batchSize: number, options: object = {}) =>
  new DataLoader({ dataset: grey(count), views: simclrViews({ size: 12 }), batchSize, workers: 0, ...options });

/** A run of some steps on the processor's smallest share. */
async function train<B>(method: Method<B, string>, loader: BatchLoader<B>): Promise<void> {
  const optimizer = new AdamW([{ parameters: method.trainable() }]);
  const run = { method, loader, optimizer, schedule: 1e-3, steps: 3, seed: 0, threads: 1 };
  try {
    await new Trainer<B>({ ...run, progress: 'silent', handleSignals: false }).fit();
  } finally {
    await loader.close();
  }
}

const conv = (): SmallConvEncoder => new SmallConvEncoder({ key, channels: [4], strides: [2] });
const sizes = { key, imageSize: 12, patchSize: 4, inChannels: 1, dim: 8, depth: 1, heads: 2 } as const;
const vit = (options: object = {}): VisionTransformer => new VisionTransformer({ ...sizes, ...options });
const common = { key, normalize, outDim: 4 };
const head = (): DinoHead => new DinoHead(8, { key, hiddenDim: 8, bottleneckDim: 4, outDim: 6 });

/** Methods of tokens, by what their backbone has to be. */
const ofTokens: readonly (readonly [
  name: string,
  make: (backbone: never) => unknown,
  cure: () => VisionTransformer,
])[] = [
  ['Ibot', (backbone) => new Ibot({ backbone, head: head(), normalize }), () => vit({ maskToken: true })],
  ['DinoV2', (backbone) => new DinoV2({ backbone, head: head(), normalize }), () => vit({ maskToken: true })],
  ['SimMim', (backbone) => new SimMim({ backbone, key, normalize }), () => vit({ maskToken: true })],
  ['IJepa', (backbone) => new IJepa({ backbone, key, normalize, predictor: { dim: 8, depth: 1, heads: 2 } }), vit],
  ['Msn', (backbone) => new Msn({ backbone, key, normalize, prototypes: 4 }), vit],
  ['Pmsn', (backbone) => new Pmsn({ backbone, key, normalize, prototypes: 4 }), vit],
];

describe('encoders of methods', () => {
  testMistakes(
    ofTokens.flatMap(([name, make, cure]): Mistake[] => [
      ...[conv(), null, 'vit-tiny', {}].map((backbone): Mistake => ({
        title: `${name} on ${backbone instanceof SmallConvEncoder ? 'convolutions' : JSON.stringify(backbone)}`,
        code: () => make(js(backbone)),
        error: 'InvalidOptionError',
        message: new RegExp(
          `^${name}: backbone must be .*tokens? .*|^${name}: backbone must be a VisionTransformer.*Such as new Vis`,
        ),
        cure: () => make(js(cure())),
      })),
      ...(cure === vit
        ? []
        : [
            {
              title: `${name} without a mask token`,
              code: () => make(js(vit())),
              error: 'InvalidOptionError',
              message: /backbone must be .*mask ?[tT]oken.*Such as new VisionTransformer\(\{.*maskToken: true \}\)/,
              cure: () => make(js(cure())),
            } as const,
          ]),
    ]),
  );
  testMistakes([
    {
      title: 'I-JEPA with registers',
      code: () => new IJepa({ backbone: vit({ registers: 2 }), key, normalize }),
      error: 'InvalidOptionError',
      message: /IJepa: backbone must be a VisionTransformer without registers.*Such as new VisionTransformer/,
      cure: () => new IJepa({ backbone: vit(), key, normalize, predictor: { dim: 8, depth: 1, heads: 2 } }),
    },
    {
      title: 'an encoder for MAE, without a decoder',
      code: () => new Mae({ model: js(vit()), normalize }),
      error: 'InvalidOptionError',
      message: /Mae: model must be a MaskedAutoencoder.*Such as new MaskedAutoencoder\(\{ key: .*decoder: \{ dim: 128/,
      cure: () =>
        new Mae({ model: new MaskedAutoencoder({ ...sizes, decoder: { dim: 8, depth: 1, heads: 2 } }), normalize }),
    },
    {
      title: 'patches to freeze of convolutions',
      code: () => new MocoV3({ ...common, backbone: conv(), freezePatches: true }),
      error: 'InvalidOptionError',
      message: /MocoV3: freezePatches must be left out for a backbone without a PatchEmbed/,
      cure: () => new MocoV3({ ...common, backbone: conv() }),
    },
    {
      title: 'colour pictures for a grey encoder',
      code: () => conv().forward(tf.zeros([2, 12, 12, 3])),
      error: 'ShapeError',
      message: /got \[2, 12, 12, 3\]\. An encoder of such pictures is built with inChannels: 3/,
      cure: () => new SmallConvEncoder({ key, inChannels: 3 }).forward(tf.zeros([2, 12, 12, 3])),
    },
    {
      title: 'colour pictures for a grey vision transformer',
      code: () => vit().forward(tf.zeros([2, 12, 12, 3])),
      error: 'ShapeError',
      message: /got \[2, 12, 12, 3\]\. Build the encoder with inChannels: 3/,
      cure: () => vit({ inChannels: 3 }).forward(tf.zeros([2, 12, 12, 3])),
    },
  ]);
});

const moco = (options: object): Moco => new Moco({ ...common, backbone: conv(), queueSize: 64, ...options });
const smog = (options: object): Smog =>
  new Smog({ ...common, backbone: conv(), hiddenDim: 8, groups: 4, queueSize: 32, relocateEvery: 2, ...options });

describe('options that go with the batch', () => {
  testMistakes([
    {
      title: 'a queue that the batch does not divide',
      code: () => train(moco({}), loaderOf(30, 10)),
      error: 'ShapeError',
      message:
        /Moco: views must be of a number of images an update that divides queueSize 64, got 10\. Take queueSize: 60,/,
      cure: () => train(moco({ queueSize: 60 }), loaderOf(30, 10)),
    },
    {
      title: 'a queue that the last smaller batch does not divide',
      code: () => train(moco({ queueSize: 80 }), loaderOf(23, 10, { dropLast: false })),
      error: 'ShapeError',
      message: /got 3\. Take queueSize: 81, and no last batch of what remains \(dropLast\)/,
      cure: () => train(moco({ queueSize: 80 }), loaderOf(23, 10)),
    },
    {
      title: 'parts that do not divide the batch',
      code: () => train(moco({ shuffleParts: 4 }), loaderOf(30, 10)),
      error: 'ShapeError',
      message:
        /Moco: views must be of a multiple of shuffleParts 4 images, got 10\. Take batchSize: 8, or shuffleParts: 1/,
      cure: () => train(moco({ shuffleParts: 4 }), loaderOf(30, 8)),
    },
    {
      title: 'parts that whiten no batch',
      code: () => train(new WMse({ ...common, backbone: conv(), hiddenDim: 8 }), loaderOf(30, 10)),
      error: 'ShapeError',
      message: /WMse: views must be batches that are multiples of wSize, 8 images, got 10\. Take batchSize: 8,/,
      cure: () => train(new WMse({ ...common, backbone: conv(), hiddenDim: 8 }), loaderOf(30, 8)),
    },
    {
      title: 'a queue that is not full when groups are found',
      code: () => train(smog({}), loaderOf(30, 10)),
      error: 'InvalidOptionError',
      message: /Smog: queueSize must be at most relocateEvery times the images of an update, 20.*Take relocateEvery: 4/,
      cure: () => train(smog({ relocateEvery: 4 }), loaderOf(30, 10)),
    },
    {
      title: 'squares that the patches are no multiple of',
      code: () => train(new SimMim({ backbone: vit({ maskToken: true }), key, normalize }), loaderOf(8, 4)),
      error: 'ShapeError',
      message: /SimMim: views must be of patches in multiples of maskUnit 2, got 3 x 3\. Take maskUnit: 1/,
      cure: () =>
        train(new SimMim({ backbone: vit({ maskToken: true }), key, normalize, maskUnit: 1 }), loaderOf(8, 4)),
    },
  ]);
});

const ibot = (): Ibot => new Ibot({ backbone: vit({ maskToken: true }), head: head(), normalize });
/** The loader of iBOT, and masks of its own: so many patches of both global views. */
function withMasks(count: number): BatchLoader<never> {
  const crops = { size: 12, localSize: 8, localCount: 1 };
  const loader = new DataLoader({ dataset: grey(8), views: smallImageCrops(crops), batchSize: 4, workers: 0 });
  const masks = { data: Uint8Array.from({ length: 72 }, (_, at) => (at % 18 < count / 4 ? 1 : 0)), shape: [8, 9] };
  return {
    batchesPerEpoch: loader.batchesPerEpoch,
    async *epoch(epoch: number) {
      for await (const batch of loader.epoch(epoch)) yield { ...batch, masks } as never;
    },
    close: () => loader.close(),
  };
}

describe('runs', () => {
  testMistakes([
    {
      title: 'a last batch of one picture',
      code: () => train(new Byol({ ...common, backbone: conv(), hiddenDim: 8 }), loaderOf(17, 8, { dropLast: false })),
      error: 'ShapeError',
      message:
        /Byol: views must be of 2 images a batch or more, got \[1, 12, 12, 1\]\. Take a larger batchSize, and let/,
      cure: () => train(new Byol({ ...common, backbone: conv(), hiddenDim: 8 }), loaderOf(17, 8)),
    },
    {
      title: 'masks of a wrong number, which were a loss of NaN',
      code: () => train(ibot(), withMasks(40)),
      error: 'InvalidOptionError',
      message:
        /Ibot: batch\.masks must be of 10 masked patches.*, got 40\. Mask 10 patches in all over both global views, or/,
      cure: () =>
        train(
          ibot(),
          new DataLoader({
            dataset: grey(8),
            views: smallImageCrops({ size: 12, localSize: 8, localCount: 1 }),
            batchSize: 4,
            workers: 0,
          }) as never,
        ),
    },
    {
      title: 'half of the pictures for MAE in part of a patch',
      code: () =>
        train(
          new Mae({ model: new MaskedAutoencoder({ ...sizes, decoder: { dim: 8, depth: 1, heads: 2 } }), normalize }),
          loaderOf(8, 4, { views: maeViews({ size: 10 }) }),
        ),
      error: 'ShapeError',
      message: /multiples of 4, such as height 8 or 12/,
      cure: () =>
        train(
          new Mae({ model: new MaskedAutoencoder({ ...sizes, decoder: { dim: 8, depth: 1, heads: 2 } }), normalize }),
          loaderOf(8, 4, { views: maeViews({ size: 12 }) }),
        ),
    },
  ]);
});
