import { expect, it } from 'vitest';
import { dot, draw } from '../../../../test/golden/losses/cases.js';
import '../../../../test/support/to-be-all-close.js';
import { gramMatrix } from './gram-matrix.js';

it.each([
  [3, 5],
  [5, 3],
  [1, 4],
])('has the inner products of the fewer, %i x %i', (rows, columns) => {
  const x = draw(1, rows, columns);
  const vectors = rows <= columns ? x : x[0]!.map((_, j) => x.map((row) => row[j]!));
  const { gram, n } = gramMatrix(Float64Array.from(x.flat()), rows, columns);
  const expected = vectors.map((a, i) => vectors.map((b, j) => (j <= i ? dot(a, b) : 0)));
  expect({ data: gram, shape: [n, n] }).toBeAllClose(expected, { rtol: 1e-14, atol: 1e-14 });
});
