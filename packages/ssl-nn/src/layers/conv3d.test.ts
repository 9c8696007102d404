import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { InvalidOptionError, randomKey, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { backward, goldenUrl, hostState, type GoldenBlock } from '../../../../test/golden/nn/golden.js';
import '../../../../test/support/to-be-all-close.js';
import { BatchNorm, Conv3d, evaluation, summary, training, type Conv3dOptions, type VolumePadding } from '../index.js';

const key = randomKey(1);

type Config = Pick<Conv3dOptions, 'stride' | 'dilation' | 'groups' | 'bias'> & {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel_size: Conv3dOptions['kernelSize'];
  readonly padding?: number | 'same' | readonly number[];
};

const { layers } = JSON.parse(readFileSync(goldenUrl('conv3d.json'), 'utf8')) as {
  layers: (GoldenBlock & { readonly config: Config })[];
};

const paddingOf = (padding: Config['padding'] = 0): VolumePadding =>
  (Array.isArray(padding) ? padding.map((size: number) => [size, size]) : padding) as VolumePadding;

const build = ({ inChannels, outChannels, kernel_size: kernelSize, padding, ...others }: Config): Conv3d =>
  new Conv3d(inChannels, outChannels, { key, kernelSize, padding: paddingOf(padding), ...others });

describe.each(['eager', 'compiled'] as const)('Conv3d against PyTorch, %s', (mode) => {
  it.each(layers.map((layer) => [layer.name, layer] as const))('%s: values and gradients', async (_, golden) => {
    const module = build(golden.config);
    const state = hostState(golden.state);
    expect(module.loadStateDict(state)).toMatchObject({ missing: [], unexpected: [] });
    expect(module.stateDict()).toEqual(state);
    const { y, dx, gradients } = await backward(
      mode,
      module,
      (x) => module.forward(x as tf.Tensor5D),
      golden.x,
      golden.w,
    );
    expect(y).toBeAllClose(golden.y, { rtol: 1e-5, atol: 1e-5 });
    expect(dx!).toBeAllClose(golden.dx, { rtol: 1e-5, atol: 1e-5 });
    expect([...gradients.keys()]).toEqual(Object.keys(golden.gradients));
    for (const [name, gradient] of gradients)
      expect(gradient).toBeAllClose(golden.gradients[name]!, { rtol: 1e-5, atol: 2e-5 });
  });
});

describe('Conv3d', () => {
  const volumes = (...shape: number[]): tf.Tensor5D => tf.zeros(shape as [number, number, number, number, number]);

  it("starts as PyTorch's: within one over the root of what a value is a sum of", () => {
    const { weight, bias } = new Conv3d(2, 400, { key, kernelSize: [3, 2, 4] });
    const bound = 1 / Math.sqrt(3 * 2 * 4 * 2);
    for (const { variable } of [weight, bias!]) {
      const values = variable.dataSync() as Float32Array;
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largest).toBeLessThanOrEqual(bound);
      expect(largest).toBeGreaterThan(0.95 * bound);
    }
  });

  it('takes sides of its own before and after each axis', () => {
    const conv = new Conv3d(1, 2, {
      key,
      kernelSize: 2,
      padding: [
        [0, 1],
        [2, 0],
        [0, 0],
      ],
    });
    expect(conv.forward(volumes(1, 3, 3, 3, 1)).shape).toEqual([1, 3, 4, 2, 2]);
  });

  it('counts its multiply-adds', async () => {
    const { parameters, multiplyAdds } = await summary(
      new Conv3d(4, 6, { key, kernelSize: [1, 2, 3], stride: 2 }),
      [2, 8, 9, 11, 4],
    );
    expect(parameters).toBe(6 * 4 * 6 + 6);
    expect(multiplyAdds).toBe(2 * 4 * 4 * 5 * 6 * (6 * 4));
  });

  it('has its results normalised over the batch and all places', () => {
    const norm = new BatchNorm(2);
    const x = tf.randomUniform([3, 2, 3, 4, 2], 0, 5, 'float32', 3) as tf.Tensor5D;
    const { mean, variance } = tf.moments(norm.forward(x, training), [0, 1, 2, 3]);
    expect(mean.dataSync()).toBeAllClose([0, 0], { atol: 1e-5 });
    expect(variance.dataSync()).toBeAllClose([1, 1], { atol: 1e-4 });
    expect(norm.runningMean.variable.dataSync()).toBeAllClose([...tf.mul(tf.mean(x, [0, 1, 2, 3]), 0.1).dataSync()], {
      rtol: 1e-5,
    });
    expect(norm.forward(x, evaluation).shape).toEqual(x.shape);
  });

  it('refuses what does not fit', () => {
    const options = { key, kernelSize: 3 } as const;
    const conv = new Conv3d(2, 4, options);
    expect(() => conv.forward(volumes(1, 4, 4, 4, 3))).toThrow(ShapeError);
    expect(() => conv.forward(volumes(1, 2, 4, 4, 4))).toThrow('which has the channels first');
    expect(() => conv.forward(volumes(1, 4, 2, 4, 2))).toThrow('at least [batch, 3, 3, 3, 2]');
    expect(() => conv.forward(tf.zeros([1, 4, 4, 2]) as tf.Tensor as tf.Tensor5D)).toThrow('as images have');
    expect(() => conv.forward('scan.nii' as never)).toThrow(ShapeError);
    expect(() => new Conv3d(2, 4, { ...options, groups: 4 })).toThrow('a divisor of inChannels (2)');
    expect(() => new Conv3d(2, 4, { ...options, kernelSize: [3, 3] as never })).toThrow('[depth, height, width]');
    expect(() => new Conv3d(2, 4, { ...options, stride: 0 })).toThrow(InvalidOptionError);
    expect(() => new Conv3d(2, 4, { ...options, padding: [1, 1, 1] as never })).toThrow('[front, back]');
    expect(() => new Conv3d(2, 4, { ...options, padding: -1 })).toThrow(InvalidOptionError);
  });
});
