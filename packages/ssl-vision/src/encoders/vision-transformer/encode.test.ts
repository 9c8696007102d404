import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { tokenMaps } from '@selfsup/ssl-nn';
import { CheckpointError, InvalidOptionError, ShapeError, compile, randomKey } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { hashArray } from '../../../../../test/golden/vision/hash-fill.js';
import { resizePositions } from './resize-positions.js';
import { VisionTransformer } from './vision-transformer.js';

const small = { key: randomKey(0), imageSize: 8, patchSize: 4, dim: 12, depth: 3, heads: 2 } as const;
const images = tf.randomNormal([2, 8, 8, 3], 0, 1, 'float32', 5) as tf.Tensor4D;

/** Weights of a model in one of another picture size, the positions resized. */
function fitted(model: VisionTransformer, to: [number, number]): Map<string, NdArray> {
  const state = new Map(model.stateDict());
  state.set('pos_embed', resizePositions(state.get('pos_embed') as NdArray<Float32Array>, { to }));
  return state;
}

function expectClose(actual: tf.Tensor, expected: tf.Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  const difference = tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]!;
  expect(difference).toBeLessThan(1e-5);
}

describe('VisionTransformer.encode', () => {
  it('gives the tokens of chosen blocks, with the final norm or without', () => {
    const model = new VisionTransformer(small);
    const { blocks, tokens } = model.encode(images, undefined, { blocks: [0, 2, 3], norm: false });
    expect(blocks.length).toBe(3);
    expect(tokens).toBe(blocks[2]);
    expectClose(model.blocks[2]!.forward(blocks[1]!), tokens);
    expectClose(model.blocks[1]!.forward(model.blocks[0]!.forward(blocks[0]!)), blocks[1]!);
    expectClose(model.encode(images).tokens, model.norm.forward(tokens));
    expectClose(model.encode(images, undefined, { blocks: [2] }).tokens, model.norm.forward(blocks[1]!));
    const [map] = tokenMaps(model.encode(images));
    expect(map!.shape).toEqual([2, 2, 2, 12]);
    expectClose(tf.reshape(map!, [2, 4, 12]), tf.slice(model.encode(images).tokens, [0, 1, 0], [2, 4, 12]));
  });

  it('puts the mask token in place of masked patches, also among kept ones', () => {
    const model = new VisionTransformer({ ...small, maskToken: true });
    const mask = tf.tensor2d([0, 1, 0, 1, 1, 0, 0, 0], [2, 4], 'int32');
    const embedded = (options: object): tf.Tensor3D =>
      model.encode(images, undefined, { blocks: [0], norm: false, ...options }).tokens;
    const [plain, masked] = [embedded({}).arraySync(), embedded({ mask }).arraySync()];
    const [token, positions] = [
      model.maskToken!.variable.arraySync(),
      model.posEmbed!.variable.arraySync(),
    ] as number[][][][];
    mask.arraySync().forEach((row, image) =>
      row.forEach((mark, place) =>
        masked[image]![place + 1]!.forEach((value, i) => {
          const stands = token![0]![0]![i as never]! as unknown as number;
          const hidden = stands + (positions![0]![place + 1]![i as never] as unknown as number);
          expect(value).toBeCloseTo(mark === 1 ? hidden : plain[image]![place + 1]![i]!, 5);
        }),
      ),
    );
    const keep = tf.tensor2d([3, 0, 2, 0], [2, 2], 'int32');
    const kept = embedded({ mask, keep }).arraySync();
    keep
      .arraySync()
      .forEach((row, image) =>
        row.forEach((place, i) =>
          kept[image]![i + 1]!.forEach((value, j) => expect(value).toBeCloseTo(masked[image]![place + 1]![j]!, 5)),
        ),
      );
    const given = model.encode(images, undefined, { mask, keep });
    expect([given.mask, given.kept]).toEqual([mask, keep]);
    expect(() => tokenMaps(given)).toThrow('Leave keep out');
    expect(() => tokenMaps(given.tokens as never)).toThrow('tokenMaps(encoder.encode(images))');
  });

  it('trains the mask token', () => {
    const model = new VisionTransformer({ ...small, maskToken: true });
    const mask = tf.tensor2d([0, 1, 0, 1, 1, 0, 0, 0], [2, 4], 'int32');
    const variable = model.maskToken!.variable;
    const { grads } = tf.variableGrads(
      () => tf.sum(tf.square(model.encode(images, undefined, { mask, norm: false }).tokens)) as tf.Scalar,
      [variable],
    );
    expect(tf.max(tf.abs(grads[variable.name]!)).dataSync()[0]).toBeGreaterThan(1e-3);
  });

  it('refuses what it cannot follow', () => {
    const model = new VisionTransformer(small);
    const mask = tf.ones([2, 4]) as tf.Tensor2D;
    expect(() => model.encode(images, undefined, { mask })).toThrow('maskToken: true');
    for (const blocks of [[], [4], [2, 1], [-1], [1.5]])
      expect(() => model.encode(images, undefined, { blocks })).toThrow(InvalidOptionError);
    expect(() => model.encode(images, undefined, { keep: tf.zeros([3, 1], 'int32') })).toThrow(ShapeError);
    expect(() => model.encode(images, undefined, { mask: tf.ones([2, 3]) })).toThrow(ShapeError);
  });
});

