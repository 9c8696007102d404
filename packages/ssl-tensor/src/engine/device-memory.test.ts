import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { DeviceEngine } from '../../../../test/support/device-engine.js';
import { InvalidOptionError, ndArray, UnsupportedOpError } from '@selfsup/ssl-core';
import { fetched } from '../backend/fetched.js';
import { compile, settled } from '../compile/compile.js';
import { hostCall } from '../ops/host-call.js';
import * as choose from './choose-engine.js';

/** All compiled functions of `body` run on an engine whose memory the host does not see. */
async function onDevice(body: (engine: DeviceEngine) => Promise<void>): Promise<void> {
  const engine = new DeviceEngine();
  const spy = vi.spyOn(choose, 'engineFor').mockResolvedValue(engine);
  try {
    await body(engine);
  } finally {
    spy.mockRestore();
  }
}

vi.mock(import('./choose-engine.js'), async (original) => ({ ...(await original()) }));

const close = { rtol: 1e-6, atol: 1e-6 };

it('state is read at once after fetched(), and refused with that advice before', () =>
  onDevice(async (engine) => {
    const weight = tf.variable(tf.tensor2d([1, 2, 3, 4], [2, 2]));
    const step = compile((x: tf.Tensor) => {
      weight.assign(tf.add(weight, x));
      return tf.sum(weight);
    });
    (await step(ndArray(Float32Array.of(1, 1, 1, 1), [2, 2]))).dispose();
    expect(() => weight.dataSync()).toThrow(UnsupportedOpError);
    expect(() => weight.dataSync()).toThrow(/device 'cpu'.*await fetched\(variables\)/s);
    await fetched([weight]);
    expect(weight.dataSync()).toEqual(Float32Array.of(2, 3, 4, 5));
    // Fetched once: the value stays on the host until the next run.
    const { reads } = engine;
    await fetched([{ variable: weight }]);
    await fetched();
    expect(engine.reads).toBe(reads);
    (await step(ndArray(Float32Array.of(1, 1, 1, 1), [2, 2]))).dispose();
    expect(() => weight.dataSync()).toThrow(/fetched/);
    expect(await weight.data()).toEqual(Float32Array.of(3, 4, 5, 6));
    // And eager code sees what was fetched.
    expect(tf.mul(weight, 2).dataSync()).toEqual(Float32Array.of(6, 8, 10, 12));
    weight.dispose();
    step.dispose();
    await settled();
    expect(engine.live).toBe(0);
  }));

it('results stay on the device until they are awaited, and go into other calls without the host', () =>
  onDevice(async (engine) => {
    const double = compile((x: tf.Tensor) => tf.mul(x, 2));
    const first = await double(ndArray(Float32Array.of(1, 2), [2]));
    expect(() => first.dataSync()).toThrow(/await tensor\.data\(\)/);
    const pending = double(first);
    first.dispose();
    const second = await pending;
    expect(engine.reads).toBe(0);
    expect(await second.data()).toEqual(Float32Array.of(4, 8));
    second.dispose();
    double.dispose();
    await settled();
    expect(engine.live).toBe(0);
  }));

it('a failing call frees what it had made', () =>
  onDevice(async (engine) => {
    const pick = compile((x: tf.Tensor, index: tf.Tensor) => tf.gather(x, index));
    await expect(pick(ndArray(Float32Array.of(1), [1]), ndArray(Int32Array.of(7), [1]))).rejects.toThrow(/index/);
    pick.dispose();
    await settled();
    expect(engine.live).toBe(0);
  }));

it('host calls are given values and give values', () =>
  onDevice(async (engine) => {
    const offset = tf.variable(tf.tensor1d([1, 2]));
    const step = compile((x: tf.Tensor) => {
      const [doubled] = hostCall([tf.exp(x), offset], [{ shape: [2], dtype: 'float32' }], ([a, b]) => [
        ndArray(
          Float32Array.from(a!.data, (value, i) => value * 2 + b!.data[i]!),
          [2],
        ),
      ]);
      offset.assign(tf.add(offset, 1) as tf.Tensor1D);
      return tf.add(doubled!, x);
    });
    for (const by of [1, 2]) {
      const result = await step(ndArray(Float32Array.of(0, 0), [2]));
      expect(await result.data()).toEqual(Float32Array.of(2 + by, 3 + by));
      result.dispose();
    }
    offset.dispose();
    step.dispose();
    await settled();
    expect(engine.live).toBe(0);
  }));

it('a variable that shares its value with another is parted from it, and one of another engine moves', () =>
  onDevice(async (engine) => {
    const other = new DeviceEngine();
    const weight = tf.variable(tf.tensor1d([1, 2]));
    const add = compile((x: tf.Tensor) => {
      weight.assign(tf.add(weight, x) as tf.Tensor1D);
    });
    const one = ndArray(Float32Array.of(1, 1), [2]);
    await add(one);
    const kept = weight.clone();
    // A new trace, and a run of the one there is.
    const multiply = compile(() => weight.assign(tf.mul(weight, 10) as tf.Tensor1D));
    await multiply();
    await add(one);
    expect(await kept.data()).toBeAllClose([2, 3], close);
    const again = weight.clone();
    await add(one);
    expect(await again.data()).toBeAllClose([21, 31], close);
    vi.mocked(choose.engineFor).mockResolvedValue(other);
    const moved = compile((x: tf.Tensor) => tf.mul(weight, x), { name: 'elsewhere' });
    const result = await moved(weight);
    expect(await result.data()).toBeAllClose([22 * 22, 32 * 32], close);
    tf.dispose([weight, kept, again, result]);
    for (const fn of [add, multiply, moved]) fn.dispose();
    await settled();
    expect([engine.live, other.live]).toEqual([0, 0]);
  }));

it('Variables that are made inside start on the device', () =>
  onDevice(async (engine) => {
    const weight = tf.variable(tf.scalar(1));
    const optimizer = tf.train.adam(0.1);
    const step = compile(() => optimizer.minimize(() => tf.square(weight) as tf.Scalar, true, [weight])!);
    for (let i = 0; i < 2; i++) (await step()).dispose();
    expect(await weight.data()).toBeAllClose([0.8], { rtol: 1e-2 });
    expect(engine.live).toBeGreaterThan(1);
    optimizer.dispose();
    weight.dispose();
    step.dispose();
  }));

it('on the host there is nothing to fetch, and what is no tensor is refused', async () => {
  const weight = tf.variable(tf.scalar(1));
  const step = compile(() => weight.assign(tf.add(weight, 1)));
  await step();
  expect(weight.dataSync()[0]).toBe(2);
  await fetched([weight]);
  await expect(fetched([3 as never])).rejects.toThrow(InvalidOptionError);
  await expect(fetched([undefined as never])).rejects.toThrow(/fetched.*tensors/);
});
