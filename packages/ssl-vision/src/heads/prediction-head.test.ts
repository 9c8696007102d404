import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { referenceShapes } from '../../../../test/golden/vision/expect-backbone.js';
import { PredictionHead } from './prediction-head.js';

const key = randomKey(0);

describe('PredictionHead', () => {
  it("has the names of lightly's and is by default as wide as what it predicts", () => {
    expect(referenceShapes(new PredictionHead(6, { hiddenDim: 4, key }))).toEqual({
      'layers.0.weight': [4, 6],
      'layers.1.weight': [4],
      'layers.1.bias': [4],
      'layers.1.running_mean': [4],
      'layers.1.running_var': [4],
      'layers.1.num_batches_tracked': [],
      'layers.3.weight': [6, 4],
      'layers.3.bias': [6],
    });
    expect(new PredictionHead(6, { key }).outDim).toBe(6);
  });

  it('ends in a batch norm without scale where told', () => {
    const head = new PredictionHead(6, { outDim: 5, lastNorm: 'plain', key });
    expect(head.namedParameters().has('layers.3.bias')).toBe(false);
    const out = head.forward(tf.randomNormal([32, 6], 0, 1, 'float32', 5), training);
    const { mean, variance } = tf.moments(out, 0);
    mean.dataSync().forEach((value) => expect(value).toBeCloseTo(0, 4));
    variance.dataSync().forEach((value) => expect(value).toBeCloseTo(1, 2));
  });

  it('refuses what does not fit', () => {
    expect(() => new PredictionHead(6, { hiddenDim: 0, key })).toThrow(InvalidOptionError);
    expect(() => new PredictionHead(6, { lastNorm: 'batch' as 'plain', key })).toThrow(InvalidOptionError);
  });
});
