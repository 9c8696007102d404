import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { dense } from '../../../../test/golden/losses/dense.js';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import {
  array,
  dot,
  draw,
  expectFinite,
  expectGolden,
  extremes,
  mean,
  ofLargest,
  sum,
  transposed,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { vicregl, vicreglDefaults, type VicreglView } from './vicregl.js';

type Options = Required<NonNullable<Parameters<typeof vicregl>[2]>>;

/** Rows of `local` and `grid` are the places of image after image. */
interface NaiveView {
  readonly global: Rows;
  readonly local: Rows;
  readonly grid: Rows;
}

const distance = (a: Rows, b: Rows): number => mean(a.flatMap((row, i) => row.map((x, d) => (x - b[i]![d]!) ** 2)));

/** Variance and covariance terms of one view. */
function spread(z: Rows, { mu, nu, eps }: Options): number {
  const columns = transposed(z).map((column) => column.map((x) => x - mean(column)));
  const covariance = columns.map((a) => columns.map((b) => dot(a, b) / (z.length - 1)));
  const hinge = mean(covariance.map((row, i) => Math.max(0, 1 - Math.sqrt(row[i]! + eps))));
  const off = covariance.flatMap((row, i) => row.filter((_, j) => j !== i).map((x) => x ** 2));
  return mu * hinge + (nu * sum(off)) / columns.length;
}

const placesOf = (rows: Rows, batch: number, image: number): Rows => {
  const places = rows.length / batch;
  return rows.slice(image * places, (image + 1) * places);
};

/** VICReg of the `count` closest pairs of places, with statistics of their own for each rank, by loops in float64. */
function matched(a: NaiveView, b: NaiveView, by: 'local' | 'grid', count: number, options: Options): number {
  const batch = a.global.length;
  const pairs = Array.from({ length: batch }, (_, image) => {
    const candidates = placesOf(b[by], batch, image);
    return placesOf(a[by], batch, image)
      .map((row, i) => {
        const distances = candidates.map((other) => sum(row.map((x, d) => (x - other[d]!) ** 2)));
        const nearest = distances.indexOf(Math.min(...distances));
        return {
          distance: distances[nearest]!,
          rows: [placesOf(a.local, batch, image)[i]!, placesOf(b.local, batch, image)[nearest]!] as const,
        };
      })
      .sort((x, y) => x.distance - y.distance)
      .slice(0, count);
  });
  return mean(
    pairs[0]!.map((_, rank) => {
      const [x, y] = [0, 1].map((side) => pairs.map((image) => image[rank]!.rows[side]!)) as [Rows, Rows];
      const half = { ...options, mu: options.mu / 2, nu: options.nu / 2 };
      return options.lambda * distance(x, y) + spread(x, half) + spread(y, half);
    }),
  );
}

function naive(globals: readonly NaiveView[], locals: readonly NaiveView[], options: Options): number {
  const views = [...globals, ...locals];
  const pairs = globals.flatMap((a) => views.filter((b) => b !== a).map((b) => [a, b] as const));
  const whole =
    options.lambda * mean(pairs.map(([a, b]) => distance(a.global, b.global))) +
    mean(views.map(({ global }) => spread(global, options)));
  const [there, back] = options.numMatches;
  const local = pairs.map(([a, b]) =>
    sum(
      (['local', 'grid'] as const).map(
        (by) => (matched(a, b, by, there, options) + matched(b, a, by, back, options)) / 2,
      ),
    ),
  );
  return options.alpha * whole + (1 - options.alpha) * mean(local);
}

const map = (rows: Rows, [batch, height, width]: readonly [number, number, number]): tf.Tensor4D =>
  tf.reshape(tf.tensor2d(rows), [batch, height, width, rows[0]!.length]);
const drawView = (seed: number, batch: number, places: number): NaiveView => ({
  global: draw(seed, batch, 4, 0.7),
  local: draw(seed + 1, batch * places, 3, 0.7),
  grid: draw(seed + 2, batch * places, 2),
});
const tensors = (view: NaiveView, height: number): VicreglView => {
  const batch = view.global.length;
  const size = [batch, height, view.local.length / batch / height] as const;
  return { global: tf.tensor2d(view.global), local: map(view.local, size), grid: map(view.grid, size) };
};

describe.each(['eager', 'compiled'] as const)('vicregl against lightly, %s', (mode) => {
  it.each(dense.vicregl.map(({ options, views }, index) => [index, options, views] as const))(
    'case %i, %j, views %j',
    async (index, options, [globals, locals]) => {
      const golden = dense.vicregl[index]!;
      const count = globals + locals;
      const grids = golden.grids.map(array) as tf.Tensor4D[];
      const run = (...x: tf.Tensor[]): tf.Scalar => {
        const views = grids.map((grid, i) => ({
          global: x[i] as tf.Tensor2D,
          local: x[count + i] as tf.Tensor4D,
          grid,
        }));
        return vicregl(views.slice(0, globals), views.slice(globals), options);
      };
      await expectGolden(mode, { ...golden, options: {} }, run, 2e-5);
    },
  );
});

it.each([
  [2, 0, {}],
  [1, 2, { alpha: 0.3, numMatches: [3, 2], mu: 4, eps: 0.01 }],
] as const)('vicregl against loops: %i global views, %i local ones, %j', async (globals, locals, given) => {
  const options = { ...vicreglDefaults, ...given } as Options;
  const large = Array.from({ length: globals }, (_, i) => drawView(10 * i, 4, 4));
  const small = Array.from({ length: locals }, (_, i) => drawView(100 + 10 * i, 4, 2));
  const [first, ...rest] = large as [NaiveView, ...NaiveView[]];
  const others = rest.map((view) => tensors(view, 2));
  const low = small.map((view) => tensors(view, 1));
  const [loss, ...gradients] = await lossAndGradients(
    'eager',
    (global, local) =>
      vicregl(
        [{ ...tensors(first, 2), global: global!, local: tf.reshape(local!, [4, 2, 2, 3]) }, ...others],
        low,
        given,
      ),
    [tf.tensor2d(first.global), tf.tensor2d(first.local)],
  );
  expect(loss!).toBeAllClose(naive(large, small, options), { rtol: 2e-5 });
  const slopes = [
    finiteDifferences((global) => naive([{ ...first, global }, ...rest], small, options), first.global),
    finiteDifferences((local) => naive([{ ...first, local }, ...rest], small, options), first.local),
  ];
  slopes.forEach((slope, i) => expect(gradients[i]!).toBeAllClose(slope, ofLargest(slope.flat(), 3e-5)));
});

it('vicregl: order of views, of images and of places, and moved grids change nothing', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
      const [a, b] = [drawView(seed, 3, 4), drawView(seed + 10, 3, 4)];
      const plain = vicregl([tensors(a, 2), tensors(b, 2)]);
      const close = { rtol: 1e-4 };
      expect(vicregl([tensors(b, 2), tensors(a, 2)])).toBeAllClose(plain, close);
      const random = new RandomStream(randomKey(seed));
      const [images, places] = [[...random.permutation(3)], [...random.permutation(4)]];
      const turned = ({ global, local, grid }: NaiveView): NaiveView => ({
        global: images.map((i) => global[i]!),
        local: images.flatMap((i) => places.map((j) => local[4 * i + j]!)),
        grid: images.flatMap((i) => places.map((j) => grid[4 * i + j]!.map((x) => x + 3))),
      });
      expect(vicregl([tensors(turned(a), 4), tensors(turned(b), 4)])).toBeAllClose(plain, close);
    }),
    { seed: 3, numRuns: 6 },
  ));

