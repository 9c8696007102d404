import { expect, it } from 'vitest';
import { draw, dot } from '../../../../test/golden/losses/cases.js';
import '../../../../test/support/to-be-all-close.js';
import { symmetricEigenvalues } from './symmetric-eigenvalues.js';

const flat = (matrix: readonly (readonly number[])[]): Float64Array => Float64Array.from(matrix.flat());

it('finds eigenvalues that are known', () => {
  expect(symmetricEigenvalues(flat([[3]]), 1)).toBeAllClose([3]);
  expect(
    symmetricEigenvalues(
      flat([
        [2, 9],
        [1, 2],
      ]),
      2,
    ),
  ).toBeAllClose([3, 1], { rtol: 1e-14, atol: 1e-14 });
  expect(symmetricEigenvalues(new Float64Array(16), 4)).toBeAllClose([0, 0, 0, 0]);
  const diagonal = [5, -2, 5, 1e-9];
  const matrix = diagonal.map((value, i) => diagonal.map((_, j) => (i === j ? value : 0)));
  expect(symmetricEigenvalues(flat(matrix), 4)).toBeAllClose([5, 5, 1e-9, -2], { rtol: 0, atol: 1e-14 });
  // The second difference on n points has 2 - 2 cos(pi k / (n + 1)).
  const n = 40;
  const rows = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => [2, -1][Math.abs(i - j)] ?? 0));
  const expected = Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos((Math.PI * (n - k)) / (n + 1)));
  expect(symmetricEigenvalues(flat(rows), n)).toBeAllClose(expected, { rtol: 0, atol: 1e-14 });
});

it('keeps the trace and the squared norm of a random matrix, at any scale of squared float32 numbers', () => {
  for (const [n, scale] of [
    [3, 1],
    [17, 1e-80],
    [60, 1e80],
  ] as const) {
    const x = draw(n, n, n);
    const gram = x.map((a) => x.map((b) => scale * (dot(a, b) - n)));
    const values = [...symmetricEigenvalues(flat(gram), n)].map((value) => value / scale);
    const trace = gram.reduce((total, row, i) => total + row[i]! / scale, 0);
    const squares = gram.flat().reduce((total, value) => total + (value / scale) ** 2, 0);
    expect(values.reduce((a, b) => a + b)).toBeAllClose(trace, { rtol: 1e-11, atol: 1e-11 * n });
    expect(dot(values, values)).toBeAllClose(squares, { rtol: 1e-12 });
    expect([...values].sort((a, b) => b - a)).toEqual(values);
  }
});
