import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';

import { compile, settled } from '../../packages/ssl-tensor/src/compile/compile.js';
import { endMarkName } from '../../packages/ssl-tensor/src/engine/end-mark.js';
import {
  foldInKey,
  keyArray,
  randomBits,
  randomUniform,
  type TensorKey,
} from '../../packages/ssl-tensor/src/ops/random-uniform.js';
import { randomKey } from '@selfsup/ssl-core';
import '../support/to-be-all-close.js';
import { deviceUnderTest } from './exclusions.js';

interface ProfileEvent {
  readonly name: string;
  readonly args?: { readonly provider?: string };
}

const providers = { cpu: 'CPUExecutionProvider', webgpu: 'WebGpuExecutionProvider', cuda: 'CUDAExecutionProvider' };

const layer = (x: tf.Tensor2D, w: tf.Tensor2D): tf.Tensor => tf.softmax(tf.relu(tf.matMul(x, w)));
const operands = (): [tf.Tensor2D, tf.Tensor2D] => [
  tf.randomNormal([6, 8], 0, 1, 'float32', 1),
  tf.randomNormal([8, 5], 0, 1, 'float32', 2),
];

it.runIf(deviceUnderTest === 'tensorflow')(
  'computes on tfjs-node, and leaves the current backend as it was',
  async () => {
    await tf.setBackend('cpu');
    const before = tf.getBackend();
    let during = '';
    const variable = tf.variable(tf.scalar(2));
    const step = compile((x: tf.Tensor) => {
      during = tf.getBackend();
      variable.assign(tf.mul(variable, 3));
      return [tf.add(x, variable), variable, x] as tf.Tensor[];
    });
    const x = tf.tensor1d([1, 2]);
    const results = await step(x);
    expect([before, during, tf.getBackend()]).toEqual(['cpu', 'tensorflow', 'cpu']);
    expect(results.map((tensor) => [...tensor.dataSync()])).toEqual([[7, 8], [6], [1, 2]]);
    tf.dispose(results);
    expect([...x.dataSync(), ...variable.dataSync()]).toEqual([1, 2, 6]);
    expect(step.traces).toBe(0);
    tf.dispose([x, variable]);
  },
);

it.runIf(deviceUnderTest !== 'tensorflow')('computes on the provider of the device', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ssl-device-'));
  const [x, w] = operands();
  const compiled = compile(layer, { threads: 1, profile: join(folder, 'run') });
  const result = await compiled(x, w);
  expect(result).toBeAllClose(layer(x, w), { atol: 1e-6 });
  compiled.dispose();
  await settled();
  const events = readdirSync(folder).flatMap(
    (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as ProfileEvent[],
  );
  rmSync(folder, { recursive: true });
  // The node that ends a run makes no number: it is the CPU's on every device.
  const computing = events.filter(({ name }) => !name.startsWith(endMarkName));
  const used = new Set(computing.flatMap(({ args }) => args?.provider ?? []));
  expect([...used]).toEqual([providers[deviceUnderTest as keyof typeof providers]]);
});

it('draws the same random words, uniform numbers and keys as the host', async () => {
  const draw = (key: TensorKey): tf.Tensor[] => [
    randomBits(key, [257]),
    randomUniform(key, [3, 43]),
    foldInKey(key, 12_345),
  ];
  const key = keyArray(randomKey(11));
  const results = await compile(draw, { threads: 1 })(key);
  const host = draw(tf.tensor1d(key.data, 'int32'));
  results.forEach((result, index) => expect(result.dataSync()).toEqual(host[index]!.dataSync()));
  expect(new Set(results[0]!.dataSync()).size).toBe(257);
  tf.dispose([results, host]);
});
