import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { InvalidOptionError, ShapeError, UnsupportedOpError } from '../index.js';
import { type KernelCall, traceKernels } from './trace-kernels.js';

it('tells the calls in their order, with shapes and attributes, and undoes what is assigned', async () => {
  const weight = tf.variable(tf.ones([3, 3, 2, 4])) as tf.Variable<tf.Rank.R4>;
  const count = tf.variable(tf.scalar(0));
  const before = tf.memory().numTensors;
  const calls: KernelCall[] = [];
  await traceKernels(
    (x) => {
      count.assign(tf.add(count, 1));
      return tf.relu(tf.conv2d(x as tf.Tensor4D, weight, 2, 'same'));
    },
    [[5, 8, 8, 2]],
    (call) => calls.push(call),
  );
  expect(calls.map(({ kernel }) => kernel)).toEqual(['Add', 'Conv2D', 'Relu']);
  expect(calls[1]).toMatchObject({
    inputs: { x: [5, 8, 8, 2], filter: [3, 3, 2, 4] },
    outputs: [[5, 4, 4, 4]],
    attributes: { pad: 'same' },
  });
  expect(count.dataSync()[0]).toBe(0);
  expect(tf.memory().numTensors).toBe(before);
});

it('refuses what compile() refuses, and what are no shapes', async () => {
  const ignore = (): void => undefined;
  await expect(traceKernels((x) => x.dataSync(), [[2]], ignore)).rejects.toThrow(UnsupportedOpError);
  await expect(traceKernels((x) => x, [[0]], ignore)).rejects.toThrow(ShapeError);
  await expect(traceKernels((x) => x, [2] as never, ignore)).rejects.toThrow('such as [[1, 224, 224, 3]]');
  await expect(traceKernels(3 as never, [[2]], ignore)).rejects.toThrow(InvalidOptionError);
  await expect(traceKernels((x) => x, [[2]], undefined as never)).rejects.toThrow(InvalidOptionError);
});
