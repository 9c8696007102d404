import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { registerSslBackend } from './register-backend.js';
import { fieldsOf, isDropout, tensorReader, tfjsEngine } from './tfjs-internals.js';

const backend = registerSslBackend();

it('the installed TF.js has the members that are used beyond its types', () => {
  const engine = tfjsEngine();
  for (const name of ['nextTensorId', 'isTapeOn', 'runKernelFunc', 'addTapeNode'] as const)
    expect([name, typeof engine[name]]).toEqual([name, 'function']);
  expect(engine.nextTensorId()).toBe(engine.nextTensorId() - 1);
  expect(engine.state).toMatchObject({ gradientDepth: 0 });
  expect(typeof tensorReader().dataSync).toBe('function');
  expect(backend).toMatchObject({ firstUse: false });
  expect(isDropout(layers.dropout({ rate: 0.5 }) as never)).toBe(true);

  const x = tf.tensor1d([1, 2]);
  expect(engine.state.tensorInfo.get(x.dataId)).toMatchObject({ backend, shape: [2] });
  expect(fieldsOf(x).isDisposedInternal).toBe(false);
  x.dispose();
  expect(fieldsOf(x).isDisposedInternal).toBe(true);
});

it('the tape holds what an op has saved and its gradient', () => {
  const gradient = tf.grad((x: tf.Tensor) => {
    const y = tf.exp(x);
    const node = tfjsEngine().state.activeTape!.at(-1)!;
    expect(Object.values(node.inputs)).toEqual([x]);
    expect(node.saved).toHaveLength(1);
    expect(typeof node.gradient).toBe('function');
    expect(tfjsEngine().state.gradientDepth).toBe(1);
    return y;
  });
  expect(gradient(tf.scalar(0)).dataSync()[0]).toBe(1);
});