describe('vicregl at the edges', () => {
  it.each(extremes(4))('%s', async (_name, z) => {
    const grid = map(draw(1, 4, 2), [2, 2, 1]);
    const view = (global: tf.Tensor2D, local: tf.Tensor2D): VicreglView => ({
      global,
      local: tf.reshape(local, [2, 2, 1, 3]),
      grid,
    });
    await expectFinite(
      (a, b) => vicregl([view(a!, b!), view(tf.tensor2d(z.slice(2)), tf.tensor2d(z.toReversed()))]),
      [z.slice(0, 2), z],
    );
  });

  it('names what is wrong', () => {
    const view = tensors(drawView(1, 3, 4), 2);
    expect(() => vicregl([view])).toThrow(ShapeError);
    expect(() => vicregl([], [view, view])).toThrow(ShapeError);
    expect(() => vicregl([view, { ...view, global: tf.zeros([3, 5]) }])).toThrow(
      'vicregl: globalViews[1].global must be float32 [3, 4], got float32 [3, 5]',
    );
    expect(() => vicregl([view], [{ ...view, grid: tf.zeros([3, 2, 1, 2]) }])).toThrow('localViews[0].grid must be');
    const one = tensors(drawView(1, 1, 4), 2);
    expect(() => vicregl([one, one])).toThrow(ShapeError);
    for (const options of [{ alpha: 2 }, { numMatches: [0, 4] as const }, { lambda: -1 }, { eps: 0 }])
      expect(() => vicregl([view, view], [], options)).toThrow(InvalidOptionError);
  });
});
