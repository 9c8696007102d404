/** Sweeps of rotations after which a matrix is diagonal to the last digits. */
const mostSweeps = 30;

/**
 * The directions in which rows vary most, and the rows along them, centred: principal component analysis in float64.
 *
 * @param rows `[count, width]`, row-major
 * @param dim components, at most `width`
 * @returns `[count, dim]`, the component of the largest variance first; signs are arbitrary
 */
export function principalComponents(rows: ArrayLike<number>, count: number, width: number, dim: number): Float32Array {
  const mean = new Float64Array(width);
  for (let row = 0; row < count; row++) for (let i = 0; i < width; i++) mean[i]! += rows[row * width + i]! / count;
  const covariance = new Float64Array(width * width);
  const centred = new Float64Array(width);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < width; i++) centred[i] = rows[row * width + i]! - mean[i]!;
    for (let i = 0; i < width; i++)
      for (let j = i; j < width; j++) covariance[i * width + j]! += centred[i]! * centred[j]!;
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) covariance[i * width + j] = covariance[j * width + i]!;
  const vectors = eigenvectors(covariance, width);
  const order = [...mean.keys()].sort((a, b) => covariance[b * width + b]! - covariance[a * width + a]!).slice(0, dim);
  const result = new Float32Array(count * dim);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < width; i++) centred[i] = rows[row * width + i]! - mean[i]!;
    order.forEach((vector, component) => {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += centred[i]! * vectors[vector * width + i]!;
      result[row * dim + component] = sum;
    });
  }
  return result;
}

/**
 * Eigenvectors of a symmetric matrix as rows, by Jacobi's rotations in cyclic order; the matrix ends with the eigenvalues on
 * its diagonal.
 *
 * Source: Golub and Van Loan, Matrix Computations, algorithm 8.5.3.
 */
function eigenvectors(a: Float64Array, n: number): Float64Array {
  const vectors = new Float64Array(n * n);
  let scale = 0;
  for (let i = 0; i < n; i++) {
    vectors[i * n + i] = 1;
    scale += a[i * n + i]! ** 2;
  }
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let beside = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) beside += a[p * n + q]! ** 2;
    if (beside <= 1e-26 * scale) break;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const apq = a[p * n + q]!;
        if (apq === 0) continue;
        const tau = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
        const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
        const c = 1 / Math.sqrt(1 + t * t);
        rotate(a, n, p, q, c, t * c);
        turnRows(vectors, n, p, q, c, t * c);
      }
  }
  return vectors;
}

/** `J^T A J` for the rotation of p and q, rows and then columns. */
function rotate(a: Float64Array, n: number, p: number, q: number, c: number, s: number): void {
  turnRows(a, n, p, q, c, s);
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[i * n + p]!, a[i * n + q]!];
    a[i * n + p] = c * x - s * y;
    a[i * n + q] = s * x + c * y;
  }
}

function turnRows(a: Float64Array, n: number, p: number, q: number, c: number, s: number): void {
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[p * n + i]!, a[q * n + i]!];
    a[p * n + i] = c * x - s * y;
    a[q * n + i] = s * x + c * y;
  }
}
