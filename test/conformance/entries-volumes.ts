/** Masked autoencoding of volumes: stripes along one of three axes, in noise, each scan on a scale of its own. */
import { ndArray, randomKey, RandomStream } from '@selfsup/ssl-core';
import { composeVolume, type Dataset, randomVolumeFlip, VolumeLoader, type VolumeSample } from '@selfsup/ssl-data';
import { Mae, MaskedAutoencoder3d, type MultiViewBatch, ownStatistics } from '@selfsup/ssl-vision';
import type { BatchLoader } from '@selfsup/ssl-train';
import { entry } from './pictures.js';
import type { Entry } from './entry.js';

const side = 8;

class Stripes implements Dataset<VolumeSample> {
  readonly length = 64;

  get(index: number): VolumeSample {
    const random = new RandomStream(randomKey(index));
    const [phase, level, scale] = [random.uniform(0, 2 * Math.PI), random.uniform(-500, 500), random.uniform(1, 100)];
    const voxels = Float32Array.from({ length: side ** 3 }, (_, at) => {
      const along = Math.floor(at / side ** (index % 3)) % side;
      return level + scale * (Math.sin(0.8 * along + phase) + 0.1 * random.normal());
    });
    return { volume: ndArray(voxels, [side, side, side, 1]) };
  }
}

const mae = (maskRatio: number): Mae<MaskedAutoencoder3d> =>
  new Mae({
    model: new MaskedAutoencoder3d({
      key: randomKey(2),
      volumeSize: side,
      patchSize: 4,
      dim: 24,
      depth: 1,
      heads: 2,
      decoder: { dim: 24, depth: 1, heads: 2 },
    }),
    normalize: ownStatistics,
    maskRatio,
    normalizeTargets: false,
  });

export const entries: readonly Entry[] = [
  entry<MultiViewBatch>({
    name: 'Mae of volumes',
    method: () => mae(0.5),
    changed: { method: () => mae(0.75), setting: 'settings.maskRatio' },
    loader: () =>
      new VolumeLoader({
        dataset: new Stripes(),
        views: [composeVolume(randomVolumeFlip())],
        batchSize: 16,
        shuffle: true,
        workers: 0,
        seed: 4,
      }) as BatchLoader<MultiViewBatch>,
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.9 },
  }),
];
