import fc from 'fast-check';
import { expect, it } from 'vitest';
import { convLayout, permuteAxes, permutedLayout } from '../index.js';

const arrays = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 0, maxLength: 5 }).chain((shape) =>
  fc.tuple(
    fc.constant(shape),
    fc.shuffledSubarray(
      shape.map((_, axis) => axis),
      { minLength: shape.length },
    ),
  ),
);

it('permuteAxes agrees with index arithmetic and the layout inverts it', () => {
  fc.assert(
    fc.property(arrays, ([shape, permutation]) => {
      const size = shape.reduce((product, dimension) => product * dimension, 1);
      const array = { data: Float32Array.from({ length: size }, (_, i) => i), shape };
      const moved = permuteAxes(array, permutation);
      expect(moved.shape).toEqual(permutation.map((axis) => shape[axis]));
      for (let index = 0; index < size; index++) {
        const at: number[] = [];
        for (let rest = index, axis = moved.shape.length - 1; axis >= 0; axis--) {
          at[permutation[axis]!] = rest % moved.shape[axis]!;
          rest = Math.floor(rest / moved.shape[axis]!);
        }
        expect(moved.data[index]).toBe(shape.reduce((flat, dimension, axis) => flat * dimension + at[axis]!, 0));
      }
      expect(permutedLayout(permutation).fromReference(moved)).toEqual(array);
    }),
    { seed: 1, numRuns: 100 },
  );
});

it('convLayout turns [kh, kw, in, out] into [out, in, kh, kw]', () => {
  const filter = { data: Float32Array.from({ length: 12 }, (_, i) => i), shape: [1, 2, 3, 2] };
  expect(convLayout.toReference(filter)).toEqual({
    data: Float32Array.of(0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11),
    shape: [2, 3, 1, 2],
  });
  expect(convLayout.referenceShape([1, 2, 3, 2])).toEqual([2, 3, 1, 2]);
});
