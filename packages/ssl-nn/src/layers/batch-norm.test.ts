import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { backward, hostState, layers } from '../../../../test/golden/nn/golden.js';
import '../../../../test/support/to-be-all-close.js';
import { BatchNorm, evaluation, training } from '../index.js';

const close = { rtol: 1e-5, atol: 1e-5 } as const;

describe.each(['eager', 'compiled'] as const)('BatchNorm against PyTorch, %s', (mode) => {
  it.each(layers.batchNorms.map(({ name }) => name))('%s: three training steps, then evaluation', async (name) => {
    const golden = layers.batchNorms.find((candidate) => candidate.name === name)!;
    const module = new BatchNorm(golden.features, { affine: golden.affine });
    module.loadStateDict(hostState(golden.state));
    for (const { x, w, y, dx, gradients, stateAfter } of golden.steps) {
      const result = await backward(mode, module, (input) => module.forward(input, training), x, w);
      expect(result.y).toBeAllClose(y, close);
      expect(result.dx!).toBeAllClose(dx, close);
      for (const [parameter, gradient] of Object.entries(gradients))
        expect(result.gradients.get(parameter)!).toBeAllClose(gradient, { rtol: 1e-5, atol: 2e-5 });
      for (const [entry, array] of module.stateDict()) expect(array).toBeAllClose(stateAfter[entry]!, close);
    }
    const { x, w, y, dx } = golden.evaluation;
    const result = await backward(mode, module, (input) => module.forward(input, evaluation), x, w);
    expect(result.y).toBeAllClose(y, close);
    expect(result.dx!).toBeAllClose(dx, close);
    expect([...module.stateDict().keys()].sort()).toEqual(Object.keys(golden.state).sort());
    module.dispose();
  });
});

describe('BatchNorm', () => {
  it('keeps its statistics in evaluation and counts batches in training', () => {
    const module = new BatchNorm(2);
    const x = tf.tensor2d([
      [1, 2],
      [3, 6],
    ]);
    module.forward(x);
    expect(module.stateDict().get('running_mean')!).toBeAllClose([0, 0]);
    module.forward(x, training);
    expect(module.stateDict().get('running_mean')!).toBeAllClose([0.2, 0.4]);
    expect(module.stateDict().get('running_var')!).toBeAllClose([0.9 + 0.1 * 2, 0.9 + 0.1 * 8]);
    expect(module.stateDict().get('num_batches_tracked')!).toEqual({ data: Int32Array.of(1), shape: [] });
    module.dispose();
  });

  it('stays finite on constant and on huge columns', () => {
    const module = new BatchNorm(2);
    const y = module.forward(
      tf.tensor2d([
        [5, 1e15],
        [5, -1e15],
        [5, 1e15],
      ]),
      training,
    );
    expect(y.dataSync().every(Number.isFinite)).toBe(true);
    expect(y).toBeAllClose(
      [
        [0, Math.SQRT1_2],
        [0, -Math.SQRT2],
        [0, Math.SQRT1_2],
      ],
      { rtol: 1e-5 },
    );
    module.dispose();
  });

  it('refuses a single value per feature and a wrong last axis', () => {
    const module = new BatchNorm(3);
    expect(() => module.forward(tf.zeros([1, 3]), training)).toThrow(ShapeError);
    expect(() => module.forward(tf.zeros([2, 4]))).toThrow('x must be [..., 3], rank 2 or more, got [2, 4]');
    module.dispose();
  });

  it('holds as many tensors after a training step as before', async () => {
    const module = new BatchNorm(3);
    const step = (x: tf.Tensor2D): tf.Tensor => tf.tidy(() => module.forward(x, training));
    const x = tf.tensor2d([
      [1, 2, 3],
      [3, 1, 4],
      [0, 1, 7],
    ]);
    step(x).dispose();
    const before = tf.memory().numTensors;
    step(x).dispose();
    expect(tf.memory().numTensors).toBe(before);
    const compiled = compile(step);
    (await compiled(x)).dispose();
    const after = tf.memory().numTensors;
    (await compiled(x)).dispose();
    expect(tf.memory().numTensors).toBe(after);
    module.dispose();
  });
});
