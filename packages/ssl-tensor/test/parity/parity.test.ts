import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';

import '../../../../test/support/to-be-all-close.js';
import { parityNets } from './nets/index.js';
import { trainNet } from './train-parity.js';

const optimizers = {
  'momentum 0.9': () => tf.train.momentum(0.05, 0.9),
  adam: () => tf.train.adam(0.01),
} as const;

describe.each(parityNets)('$name: five training steps compiled are those of TF.js on its CPU backend', (net) => {
  it.each(Object.entries(optimizers))('with %s', async (_, makeOptimizer) => {
    const run = { net, makeOptimizer, steps: 5, seed: 7 };
    const eager = await trainNet(run);
    const compiled = await trainNet({ ...run, compiled: { device: 'cpu', threads: 1 } });
    expect(compiled.losses).toBeAllClose(eager.losses, { rtol: 1e-5, atol: 0 });
    const start = net.variables(run.seed);
    for (const [name, values] of Object.entries(eager.weights)) {
      expect(compiled.weights[name]!).toBeAllClose(values, { rtol: 0, atol: 1e-4 });
      // Every weight learns: the agreement is not one of what stands still.
      const first = start[name]!.dataSync();
      expect(values.reduce((most, value, index) => Math.max(most, Math.abs(value - first[index]!)), 0)).toBeGreaterThan(
        1e-3,
      );
    }
    tf.dispose(Object.values(start));
  });
});