describe('VisionTransformer on images of another size', () => {
  const large = hashArray([2, 12, 8, 3], 1);
  const input = (): tf.Tensor4D => tf.tensor4d(large.data, [2, 12, 8, 3]);

  it.each(['learnt', 'sinCos'] as const)(
    'equals a model of that size whose %s positions were resized',
    async (positions) => {
      const model = new VisionTransformer({ ...small, positions });
      const other = new VisionTransformer({ ...small, positions, imageSize: [12, 8], key: randomKey(1) });
      other.loadStateDict(fitted(model, [3, 2]));
      expectClose(model.encode(input()).tokens, other.encode(input()).tokens);
      expect(model.encode(input()).grid).toEqual([3, 2]);
      const keep = tf.tensor2d([5, 0, 4, 1], [2, 2], 'int32');
      expectClose(model.encode(input(), undefined, { keep }).tokens, other.encode(input(), undefined, { keep }).tokens);
      const run = compile((x: tf.Tensor4D) => model.forward(x));
      expectClose(await run(large), other.forward(input()));
      const own = hashArray([2, 8, 8, 3], 2);
      expectClose(await run(own), model.forward(tf.tensor4d(own.data, [2, 8, 8, 3])));
      expectClose(await run(large), other.forward(input()));
    },
  );

  it('gives positions their gradient through the interpolation', () => {
    const model = new VisionTransformer(small);
    const { variable } = model.posEmbed!;
    const { grads } = tf.variableGrads(
      () => tf.sum(model.encode(input(), undefined, { blocks: [0], norm: false }).tokens) as tf.Scalar,
      [variable],
    );
    // Each row of the matrix sums to 1, and 3 x 2 places come from 2 x 2.
    expect(tf.sum(grads[variable.name]!).dataSync()[0]).toBeCloseTo(2 * 7 * 12, 3);
  });

  it('says at loading how positions of another grid fit, and then they do', () => {
    const other = new VisionTransformer({ ...small, imageSize: 12 });
    const state = new VisionTransformer(small).stateDict();
    const advice = "state.set('pos_embed', resizePositions(state.get('pos_embed'), { to: [3, 3] }))";
    expect(() => other.loadStateDict(state)).toThrow(CheckpointError);
    expect(() => other.loadStateDict(state)).toThrow(advice);
    state.set('pos_embed', resizePositions(state.get('pos_embed') as NdArray<Float32Array>, { to: [3, 3] }));
    expect(other.loadStateDict(state)).toMatchObject({ missing: [], unexpected: [] });
  });
});
