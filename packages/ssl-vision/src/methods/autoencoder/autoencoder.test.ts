import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, keyArray, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  statistics,
  tensorsOf,
  type TrainingCase,
} from '../../../../../test/golden/vision/expect-training.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { normalizeImages } from '../../images/normalize-images.js';
import { Autoencoder, denoisingDefaults, type AutoencoderOptions } from './autoencoder.js';

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/autoencoder.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: { channels: number[] } })[] };
const key = randomKey(0);

/** Keeps what it is given. */
class Watched extends SmallConvEncoder {
  readonly seen: Record<'images', tf.Tensor4D | undefined> = { images: undefined };

  override forward(images: tf.Tensor4D, ctx = training): tf.Tensor2D {
    this.seen.images = images;
    return super.forward(images, ctx);
  }
}

const backbone = () => new Watched({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const build = (options: Partial<AutoencoderOptions> = {}): Autoencoder =>
  new Autoencoder({ backbone: backbone(), key, normalize: statistics, imageSize: 8, channels: [6, 4], ...options });
const ctx = { ...training, key: tf.tensor1d(keyArray(randomKey(1)).data, 'int32') };

/** What the encoder sees less the image, and the image. */
function corruption(options: Partial<AutoencoderOptions>): {
  readonly seen: Float32Array;
  readonly image: Float32Array;
} {
  const own = backbone();
  const { views } = tensorsOf(batchOf(0, 1));
  build({ ...options, backbone: own }).loss({ views }, ctx);
  return {
    seen: own.seen.images!.dataSync() as Float32Array,
    image: normalizeImages(views[0]!, statistics).dataSync() as Float32Array,
  };
}

describe('Autoencoder', () => {
  it.each(cases)('three updates equal those on PyTorch', async ({ options, ...golden }) => {
    await expectTraining(
      () => build(options),
      golden,
      (step) => batchOf(step, 1),
    );
  });

  it('sees the image, or some of its numbers, or noise on them', () => {
    const plain = corruption({});
    expect(plain.seen).toEqual(plain.image);
    const masked = corruption(denoisingDefaults);
    const gone = [...masked.seen].filter((value, at) => value !== masked.image[at]);
    expect(new Set(gone)).toEqual(new Set([0]));
    expect(gone.length / masked.seen.length).toBeGreaterThan(0.21);
    expect(gone.length / masked.seen.length).toBeLessThan(0.29);
    const noisy = corruption({ corruption: 'gaussian', amount: 0.5 });
    const noise = [...noisy.seen].map((value, at) => value - noisy.image[at]!);
    const deviation = Math.sqrt(noise.reduce((sum, value) => sum + value ** 2, 0) / noise.length);
    expect(Math.abs(deviation - 0.5)).toBeLessThan(0.04);
  });

  it('is to tell the clean image', () => {
    const method = build({ corruption: 'masking', amount: 1 });
    for (const { variable } of method.modules.decoder.pred.namedParameters().values())
      tf.tidy(() => variable.assign(tf.zerosLike(variable)));
    const { views } = tensorsOf(batchOf(0, 1));
    const expected = tf.mean(tf.square(normalizeImages(views[0]!, statistics))).dataSync()[0]!;
    expect(method.loss({ views }, ctx).loss.dataSync()[0]).toBeCloseTo(expected, 5);
  });

  it('refuses what does not fit', () => {
    expect(() => build({ corruption: 'blur' as 'none' })).toThrow(InvalidOptionError);
    expect(() => build({ corruption: 'masking', amount: 1.2 })).toThrow(InvalidOptionError);
    expect(() => build({ corruption: 'gaussian', amount: -1 })).toThrow(InvalidOptionError);
    expect(() => build({ channels: [] })).toThrow('one or more counts');
    expect(() => build({ channels: [8, 8, 4, 4] })).toThrow('Give as many channels as the sides can be halved');
    const { views } = tensorsOf(batchOf(0, 1));
    expect(() => build({ imageSize: 12 }).loss({ views }, ctx)).toThrow(ShapeError);
    expect(() => build({ corruption: 'masking' }).loss({ views }, training)).toThrow('a random key');
  });
});
