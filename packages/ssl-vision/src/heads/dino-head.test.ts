import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { hashArray, hashState } from '../../../../test/golden/vision/hash-fill.js';
import { DinoHead } from './dino-head.js';

const golden = JSON.parse(
  readFileSync(new URL('../../../../test/golden/vision/dino-head.json', import.meta.url), 'utf8'),
) as {
  readonly sizes: { inDim: number; hiddenDim: number; bottleneckDim: number; outDim: number };
  readonly rows: number;
  readonly shapes: Readonly<Record<string, number[]>>;
  readonly outputs: number[];
  readonly gradients: Readonly<Record<string, number[]>>;
  readonly buffers: Readonly<Record<string, number[]>>;
};
const tensorOf = (shape: readonly [number, number], seed: number): tf.Tensor2D =>
  tf.tensor2d(hashArray(shape, seed).data, [...shape]);

describe('DinoHead', () => {
  it("equals DINO's with batch normalisation: outputs, gradients and running statistics", () => {
    const { sizes, rows, shapes, outputs, gradients, buffers } = golden;
    const { inDim, ...widths } = sizes;
    const head = new DinoHead(inDim, { ...widths, batchNorm: true, key: randomKey(0) });
    const loaded = hashState(new Map(Object.entries(shapes)));
    loaded.set('last_layer.weight_g', { data: new Float32Array(widths.outDim).fill(1), shape: [widths.outDim, 1] });
    for (const name of ['mlp.1', 'mlp.4'])
      loaded.set(`${name}.num_batches_tracked`, { data: new Int32Array(1), shape: [] });
    head.loadStateDict(loaded);

    const parameters = head.namedParameters();
    const features = tensorOf([rows, inDim], 100);
    let result: number[] = [];
    const { grads } = tf.variableGrads(() => {
      const out = head.forward(features, training);
      result = [...out.dataSync()];
      return tf.sum(tf.mul(out, tensorOf([rows, widths.outDim], 101)));
    });
    result.forEach((value, at) => expect(value).toBeCloseTo(outputs[at]!, 5));
    expect(result).toHaveLength(outputs.length);
    for (const [name, { variable }] of parameters) {
      const gradient = grads[variable.name]!;
      // The reference's linear weights are [out, in].
      const turned = /^mlp\.\d+\.weight$/.test(name) && gradient.rank === 2 ? tf.transpose(gradient) : gradient;
      const [own, expected] = [[...turned.dataSync()], gradients[name]!];
      expect(own).toHaveLength(expected.length);
      own.forEach((value, at) => expect(Math.abs(value - expected[at]!)).toBeLessThan(1e-4));
    }
    for (const [name, values] of Object.entries(buffers))
      [...head.stateDict().get(name)!.data].forEach((value, at) => expect(value).toBeCloseTo(values[at]!, 5));
  });

  it('has no batch normalisation unless asked for', () => {
    const head = new DinoHead(6, { hiddenDim: 4, bottleneckDim: 3, outDim: 5, key: randomKey(0) });
    expect([...head.stateDict().keys()]).toEqual([
      'mlp.0.weight',
      'mlp.0.bias',
      'mlp.2.weight',
      'mlp.2.bias',
      'mlp.4.weight',
      'mlp.4.bias',
      'last_layer.weight_g',
      'last_layer.weight_v',
    ]);
  });
});
