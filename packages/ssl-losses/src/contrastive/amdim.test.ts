import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  contrastive,
  dot,
  draw,
  expectFinite,
  expectGolden,
  expectSlopes,
  extremes,
  logSumExp,
  mean,
  modes,
  whole,
  type Rows,
} from '../../../../test/golden/losses/contrastive.js';
import '../../../../test/support/to-be-all-close.js';
import { amdim, type AmdimFeatures } from './amdim.js';

interface Naive {
  readonly global: Rows;
  /** `places` rows for each image. */
  readonly coarse: Rows;
  readonly fine: Rows;
  readonly source: readonly number[];
}

/** Loss and mean square of the scores by loops in float64. */
function prediction(sources: Rows, targets: Rows, clip: number): [number, number] {
  const places = targets.length / sources.length;
  const raw = sources.map((x) => targets.map((y) => dot(x, y) / Math.sqrt(x.length)));
  const losses = raw.flatMap((row, i) => {
    const scores = row.map((score) => clip * Math.tanh(score / clip));
    const negatives = scores.filter((_, at) => Math.floor(at / places) !== i);
    return scores.slice(i * places, (i + 1) * places).map((own) => logSumExp([own, ...negatives]) - own);
  });
  return [mean(losses), mean(raw.flat().map((score) => score * score))];
}

function naive(first: Naive, second: Naive, clip: number, weight: number): number {
  const batch = first.global.length;
  const total = [
    [first, second],
    [second, first],
  ].map(([from, to]) => {
    const places = from!.coarse.length / batch;
    const atSource = from!.source.map((place, i) => from!.coarse[i * places + place]!);
    const pairs = [
      [from!.global, to!.coarse],
      [from!.global, to!.fine],
      [atSource, to!.coarse],
    ] as const;
    return pairs.reduce((sum, [x, y]) => {
      const [loss, square] = prediction(x, y, clip);
      return sum + loss + weight * square;
    }, 0);
  });
  return mean(total);
}

const features = (x: readonly tf.Tensor[], source: tf.Tensor): AmdimFeatures =>
  ({ global: x[0], coarse: x[1], fine: x[2], source }) as AmdimFeatures;

describe.each(modes)("amdim against the authors' formula, %s", (mode) => {
  it.each(contrastive.amdim.map(({ options }, index) => [index, options.tanhClip] as const))(
    'case %i, clip %d',
    async (index) => {
      const golden = contrastive.amdim[index]!;
      const parts = (x: readonly tf.Tensor[]): ReturnType<typeof amdim> =>
        amdim(
          features(x.slice(0, 3), whole(golden.firstSource)),
          features(x.slice(3), whole(golden.secondSource)),
          golden.options,
        );
      await expectGolden(mode, golden, (...x) => parts(x).total);
      const inputs = golden.inputs.map(({ data, shape }) => tf.tensor(data, shape));
      const { globalToCoarse, globalToFine, coarseToCoarse, regularization } = parts(inputs);
      expect(tf.stack([globalToCoarse, globalToFine, coarseToCoarse, regularization])).toBeAllClose(golden.parts);
    },
  );
});

describe('amdim against loops', () => {
  const view = (seed: number): Naive => ({
    global: draw(seed, 3, 4),
    coarse: draw(seed + 1, 6, 4),
    fine: draw(seed + 2, 9, 4),
    source: [1, 0, seed % 2],
  });
  const cube = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [3, -1, 4]);
  const tensors = ([g, c, f]: readonly tf.Tensor[], source: readonly number[]): AmdimFeatures =>
    features([g!, cube(c!), cube(f!)], tf.tensor1d([...source], 'int32'));

  it.each([
    [20, 0.04],
    [1, 0.5],
    [3, 0],
  ])('clip %d, regularisation %d', async (tanhClip, scoreRegularization) => {
    const [first, second] = [view(1), view(10)];
    await expectSlopes(
      (...x) =>
        amdim(tensors(x.slice(0, 3), first.source), tensors(x.slice(3), second.source), {
          tanhClip,
          scoreRegularization,
        }).total,
      (...x) => {
        const again = (rows: readonly Rows[], source: readonly number[]): Naive => ({
          global: rows[0]!,
          coarse: rows[1]!,
          fine: rows[2]!,
          source,
        });
        return naive(
          again(x.slice(0, 3), first.source),
          again(x.slice(3), second.source),
          tanhClip,
          scoreRegularization,
        );
      },
      [first, second].flatMap(({ global, coarse, fine }) => [global, coarse, fine]),
      1e-4,
    );
  });

  it('which view is first does not matter', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const random = new RandomStream(randomKey(seed));
        const [a, b] = [view(random.integer(1000)), view(random.integer(1000))].map(
          ({ global, coarse, fine, source }) =>
            tensors(
              [global, coarse, fine].map((rows) => tf.tensor2d(rows)),
              source,
            ),
        );
        expect(amdim(a!, b!).total).toBeAllClose(amdim(b!, a!).total);
      }),
      { seed: 5, numRuns: 12 },
    ));
});

describe('amdim at the edges', () => {
  it.each(extremes(4))('%s are finite', async (_name, rows) => {
    const source = tf.tensor1d([0, 0, 0, 0], 'int32');
    const cube = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [4, 1, 3]);
    await expectFinite(
      (x) => {
        const view = features([x!, cube(x!), cube(x!)], source);
        return amdim(view, view).total;
      },
      [rows],
    );
  });

  it('names what is wrong', () => {
    const source = tf.zeros([2], 'int32');
    const [g, map] = [tf.ones([2, 3]), tf.ones([2, 4, 3])];
    const view = features([g, map, map], source);
    expect(() => amdim(view, features([g, tf.ones([2, 5, 3]), map], source))).toThrow('amdim: second.coarse must be');
    expect(() => amdim(view, features([g, map, map], tf.zeros([2])))).toThrow(ShapeError);
    expect(() => amdim(view, view, { tanhClip: 0 })).toThrow(InvalidOptionError);
    expect(() => amdim(view, view, { scoreRegularization: -1 })).toThrow(InvalidOptionError);
    const one = features([tf.ones([1, 3]), tf.ones([1, 4, 3]), tf.ones([1, 4, 3])], tf.zeros([1], 'int32'));
    expect(() => amdim(one, one)).toThrow('two or more images');
  });
});
