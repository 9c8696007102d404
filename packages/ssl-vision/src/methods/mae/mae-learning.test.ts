import { DataLoader, ImageArrayDataset } from '@selfsup/ssl-data';
import { RandomStream, randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, warmupCosine } from '@selfsup/ssl-train';
import { expect, it } from 'vitest';
import { Mae } from './mae.js';
import { MaskedAutoencoder } from './masked-autoencoder.js';

const [count, side] = [128, 8];

/** Stripes across or along each image, at a random phase: a few patches tell the others. */
function stripes(): ImageArrayDataset {
  const random = new RandomStream(randomKey(1));
  const data = new Uint8Array(count * side * side);
  for (let image = 0; image < count; image++) {
    const phase = random.uniform(0, 2 * Math.PI);
    for (let p = 0; p < side * side; p++) {
      const along = image % 2 === 0 ? p % side : Math.floor(p / side);
      data[image * side * side + p] = 128 + 100 * Math.sin(0.8 * along + phase);
    }
  }
  return new ImageArrayDataset({ data, shape: [count, side, side, 1] });
}

it('learns to tell hidden patches from the others', async () => {
  const model = new MaskedAutoencoder({
    key: randomKey(2),
    imageSize: side,
    patchSize: 2,
    inChannels: 1,
    dim: 24,
    depth: 2,
    heads: 2,
    decoder: { dim: 24, depth: 1, heads: 2 },
  });
  const method = new Mae({ model, normalize: { mean: 0.5, std: 0.28 }, maskRatio: 0.5, normalizeTargets: false });
  const steps = 240;
  const loader = new DataLoader({
    dataset: stripes(),
    views: [(image) => image],
    batchSize: 32,
    shuffle: true,
    workers: 0,
    seed: 4,
  });
  const trainer = new Trainer({
    method,
    loader,
    optimizer: new AdamW([{ parameters: method.trainable() }], { weightDecay: 0.05 }),
    schedule: warmupCosine({ base: 6e-3, warmupSteps: 20, totalSteps: steps }),
    steps,
    seed: 5,
    progress: 'silent',
  });
  const { history } = await trainer.fit();
  await loader.close();
  // Predicting the mean costs the pixels' variance, (100 / 255 / 0.28)^2 / 2 = 0.98.
  expect(history[0]!.loss).toBeGreaterThan(0.8);
  expect(history.at(-1)!.loss).toBeLessThan(0.35);
}, 120_000);
