import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { CheckpointError, InvalidOptionError, randomKey } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { expectBackboneGolden } from '../../../../../test/golden/vision/expect-backbone.js';
import type { BackboneCase } from '../../../../../test/golden/vision/expect-backbone.js';
import { resizePositions } from './resize-positions.js';
import { VisionTransformer } from './vision-transformer.js';
import type { VisionTransformerOptions } from './vision-transformer-options.js';

const file = new URL('../../../../../test/golden/vision/vit-more.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8')) as { cases: Record<string, BackboneCase> };
const key = randomKey(2);
const small = { key, imageSize: 8, patchSize: 4, dim: 12, depth: 2, heads: 2, registers: 3 } as const;
const images = tf.randomNormal([2, 8, 8, 3], 0, 1, 'float32', 5) as tf.Tensor4D;

function expectClose(actual: tf.Tensor, expected: tf.Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]!).toBeLessThan(1e-5);
}

describe.each(['eager', 'compiled'] as const)('VisionTransformer with registers and more, %s', (mode) => {
  it.each(Object.entries(golden.cases))('equals timm: %s', async (_, expected) => {
    const options = expected.options as unknown as VisionTransformerOptions;
    await expectBackboneGolden(new VisionTransformer({ ...options, key }), expected, mode);
  });
});

describe('registers', () => {
  it('are in the prefix and in no mean', () => {
    const model = new VisionTransformer({ ...small, pool: 'both' });
    const { tokens, prefix } = model.encode(images);
    expect([prefix, tokens.shape, model.featureDim, model.tokenDim]).toEqual([4, [2, 8, 12], 24, 12]);
    const cls = tf.reshape(tf.slice(tokens, [0, 0, 0], [2, 1, 12]), [2, 12]);
    const mean = tf.mean(tf.slice(tokens, [0, 4, 0], [2, 4, 12]), 1);
    expectClose(model.forward(images), tf.concat([cls, mean], 1));
  });

  it('stay where only some patches are kept', () => {
    const model = new VisionTransformer({ ...small, positions: 'sinCos' });
    const all = tf.tensor2d([0, 1, 2, 3, 0, 1, 2, 3], [2, 4], 'int32');
    expectClose(model.encode(images, undefined, { keep: all }).tokens, model.encode(images).tokens);
    const some = model.encode(images, undefined, { keep: tf.slice(all, [0, 1], [2, 2]) as tf.Tensor2D });
    expect(some.tokens.shape).toEqual([2, 6, 12]);
  });

  it('leave other picture sizes to interpolated positions', () => {
    const model = new VisionTransformer(small);
    const larger = new VisionTransformer({ ...small, imageSize: [12, 16] });
    const state = new Map(model.stateDict());
    const positions = state.get('pos_embed') as NdArray<Float32Array>;
    expect(() => larger.loadStateDict(state)).toThrow('{ to: [3, 4], prefix: 0 }');
    state.set('pos_embed', resizePositions(positions, { to: [3, 4], prefix: 0 }));
    larger.loadStateDict(state);
    const wide = tf.randomNormal([1, 12, 16, 3], 0, 1, 'float32', 6) as tf.Tensor4D;
    expectClose(model.forward(wide), larger.forward(wide));
  });

  it('are a whole number', () => {
    for (const registers of [-1, 0.5])
      expect(() => new VisionTransformer({ ...small, registers })).toThrow(InvalidOptionError);
  });
});

/** The state as DINOv2's hub publishes it: the class token and its position apart. */
function asDinoV2(state: ReadonlyMap<string, NdArray>): Map<string, NdArray> {
  const published = new Map<string, NdArray>();
  for (const [name, array] of state)
    published.set(name.replace('reg_token', 'register_tokens').replace('blocks.1.', 'blocks.0.1.'), array);
  const cls = state.get('cls_token')!.data as Float32Array;
  const positions = state.get('pos_embed')!;
  const own = Float32Array.from({ length: cls.length }, (_, i) => i / 8);
  published.set('cls_token', { data: cls.map((value, i) => value - own[i]!), shape: [1, 1, cls.length] });
  published.set('pos_embed', {
    data: Float32Array.from([...own, ...(positions.data as Float32Array)]),
    shape: [1, 5, cls.length],
  });
  published.set('mask_token', { data: new Float32Array(cls.length).fill(0.5), shape: [1, cls.length] });
  return published;
}

describe("DINOv2's published names", () => {
  const options = { ...small, layerScale: 1e-5, mlp: 'swiglu-packed', mlpHidden: 16 } as const;

  it('load, with the position of the class token in the class token', () => {
    const source = new VisionTransformer({ ...options, key: randomKey(9) });
    // A start of 1e-6 would drown in the position's digits.
    source.clsToken.variable.assign(tf.randomNormal([1, 1, 12], 0, 1, 'float32', 7));
    const model = new VisionTransformer(options);
    const { ignored } = model.loadStateDict(asDinoV2(source.stateDict()));
    expect([...ignored.keys()]).toEqual(['mask_token']);
    expectClose(model.forward(images), source.forward(images));
  });

  it('load with a mask token, and without registers', () => {
    const model = new VisionTransformer({ ...options, maskToken: true });
    model.loadStateDict(asDinoV2(new VisionTransformer(options).stateDict()));
    expect(model.stateDict().get('mask_token')!.shape).toEqual([1, 1, 12]);
    const plain = new VisionTransformer({ ...options, registers: 0, maskToken: true });
    const state = new Map(plain.stateDict());
    state.set('mask_token', { ...state.get('mask_token')!, shape: [1, 12] });
    expect(plain.loadStateDict(state).unexpected).toEqual([]);
  });

  it("load with timm's names of the gated layers", () => {
    const source = new VisionTransformer(options);
    const state = new Map<string, NdArray>();
    for (const [name, array] of source.stateDict())
      state.set(name.replace('mlp.w12', 'mlp.fc1').replace('mlp.w3', 'mlp.fc2'), array);
    const model = new VisionTransformer({ ...options, key: randomKey(8) });
    model.loadStateDict(state);
    expectClose(model.forward(images), source.forward(images));
  });

  it('of another grid are refused with what helps', () => {
    const larger = new VisionTransformer({ ...options, imageSize: 12 });
    const state = asDinoV2(new VisionTransformer(options).stateDict());
    expect(() => larger.loadStateDict(state)).toThrow(CheckpointError);
    expect(() => larger.loadStateDict(state)).toThrow('with prefix: 1');
    const positions = state.get('pos_embed') as NdArray<Float32Array>;
    state.set('pos_embed', resizePositions(positions, { to: [3, 3], prefix: 1 }));
    expect(larger.loadStateDict(state).missing).toEqual([]);
  });
});

describe('checkpointed blocks', () => {
  it('have the gradients of kept ones, branches dropped alike', () => {
    const options = { ...small, layerScale: 0.5, dropPath: 0.5, pool: 'both' } as const;
    const ctx = { ...training, key: tf.tensor1d([1, 2], 'int32') };
    const gradient = (checkpointBlocks: boolean): tf.Tensor => {
      const model = new VisionTransformer({ ...options, checkpointBlocks });
      return tf.grad((x: tf.Tensor) => tf.sum(tf.square(model.forward(x as tf.Tensor4D, ctx))))(images);
    };
    expectClose(gradient(true), gradient(false));
  });
});
