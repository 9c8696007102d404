/** Slope parameter of the cubic of `torch.nn.functional.interpolate`, without and with antialiasing (PIL's). */
const slopes = { plain: -0.75, antialias: -0.5 } as const;

/** Keys' cubic of a distance in source cells (Keys 1981, doi 10.1109/TASSP.1981.1163711). */
function cubic(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/** Row `to` of the result: what each of `from` cells along one axis adds to it. */
function axisWeights(from: number, size: number, antialias: boolean): Float64Array[] {
  const scale = from / size;
  return Array.from({ length: size }, (_, to) => {
    const weights = new Float64Array(from);
    const center = scale * (to + 0.5);
    if (antialias) {
      const width = Math.max(scale, 1);
      const first = Math.max(Math.trunc(center - 2 * width + 0.5), 0);
      const end = Math.min(Math.trunc(center + 2 * width + 0.5), from);
      for (let cell = first; cell < end; cell++) weights[cell] = cubic((cell + 0.5 - center) / width, slopes.antialias);
      const sum = weights.reduce((total, weight) => total + weight, 0);
      return weights.map((weight) => weight / sum);
    }
    const first = Math.floor(center - 0.5) - 1;
    for (let tap = first; tap < first + 4; tap++) {
      // Beyond the border the border's cell counts again.
      const cell = Math.min(Math.max(tap, 0), from - 1);
      weights[cell]! += cubic(tap + 0.5 - center, slopes.plain);
    }
    return weights;
  });
}

/**
 * Bicubic interpolation of a grid as one matrix: a grid of `to` is the matrix times the grid of `from`, both row by row.
 * Computed in float64.
 *
 * @param from rows and columns there are
 * @param to rows and columns wanted
 * @param antialias widen the cubic where the grid shrinks
 * @returns row-major `[to rows * to columns, from rows * from columns]`
 * Source: equal to `torch.nn.functional.interpolate(mode='bicubic', align_corners=False, antialias=antialias)`.
 */
export function bicubicMatrix(
  from: readonly [number, number],
  to: readonly [number, number],
  antialias: boolean,
): Float32Array {
  const [rows, columns] = [axisWeights(from[0], to[0], antialias), axisWeights(from[1], to[1], antialias)];
  const width = from[0] * from[1];
  const matrix = new Float32Array(to[0] * to[1] * width);
  rows.forEach((row, i) =>
    columns.forEach((column, j) => {
      const start = (i * to[1] + j) * width;
      row.forEach((a, r) => column.forEach((b, c) => (matrix[start + r * from[1] + c] = a * b)));
    }),
  );
  return matrix;
}
