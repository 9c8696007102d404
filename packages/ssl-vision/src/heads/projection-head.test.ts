import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { referenceShapes } from '../../../../test/golden/vision/expect-backbone.js';
import { ProjectionHead } from './projection-head.js';

const { heads } = JSON.parse(
  readFileSync(new URL('../../../../test/golden/vision/simclr.json', import.meta.url), 'utf8'),
) as { heads: Record<string, Record<string, number[]>> };

describe('ProjectionHead', () => {
  it.each(Object.entries(heads))('has the names and shapes of lightly: %s', (name, shapes) => {
    const [, depth, batchNorm] = /layers(\d)-bn(\d)/.exec(name)!;
    const head = new ProjectionHead(8, {
      hiddenDim: 12,
      outDim: 6,
      depth: Number(depth),
      batchNorm: batchNorm === '1',
      key: randomKey(0),
    });
    expect(referenceShapes(head)).toEqual(shapes);
  });

  it('is by default as wide as its input, 128 out', () => {
    const head = new ProjectionHead(16, { key: randomKey(0) });
    expect(head.outDim).toBe(128);
    expect(referenceShapes(head)['layers.0.weight']).toEqual([16, 16]);
  });

  it('ends in a batch norm: outputs have mean 0 and deviation 1 over the batch', () => {
    const head = new ProjectionHead(4, { outDim: 3, key: randomKey(1) });
    const out = head.forward(tf.randomNormal([32, 4], 0, 1, 'float32', 5), training);
    const { mean, variance } = tf.moments(out, 0);
    mean.dataSync().forEach((value) => expect(value).toBeCloseTo(0, 4));
    variance.dataSync().forEach((value) => expect(value).toBeCloseTo(1, 2));
  });

  it.each([
    ['plain', true, ['layers.0.weight', 'layers.1.weight', 'layers.1.bias', 'layers.3.weight']],
    ['none', true, ['layers.0.weight', 'layers.1.weight', 'layers.1.bias', 'layers.3.weight', 'layers.3.bias']],
    ['plain', false, ['layers.0.weight', 'layers.0.bias', 'layers.2.weight']],
  ] as const)('ends as told: %s, batch norm %s', (lastNorm, batchNorm, names) => {
    const head = new ProjectionHead(4, { outDim: 3, lastNorm, batchNorm, key: randomKey(1) });
    expect([...head.namedParameters().keys()].sort()).toEqual([...names].sort());
    const out = head.forward(tf.randomNormal([32, 4], 0, 1, 'float32', 5), training);
    const variances = [...tf.moments(out, 0).variance.dataSync()];
    expect(variances.every((value) => Math.abs(value - 1) < 0.01)).toBe(lastNorm === 'plain');
  });

  it('refuses another last norm', () => {
    expect(() => new ProjectionHead(4, { lastNorm: 'layer' as 'none', key: randomKey(1) })).toThrow(InvalidOptionError);
  });

  it('refuses counts that are not positive', () => {
    expect(() => new ProjectionHead(8, { depth: 0, key: randomKey(0) })).toThrow(InvalidOptionError);
  });
});
