import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { type Encoder, type ForwardContext, training, twinOf } from '@selfsup/ssl-nn';
import { InvalidOptionError, randomKey, type NdArray } from '@selfsup/ssl-tensor';
import { AdamW, Trainer } from '@selfsup/ssl-train';
import { ClassificationFineTuning, Classifier, LabelledBatches } from '@selfsup/ssl-transfer';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  pictures,
  statistics,
  tensorsOf,
  type TrainingCase,
} from '../../../../../test/golden/vision/expect-training.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { ProjectionHead } from '../../heads/projection-head.js';
import { normalizeImages } from '../../images/normalize-images.js';
import { HeadEncoder } from './head-encoder.js';
import { SimClrV2, simClrV2Small, type SimClrV2Options } from './simclr-v2.js';

type Own = Omit<SimClrV2Options, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/simclr-v2.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Own })[] };
const key = randomKey(0);
const backbone = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const build = (options: Own = {}): SimClrV2 =>
  new SimClrV2({ backbone: backbone(), key, normalize: statistics, hiddenDim: 12, outDim: 6, ...options });

describe('SimClrV2', () => {
  it.each(cases)('three updates equal those with lightly', async ({ options, ...golden }) => {
    await expectTraining(() => build(options), golden);
  });

  it('has an encoder that ends after the first layer of the head, its norm and its ReLU', () => {
    const method = build();
    const encoder = method.encoder();
    expect(encoder.featureDim).toBe(12);
    expect([...encoder.namedParameters().keys()].slice(-3)).toEqual(['head.0.weight', 'head.1.weight', 'head.1.bias']);
    const images = normalizeImages(tensorsOf(batchOf(0)).views[0]!, statistics);
    const { backbone: below, head } = method.modules;
    const [linear, norm] = head.layers.layers as unknown as [Encoder, Encoder];
    const expected = tf.relu(norm.forward(linear.forward(below.forward(images) as never) as never));
    expect([...encoder.forward(images).dataSync()]).toEqual([...expected.dataSync()]);
    // The head's weights are those of the method, and of a twin its own.
    expect(encoder.namedParameters().get('head.0.weight')).toBe(head.namedParameters().get('layers.0.weight'));
    expect(twinOf(encoder).stateDict()).toEqual(encoder.stateDict());
  });

  it('is fine-tuned by a Classifier from the first layer of its head', async () => {
    const encoder = build().encoder();
    const classifier = new Classifier<NdArray<Uint8Array>>({
      backbone: encoder,
      featureDim: encoder.featureDim,
      features: (inputs, ctx: ForwardContext, own) =>
        (own as HeadEncoder).forward(normalizeImages(inputs as tf.Tensor, statistics), ctx),
      classes: 2,
      key,
    });
    const method = new ClassificationFineTuning(classifier);
    expect([...method.trainable().keys()].join()).toContain('backbone.head.0.weight');
    const inputs = pictures(3);
    const labels = Int32Array.from({ length: 8 }, (_, at) => at % 2);
    const { history } = await new Trainer({
      method,
      loader: new LabelledBatches({ inputs, labels, classes: 2, batchSize: 8, key }),
      optimizer: new AdamW([{ parameters: method.trainable() }]),
      schedule: 0.02,
      steps: 25,
      seed: 0,
      logEvery: 1,
      progress: 'silent',
      handleSignals: false,
      threads: 1,
    }).fit();
    expect(history.at(-1)!.loss).toBeLessThan(0.5 * history[0]!.loss);
  });

  it('refuses what does not fit', () => {
    expect(() => build({ depth: 1 })).toThrow(InvalidOptionError);
    expect(() => build({ temperature: 0 })).toThrow(InvalidOptionError);
    expect(() => build({ hiddenDim: 0 })).toThrow(InvalidOptionError);
    expect(() => build().loss(tensorsOf(batchOf(0, 1)), training)).toThrow('views must be two or more');
    const single = tensorsOf({ views: [0, 1].map((seed) => pictures(seed, 8, 1)) });
    expect(() => build(simClrV2Small).loss(single, training)).toThrow(
      'SimClrV2: views must be of 2 images a batch or more',
    );
    const linear = new ProjectionHead(8, { key, depth: 1 });
    expect(() => new HeadEncoder(backbone(), linear)).toThrow('a ProjectionHead of two layers or more');
    expect(() => new HeadEncoder(backbone(), {} as never)).toThrow(InvalidOptionError);
  });
});
