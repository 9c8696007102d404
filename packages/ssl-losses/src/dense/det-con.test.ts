import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { dense } from '../../../../test/golden/losses/dense.js';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import {
  dot,
  draw,
  expectFinite,
  expectGolden,
  extremes,
  mean,
  ofLargest,
  sum,
  unit,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { detConB, detConS } from './det-con.js';

/** One direction by loops in float64, means over regions; rows are the regions of image after image. */
function direction(
  anchors: Rows,
  own: Rows,
  other: Rows,
  masks: Rows,
  otherMasks: Rows,
  temperature: number,
): number[] {
  const regions = masks[0]!.length;
  const similarity = (a: Rows, i: number, b: Rows, j: number): number => dot(unit(a[i]!), unit(b[j]!)) / temperature;
  const losses = anchors.map((_, i) => {
    const [image, mask] = [Math.floor(i / regions), masks.flat()[i]!];
    const same = (j: number, of: Rows): boolean => Math.floor(j / regions) === image && of.flat()[j] === mask;
    const everywhere = other.map((__, j) => similarity(anchors, i, other, j));
    const rest = own.flatMap((__, j) => (same(j, masks) ? [] : [similarity(anchors, i, own, j)]));
    const all = [...everywhere, ...rest];
    const largest = Math.max(...all);
    const total = largest + Math.log(sum(all.map((x) => Math.exp(x - largest))));
    const positives = everywhere.filter((__, j) => same(j, otherMasks));
    if (positives.length === 0) return 0;
    return (total - mean(positives)) / masks[image]!.filter((each) => each === mask).length;
  });
  return masks.map((_, image) => mean(losses.slice(image * regions, (image + 1) * regions)));
}

const cube = (rows: Rows, batch: number): tf.Tensor3D =>
  tf.reshape(tf.tensor2d(rows), [batch, rows.length / batch, rows[0]!.length]);
const int = (masks: Rows): tf.Tensor2D => tf.tensor2d(masks, undefined, 'int32');
const drawMasks = (seed: number, batch: number, regions: number): Rows => {
  const random = new RandomStream(randomKey(seed));
  return Array.from({ length: batch }, () => Array.from({ length: regions }, () => random.integer(3)));
};

describe.each(['eager', 'compiled'] as const)('detCon against lightly, %s', (mode) => {
  it.each(dense.detCon.map(({ name, options, inputs }, index) => [index, name, options, inputs[0]!.shape] as const))(
    'case %i, %s, %j, %j',
    async (index, name, options) => {
      const golden = dense.detCon[index]!;
      const [masks0, masks1] = golden.masks.map(({ data, shape }) =>
        tf.tensor2d(data, shape as [number, number], 'int32'),
      ) as [tf.Tensor2D, tf.Tensor2D];
      const run = (...inputs: tf.Tensor[]): tf.Scalar => {
        const [a, b, c, d] = inputs as tf.Tensor3D[];
        if (name === 'S') return detConS(a!, b!, masks0, masks1, options);
        const [first, second] = [
          { prediction: a!, target: c!, masks: masks0 },
          { prediction: b!, target: d!, masks: masks1 },
        ];
        return detConB(first, second, options);
      };
      await expectGolden(mode, golden, run, 2e-5);
    },
  );
});

it.each([
  [3, 4, 3, 0.1],
  [1, 5, 4, 1],
  [2, 1, 2, 0.3],
])('detConB against loops: %i images of %i regions of %i, temperature %d', async (batch, regions, dim, temperature) => {
  const inputs = [1, 2, 3, 4].map((seed) => draw(seed, batch * regions, dim)) as [Rows, Rows, Rows, Rows];
  const [masks0, masks1] = [drawMasks(5, batch, regions), drawMasks(6, batch, regions)];
  const expected = ([p0, p1, t0, t1]: readonly Rows[]): number[] => {
    const back = direction(p1!, t1!, t0!, masks1, masks0, temperature);
    return direction(p0!, t0!, t1!, masks0, masks1, temperature).map((loss, image) => loss + back[image]!);
  };
  const run = <R extends 'mean' | 'sum' | 'none'>(x: readonly tf.Tensor2D[], reduction: R): tf.Tensor => {
    const [p0, p1, t0, t1] = x.map((each) => tf.reshape(each, [batch, regions, dim])) as tf.Tensor3D[];
    return detConB(
      { prediction: p0!, target: t0!, masks: int(masks0) },
      { prediction: p1!, target: t1!, masks: int(masks1) },
      { temperature, reduction },
    );
  };
  const tensors = inputs.map((rows) => tf.tensor2d(rows));
  expect(run(tensors, 'none')).toBeAllClose(expected(inputs), { rtol: 2e-5, atol: 1e-5 });
  expect(run(tensors, 'sum')).toBeAllClose(sum(expected(inputs)), { rtol: 2e-5, atol: 1e-5 });
  const [, ...gradients] = await lossAndGradients('eager', (...x) => run(x, 'mean') as tf.Scalar, tensors);
  const slopes = inputs.map((rows, i) => finiteDifferences((x) => mean(expected(inputs.with(i, x))), rows));
  const tolerance = ofLargest(slopes.flat(2), 2e-5);
  gradients.forEach((gradient, i) => expect(gradient).toBeAllClose(slopes[i]!, tolerance));
});

it('detConS: order of views, of images and of regions, names of masks and lengths change nothing', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 4 }), (seed, batch) => {
      const [v0, v1] = [draw(seed, 3 * batch, 4), draw(seed + 1, 3 * batch, 4)];
      const [m0, m1] = [drawMasks(seed, batch, 3), drawMasks(seed + 1, batch, 3)];
      const run = (a: Rows, b: Rows, c: Rows, d: Rows): tf.Scalar =>
        detConS(cube(a, batch), cube(b, batch), int(c), int(d));
      const plain = run(v0, v1, m0, m1);
      const close = { rtol: 5e-5, atol: 1e-5 };
      expect(run(v1, v0, m1, m0)).toBeAllClose(plain, close);
      const random = new RandomStream(randomKey(seed));
      const [images, places] = [[...random.permutation(batch)], [...random.permutation(3)]];
      const turnedView = (x: Rows): Rows => images.flatMap((i) => places.map((j) => x[3 * i + j]!));
      const turnedMask = (x: Rows): Rows => images.map((i) => places.map((j) => x[i]![j]!));
      expect(run(turnedView(v0), turnedView(v1), turnedMask(m0), turnedMask(m1))).toBeAllClose(plain, close);
      const renamed = (x: Rows): Rows => x.map((row) => row.map((mask) => 100 - 7 * mask));
      const scaled = v0.map((row, i) => row.map((x) => x * (i + 0.5)));
      expect(run(scaled, v1, renamed(m0), renamed(m1))).toBeAllClose(plain, close);
    }),
    { seed: 3, numRuns: 20 },
  ));

