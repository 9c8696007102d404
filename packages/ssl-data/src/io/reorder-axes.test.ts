import fc from 'fast-check';
import { expect, it } from 'vitest';
import { reorderAxes } from './reorder-axes.js';

const axes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 }).chain((sides) =>
  fc.record({
    sides: fc.constant(sides),
    order: fc.shuffledSubarray(
      sides.map((_, axis) => axis),
      { minLength: sides.length },
    ),
  }),
);

it('puts each element where its counters say', () => {
  fc.assert(
    fc.property(axes, ({ sides, order }) => {
      const count = sides.reduce((product, side) => product * side, 1);
      const { data, shape } = reorderAxes(
        Int32Array.from({ length: count }, (_, i) => i),
        sides,
        order,
      );
      const place = (counters: readonly number[], lengths: readonly number[]): number =>
        counters.reduce((at, counter, axis) => at * lengths[axis]! + counter, 0);
      const expected = new Int32Array(count);
      for (let i = 0; i < count; i++) {
        let rest = i;
        const counters = sides.map(() => 0);
        for (let axis = sides.length - 1; axis >= 0; axis--) {
          counters[axis] = rest % sides[axis]!;
          rest = Math.floor(rest / sides[axis]!);
        }
        const moved = sides.map((_, axis) => counters[order.indexOf(axis)]!);
        expected[place(moved, shape)] = i;
      }
      expect(shape).toEqual(sides.map((_, axis) => sides[order.indexOf(axis)]));
      expect([...data]).toEqual([...expected]);
    }),
    { seed: 6, numRuns: 300 },
  );
});
