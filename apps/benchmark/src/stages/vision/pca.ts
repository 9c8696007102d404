import { type NdArray, type RandomKey, RandomStream } from '@selfsup/ssl-core';

/** Rounds of subspace iteration: enough for a map, where the last components hardly matter. */
const rounds = 30;

/**
 * Projects rows on their first principal components, by subspace iteration on the covariance.
 *
 * @param features `[n, d]`
 * @param components fewer than `d` and `n`, else all that there are
 * @returns n rows of `components` coordinates, the component of largest variance first
 */
export function pca({ data, shape }: NdArray<Float32Array>, components: number, key: RandomKey): number[][] {
  const [n, d] = shape as [number, number];
  const k = Math.min(components, d, n);
  const centred = centre(data, n, d);
  const covariance = new Float64Array(d * d);
  for (let row = 0; row < n; row++) {
    for (let i = 0; i < d; i++) {
      const value = centred[row * d + i]! / n;
      if (value === 0) continue;
      for (let j = 0; j < d; j++) covariance[i * d + j]! += value * centred[row * d + j]!;
    }
  }
  const random = new RandomStream(key);
  let basis: Float64Array[] = Array.from({ length: k }, () => Float64Array.from({ length: d }, () => random.normal()));
  for (let round = 0; round < rounds; round++)
    basis = orthonormal(basis.map((vector) => multiply(covariance, vector, d)));
  return Array.from({ length: n }, (_, row) =>
    basis.map((vector) => dot(centred.subarray(row * d, (row + 1) * d), vector)),
  );
}

function centre(data: Float32Array, n: number, d: number): Float64Array {
  const mean = new Float64Array(d);
  for (let i = 0; i < data.length; i++) mean[i % d]! += data[i]! / n;
  return Float64Array.from(data, (value, i) => value - mean[i % d]!);
}

function multiply(matrix: Float64Array, vector: Float64Array, d: number): Float64Array {
  return Float64Array.from({ length: d }, (_, i) => dot(matrix.subarray(i * d, (i + 1) * d), vector));
}

/** Gram and Schmidt's process; a vector that vanishes stays zero. */
function orthonormal(vectors: readonly Float64Array[]): Float64Array[] {
  const done: Float64Array[] = [];
  for (const vector of vectors) {
    const rest = Float64Array.from(vector);
    for (const unit of done) {
      const along = dot(rest, unit);
      for (let i = 0; i < rest.length; i++) rest[i]! -= along * unit[i]!;
    }
    const length = Math.sqrt(dot(rest, rest));
    done.push(length > 1e-12 ? rest.map((value) => value / length) : rest.fill(0));
  }
  return done;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
