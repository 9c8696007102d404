import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import golden from '../../../../test/golden/train/adaptive.json' with { type: 'json' };
import { expectTrajectory, rateAt, type TrajectoryOptions } from '../../../../test/support/golden-trajectory.js';
import { clipByGlobalNorm } from '../stages/clip-by-global-norm.js';
import { decayEverything, decayMatrices } from './decay-filter.js';
import { Lamb, type LambOptions } from './lamb.js';
import { Lars, type LarsOptions } from './lars.js';
import { Lion, type LionOptions } from './lion.js';
import type { Optimizer } from './optimizer.js';
import type { ParameterGroup } from './parameter-group.js';

type Make = (groups: readonly ParameterGroup[]) => Optimizer;

const everything = { decayFilter: decayEverything, adaptFilter: decayEverything };
const lars =
  (options: LarsOptions = {}): Make =>
  (groups) =>
    new Lars(groups, { weightDecay: 0.05, trustCoefficient: 0.1, ...options });
const lamb =
  (options: LambOptions = {}): Make =>
  (groups) =>
    new Lamb(groups, { weightDecay: 0.05, ...options });
const lion =
  (options: LionOptions): Make =>
  (groups) =>
    new Lion(groups, options);
/** torch_optimizer's, which adapts what does not decay, too. */
const uncorrected = { biasCorrection: false, maxWeightNorm: 10, adaptFilter: decayEverything } as const;

/** Every option of each, as the golden of this name has it. */
const registry: Readonly<Record<keyof typeof golden.cases, Make>> = {
  lars: lars(),
  'lars-plain': lars({ momentum: 0, weightDecay: 0.1, trustCoefficient: 0.2, epsilon: 0.01 }),
  'lars-nesterov': lars({ nesterov: true }),
  'lars-dampening': lars({ momentum: 0.8, dampening: 0.3 }),
  'lars-dampening-late': lars({ momentum: 0.8, dampening: 0.3 }),
  'lars-undecayed': lars({ weightDecay: 0, adaptFilter: () => false }),
  'lars-everything': lars(everything),
  'lars-always-adapt': lars({ weightDecay: 0, adaptFilter: decayEverything }),
  'lars-clip': lars({ trustClip: true }),
  lamb: lamb(),
  'lamb-betas': lamb({ betas: [0.8, 0.95] }),
  'lamb-epsilon': lamb({ epsilon: 0.1 }),
  'lamb-trust-clip': lamb({ trustClip: true, betas: [0.8, 0.95], epsilon: 1e-4 }),
  'lamb-timm-uncorrected': lamb({ biasCorrection: false }),
  'lamb-always-adapt': lamb({ adaptFilter: decayEverything }),
  'lamb-everything': lamb(everything),
  'lamb-clipped-gradients': lamb(),
  'lamb-uncorrected': lamb(uncorrected),
  'lamb-norm': lamb({ ...uncorrected, maxWeightNorm: 1.5 }),
  'lamb-debias': lamb(uncorrected),
  'lamb-adam': lamb({ ...uncorrected, adaptFilter: () => false }),
  lion: lion({ weightDecay: 0.05 }),
  'lion-betas': lion({ betas: [0.8, 0.95] }),
  'lion-everything': lion({ weightDecay: 0.3, decayFilter: decayEverything }),
  'lion-late': lion({ weightDecay: 0.05, decayFilter: decayMatrices }),
};

/** What a run needs beside the optimiser. */
const around: Partial<Record<keyof typeof golden.cases, Partial<TrajectoryOptions>>> = {
  // timm's Lamb clips by itself.
  'lamb-clipped-gradients': { before: (gradients) => clipByGlobalNorm(0.5).apply(gradients).gradients },
  'lamb-debias': { rate: (step) => (rateAt(step) * Math.sqrt(1 - 0.999 ** (step + 1))) / (1 - 0.9 ** (step + 1)) },
};

beforeAll(() => tf.setBackend('cpu'));

describe.each(Object.keys(registry) as (keyof typeof golden.cases)[])('%s', (name) => {
  it.each([false, true])('follows its reference over 100 steps (compiled: %s)', async (compiled) => {
    const options = { compiled, late: name.endsWith('late'), ...around[name] };
    await expectTrajectory(registry[name], golden.cases[name], options);
  });
});
