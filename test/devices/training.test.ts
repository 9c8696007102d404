import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';

import { parityNets } from '../../packages/ssl-tensor/test/parity/nets/index.js';
import { trainNet } from '../../packages/ssl-tensor/test/parity/train-parity.js';
import '../support/to-be-all-close.js';
import { deviceUnderTest } from './exclusions.js';

it.each(parityNets.map((net) => [net.name, net] as const))(
  `%s trains on ${deviceUnderTest} as on TF.js's CPU backend`,
  async (_, net) => {
    const run = { net, makeOptimizer: () => tf.train.momentum(0.05, 0.9), steps: 3, seed: 7 };
    const eager = await trainNet(run);
    const onDevice = await trainNet({ ...run, compiled: { threads: 1 } });
    expect(onDevice.losses).toBeAllClose(eager.losses, { rtol: 1e-4, atol: 0 });
    const start = net.variables(run.seed);
    for (const [name, values] of Object.entries(eager.weights)) {
      expect(onDevice.weights[name]!).toBeAllClose(values, { rtol: 0, atol: 1e-4 });
      const first = start[name]!.dataSync();
      expect(values.some((value, index) => Math.abs(value - first[index]!) > 1e-4)).toBe(true);
    }
    tf.dispose(Object.values(start));
  },
  120_000,
);
