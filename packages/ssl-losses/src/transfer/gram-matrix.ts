/**
 * Inner products of rows or of columns, whichever are fewer, in float64.
 *
 * @param data `[rows, columns]` row-major
 * @returns the lower triangle of a symmetric matrix, `[n, n]` with `n = min(rows, columns)`
 */
export function gramMatrix(data: Float64Array, rows: number, columns: number): { gram: Float64Array; n: number } {
  const wide = rows <= columns;
  const n = Math.min(rows, columns);
  const gram = new Float64Array(n * n);
  if (wide) {
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let k = 0; k < columns; k++) sum += data[i * columns + k]! * data[j * columns + k]!;
        gram[i * n + j] = sum;
      }
    return { gram, n };
  }
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < n; i++) {
      const value = data[row * columns + i]!;
      for (let j = 0; j <= i; j++) gram[i * n + j]! += value * data[row * columns + j]!;
    }
  return { gram, n };
}
