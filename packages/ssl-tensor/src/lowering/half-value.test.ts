import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeHalf } from '../../../../test/support/decode-half.js';
import { halfValue } from './half-value.js';

const finite = Array.from({ length: 0x7c00 }, (_, bits) => decodeHalf(bits));

/** Nearest of all float16 numbers, by search; in the middle the one with an even fraction. Infinity is one step further. */
function nearest(x: number): number {
  const size = Math.abs(x);
  let low = 0;
  for (let high = finite.length; high - low > 1;) {
    const middle = (low + high) >> 1;
    if (finite[middle]! <= size) low = middle;
    else high = middle;
  }
  const [below, above] = [finite[low]!, finite[low + 1] ?? 65_536];
  const up = size - below > above - size || (size - below === above - size && low % 2 === 1);
  return Math.sign(x) * (up ? (above === 65_536 ? Infinity : above) : below);
}

it('keeps all 65,536 values', () => {
  const wrong = Array.from({ length: 65_536 }, (_, bits) => decodeHalf(bits)).filter(
    (value) => !Object.is(halfValue(value), value),
  );
  expect(wrong).toEqual([]);
});

it('rounds the middle between neighbours to even, and what lies beside it to the nearer', () => {
  const wrong = finite.flatMap((below, bits) => {
    const above = finite[bits + 1] ?? 65_536;
    const middle = (below + above) / 2;
    const inside = (above - below) * 2 ** -10;
    const top = above === 65_536 ? Infinity : above;
    const right =
      halfValue(middle) === (bits % 2 === 0 ? below : top) &&
      halfValue(middle - inside) === below &&
      halfValue(middle + inside) === top &&
      halfValue(-middle - inside) === -top;
    return right ? [] : [below];
  });
  expect(wrong).toEqual([]);
});

it('is the nearest float16 of any float32', () => {
  const floats = fc
    .integer({ min: 0, max: 0xffff_ffff })
    .map((bits) => new Float32Array(Uint32Array.of(bits).buffer)[0]!);
  const near = fc.double({ min: -1e5, max: 1e5, noNaN: true }).map(Math.fround);
  const small = fc.double({ min: -1e-4, max: 1e-4, noNaN: true }).map(Math.fround);
  fc.assert(
    fc.property(fc.oneof(floats, near, small), (x) => {
      expect(halfValue(x)).toBe(Number.isFinite(x) ? nearest(x) : x);
    }),
    { seed: 16, numRuns: 20_000 },
  );
});

it('overflows from the middle between 65,504 and 65,536', () => {
  expect([65_519.996, 65_520, -65_520, 1e30].map(halfValue)).toEqual([65_504, Infinity, -Infinity, Infinity]);
});