describe('detCon at the edges', () => {
  const masks = int([
    [0, 1],
    [1, 1],
  ]);
  it.each(extremes(4))('%s at temperature 0.01', async (_name, z) => {
    const view = (x: tf.Tensor): tf.Tensor3D => tf.reshape(x, [2, 2, 3]);
    await expectFinite((a, b) => detConS(view(a!), view(b!), masks, masks, { temperature: 0.01 }), [z, z.toReversed()]);
  });

  it('regions without a partner cost nothing', () => {
    const x = cube(draw(1, 4, 3), 2);
    const others = int([
      [2, 3],
      [4, 5],
    ]);
    expect(detConS(x, x, masks, others)).toBeAllClose(0);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([2, 2, 3]) as tf.Tensor3D;
    const view = { prediction: x, target: x, masks };
    expect(() => detConS(x, tf.zeros([2, 2, 4]), masks, masks)).toThrow(
      'detConS: view1.prediction must be float32 [2, 2, 3], got float32 [2, 2, 4]',
    );
    expect(() => detConB(view, { ...view, masks: tf.zeros([2, 3], 'int32') })).toThrow(
      'view1.masks must be int32 [2, 2]',
    );
    expect(() => detConB(view, { ...view, target: tf.zeros([2, 1, 3]) })).toThrow(ShapeError);
    expect(() => detConB(view, view, { temperature: 0 })).toThrow(InvalidOptionError);
    expect(() => detConB(view, view, { reduction: 'median' as 'mean' })).toThrow(InvalidOptionError);
  });
});
