/** Methods that were written for images, on volumes. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { ndArray, RandomStream, ShapeError } from '@selfsup/ssl-core';
import {
  composeVolume,
  type Dataset,
  randomIntensityShift,
  randomVolumeCrop,
  randomVolumeFlip,
  randomVolumeNoise,
  twoViews,
  VolumeLoader,
  type VolumeSample,
} from '@selfsup/ssl-data';
import { training } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, type Method, Trainer } from '@selfsup/ssl-train';
import { describe, expect, it } from 'vitest';
import {
  BarlowTwins,
  Byol,
  Dino,
  DinoHead,
  Moco,
  MocoV3,
  type MultiViewBatch,
  Nnclr,
  ownStatistics as normalize,
  ResNet,
  ResNet3d,
  SimClr,
  SimSiam,
  TiCo,
  Vicreg,
  VisionTransformer3d,
} from '../index.js';

const key = randomKey(1);
const side = 10;

/** Scans of noise about a level of their own, each on a scale of its own, as MRI has them. */
class Scans implements Dataset<VolumeSample> {
  readonly length = 16;

  get(index: number): VolumeSample {
    const random = new RandomStream(randomKey(index));
    const [level, scale] = [random.uniform(-500, 2000), 10 ** random.uniform(0, 3)];
    const voxels = Float32Array.from(
      { length: side ** 3 },
      (_, at) => level + scale * (random.normal() + Math.sin((index % 4) * (at % side))),
    );
    return { volume: ndArray(voxels, [side, side, side, 1]) };
  }
}

const view = composeVolume(
  randomVolumeCrop({ size: 8 }),
  randomVolumeFlip(),
  randomIntensityShift({ range: 100, p: 0.5 }),
  randomVolumeNoise({ std: 5, p: 0.5 }),
);
const loader = () =>
  new VolumeLoader({ dataset: new Scans(), views: twoViews(view), batchSize: 8, workers: 0, seed: 1, shuffle: true });

const resnet = (): ResNet3d =>
  new ResNet3d({ key, block: 'basic', layers: [1, 1, 1, 1], width: 4, stemKernel: 3, stemPool: false });
const vit = (): VisionTransformer3d =>
  new VisionTransformer3d({ key, volumeSize: 8, patchSize: 4, dim: 12, depth: 1, heads: 2 });
const sizes = { key, normalize, hiddenDim: 16, outDim: 8 } as const;

type Trained = Method<MultiViewBatch, string> & { readonly modules: Readonly<Record<string, unknown>> };
const methods: Record<string, () => Trained> = {
  SimClr: () => new SimClr({ backbone: resnet(), key, normalize }),
  'SimClr on a transformer': () => new SimClr({ backbone: vit(), key, normalize, batchNorm: 'perView' }),
  Byol: () => new Byol({ backbone: resnet(), ...sizes }),
  SimSiam: () => new SimSiam({ backbone: vit(), ...sizes }),
  'Moco, statistics of shuffled parts': () =>
    new Moco({ backbone: resnet(), ...sizes, queueSize: 16, shuffleParts: 2 }),
  MocoV3: () => new MocoV3({ backbone: vit(), ...sizes }),
  Nnclr: () => new Nnclr({ backbone: vit(), ...sizes, queueSize: 16 }),
  BarlowTwins: () => new BarlowTwins({ backbone: vit(), ...sizes }),
  Vicreg: () => new Vicreg({ backbone: vit(), ...sizes }),
  TiCo: () => new TiCo({ backbone: vit(), ...sizes }),
  Dino: () =>
    new Dino({
      backbone: resnet(),
      head: new DinoHead(32, { key, hiddenDim: 16, bottleneckDim: 8, outDim: 12 }),
      normalize,
    }),
};

describe('on volumes', () => {
  it.each(Object.entries(methods))('%s trains an encoder on views that a loader makes', async (_, make) => {
    const method = make();
    const first = [...method.trainable().values()][0]!.variable;
    const before = first.dataSync().slice();
    const batches = loader();
    const trainer = new Trainer({
      method,
      loader: batches,
      optimizer: new AdamW([{ parameters: method.trainable() }]),
      schedule: 1e-2,
      steps: 3,
      seed: 1,
      progress: 'silent',
      handleSignals: false,
    });
    const { history, steps } = await trainer.fit();
    await batches.close();
    expect(steps).toBe(3);
    expect(Number.isFinite(history.at(-1)!.loss)).toBe(true);
    expect(first.dataSync()).not.toEqual(before);
  });

  it('does not depend on the scale of a volume where each has its own statistics', () => {
    const method = methods['SimClr']!();
    const views = [1, 2].map((seed) => tf.randomNormal([4, 8, 8, 8, 1], 0, 1, 'float32', seed));
    const scales = tf.tensor([1, 10, 100, 0.5], [4, 1, 1, 1, 1]);
    const loss = (given: tf.Tensor[]): number =>
      method.loss({ views: given } as never, training as never).loss.dataSync()[0]!;
    const expected = loss(views);
    expect(loss(views.map((own) => tf.add(tf.mul(own, scales), 300)))).toBeCloseTo(expected, 3);
  });

  it('refuses images in an encoder of volumes, and volumes in one of images', () => {
    const images = [1, 2].map(() => tf.zeros([4, 8, 8, 1], 'int32'));
    const volumes = [1, 2].map(() => tf.zeros([4, 8, 8, 8, 1]));
    const flat = new ResNet({ key, block: 'basic', layers: [1, 1, 1, 1], width: 4, stem: 'cifar', inChannels: 1 });
    const builders = [
      (backbone: ResNet | ResNet3d) => new SimClr({ backbone, key, normalize }),
      (backbone: ResNet | ResNet3d) => new Byol({ backbone, ...sizes }),
      (backbone: ResNet | ResNet3d) => new Vicreg({ backbone, ...sizes }),
    ];
    for (const build of builders) {
      const loss = (backbone: ResNet | ResNet3d, views: tf.Tensor[]) => () =>
        build(backbone).loss({ views }, training as never);
      expect(loss(resnet(), images)).toThrow(ShapeError);
      expect(loss(resnet(), images)).toThrow(', as images have');
      expect(loss(flat, volumes)).toThrow(ShapeError);
      expect(loss(flat, volumes)).toThrow(', as volumes have');
    }
  });
});
