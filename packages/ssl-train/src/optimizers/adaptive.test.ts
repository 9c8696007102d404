import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from '@selfsup/ssl-tensor';
import golden from '../../../../test/golden/train/adaptive.json' with { type: 'json' };
import problem from '../../../../test/golden/train/optimizers.json' with { type: 'json' };
import '../../../../test/support/to-be-all-close.js';
import { decayEverything } from './decay-filter.js';
import { Lamb } from './lamb.js';
import { Lars } from './lars.js';
import { Lion } from './lion.js';
import type { Optimizer } from './optimizer.js';
import type { ParameterGroup } from './parameter-group.js';

const registry: Readonly<Record<keyof typeof golden.cases, (groups: readonly ParameterGroup[]) => Optimizer>> = {
  lars: (groups) => new Lars(groups, { weightDecay: 0.05, trustCoefficient: 0.1 }),
  'lars-plain': (groups) => new Lars(groups, { momentum: 0, weightDecay: 0.1, trustCoefficient: 0.2, epsilon: 0.01 }),
  'lars-nesterov': (groups) => new Lars(groups, { weightDecay: 0.05, trustCoefficient: 0.1, nesterov: true }),
  'lars-dampening': (groups) =>
    new Lars(groups, { momentum: 0.8, dampening: 0.3, weightDecay: 0.05, trustCoefficient: 0.1 }),
  lamb: (groups) => new Lamb(groups, { weightDecay: 0.05 }),
  'lamb-clip': (groups) => new Lamb(groups, { weightDecay: 0.05, trustClip: true, betas: [0.8, 0.95], epsilon: 1e-4 }),
  'lamb-uncorrected': (groups) =>
    new Lamb(groups, { weightDecay: 0.05, biasCorrection: false, maxWeightNorm: 1.5, adaptFilter: decayEverything }),
  lion: (groups) => new Lion(groups, { weightDecay: 0.05 }),
  'lion-betas': (groups) => new Lion(groups, { betas: [0.8, 0.95] }),
};

const tensor = ({ data, shape }: { data: readonly number[]; shape: readonly number[] }): tf.Tensor =>
  tf.tensor([...data], [...shape]);

beforeAll(() => tf.setBackend('cpu'));

describe.each(Object.entries(registry))('%s', (name, make) => {
  const expected = golden.cases[name as keyof typeof golden.cases];
  it.each([false, true])('follows its reference over 100 steps (compiled: %s)', async (compiled) => {
    const [matrix, bias] = [tf.variable(tensor(problem.start.matrix)), tf.variable(tensor(problem.start.bias))];
    const [x, y] = [tensor(problem.target.x) as tf.Tensor2D, tensor(problem.target.y)];
    const parameters = [
      ['matrix', { variable: matrix }],
      ['bias', { variable: bias }],
    ] as const;
    const optimizer = make([{ parameters }]);
    const loss = (): tf.Scalar => tf.mean(tf.squaredDifference(tf.add(tf.matMul(x, matrix as tf.Tensor2D), bias), y));
    const step = (rate: tf.Scalar): void => optimizer.apply(tf.variableGrads(loss, [matrix, bias]).grads, rate);
    const fast = compile(step);
    for (let i = 0; i < expected.bias.length; i++) {
      const rate = tf.scalar(0.05 / (1 + i / 10));
      if (compiled) await fast(rate);
      else tf.tidy(() => step(rate));
      expect(matrix.dataSync()).toBeAllClose(expected.matrix[i]!, { rtol: 1e-5, atol: 1e-5 });
      expect(bias.dataSync()).toBeAllClose(expected.bias[i]!, { rtol: 1e-5, atol: 1e-5 });
    }
  });
});
