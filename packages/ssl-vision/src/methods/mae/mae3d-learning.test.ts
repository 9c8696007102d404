import type * as tf from '@tensorflow/tfjs-core';
import { foldIn, ndArray, type NdArray, randomKey, RandomStream } from '@selfsup/ssl-core';
import { composeVolume, type Dataset, randomVolumeFlip, VolumeLoader, type VolumeSample } from '@selfsup/ssl-data';
import { training } from '@selfsup/ssl-nn';
import { compile, keyArray } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, warmupCosine } from '@selfsup/ssl-train';
import { knnClassify } from '@selfsup/ssl-transfer';
import { expect, it } from 'vitest';
import { normalizeImages, ownStatistics } from '../../images/normalize-images.js';
import { Mae } from './mae.js';
import { MaskedAutoencoder3d } from './masked-autoencoder3d.js';

const side = 8;

/** Waves along one of three axes, at any phase, in noise, each on a scale of its own: the class is the axis. */
class Waves implements Dataset<VolumeSample> {
  readonly labels: Int32Array;

  constructor(
    readonly length: number,
    private readonly seed: number,
  ) {
    this.labels = Int32Array.from({ length }, (_, index) => index % 3);
  }

  get(index: number): VolumeSample {
    const random = new RandomStream(foldIn(randomKey(this.seed), index));
    const phase = random.uniform(0, 2 * Math.PI);
    const [level, scale] = [random.uniform(-100, 300), 10 ** random.uniform(0, 2)];
    const voxels = Float32Array.from({ length: side ** 3 }, (_, at) => {
      const along = Math.floor(at / side ** (index % 3)) % side;
      return level + scale * (Math.sin(0.8 * along + phase) + 0.7 * random.normal());
    });
    return { volume: ndArray(voxels, [side, side, side, 1]), label: index % 3 };
  }

  all(): NdArray<Float32Array> {
    const data = new Float32Array(this.length * side ** 3);
    for (let i = 0; i < this.length; i++) data.set(this.get(i).volume.data, i * side ** 3);
    return { data, shape: [this.length, side, side, side, 1] };
  }
}

const build = (): MaskedAutoencoder3d =>
  new MaskedAutoencoder3d({
    key: randomKey(2),
    volumeSize: side,
    patchSize: 4,
    dim: 24,
    depth: 2,
    heads: 2,
    qkvBias: true,
    decoder: { dim: 24, depth: 1, heads: 2 },
  });
const methodOf = (model: MaskedAutoencoder3d): Mae<MaskedAutoencoder3d> =>
  new Mae({ model, normalize: ownStatistics, maskRatio: 0.5, normalizeTargets: false });
const [seen, held] = [new Waves(192, 1), new Waves(96, 2)];

/** Loss on volumes that no step saw, and the share of them whose neighbours among the others tell their axis. */
async function judged(model: MaskedAutoencoder3d): Promise<{ readonly loss: number; readonly accuracy: number }> {
  const features = compile((volumes: tf.Tensor) => model.backbone.forward(normalizeImages(volumes, ownStatistics)));
  const lossOf = compile((volumes: tf.Tensor, key: tf.Tensor1D) => [
    methodOf(model).loss({ views: [volumes] }, { ...training, key }).loss,
  ]);
  const rowsOf = async (data: Waves): Promise<NdArray<Float32Array>> => {
    const result = await features(data.all() as never);
    return { data: result.dataSync() as Float32Array, shape: result.shape };
  };
  const [loss] = await lossOf(held.all() as never, keyArray(randomKey(7)) as never);
  const { accuracy } = await knnClassify({
    train: await rowsOf(seen),
    trainLabels: seen.labels,
    test: await rowsOf(held),
    testLabels: held.labels,
    k: 10,
  });
  return { loss: loss!.dataSync()[0]!, accuracy: accuracy! };
}

it('learns to tell hidden patches of volumes that it has not seen, and what they are of', async () => {
  const model = build();
  const method = methodOf(model);
  const before = await judged(model);
  const loader = new VolumeLoader({
    dataset: seen,
    views: [composeVolume(randomVolumeFlip())],
    batchSize: 32,
    shuffle: true,
    workers: 0,
    seed: 4,
  });
  const steps = 240;
  await new Trainer({
    method,
    loader,
    optimizer: new AdamW([{ parameters: method.trainable() }], { weightDecay: 0.05 }),
    schedule: warmupCosine({ base: 6e-3, warmupSteps: 20, totalSteps: steps }),
    steps,
    seed: 5,
    progress: 'silent',
    handleSignals: false,
  }).fit();
  await loader.close();
  const after = await judged(model);
  // Predicting the mean costs 1, the variance that volumes are brought to; half of it is noise, which nothing tells.
  expect(before.loss).toBeGreaterThan(1);
  expect(after.loss).toBeLessThan(0.95);
  // Three classes: a random encoder has 0.41, measured, and the trained one 0.73.
  expect(before.accuracy).toBeLessThan(0.5);
  expect(after.accuracy).toBeGreaterThan(before.accuracy + 0.2);
}, 120_000);
