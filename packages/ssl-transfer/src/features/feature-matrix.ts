import { DataError, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import type { NdArray } from '@selfsup/ssl-tensor/host';

/** Features of `rows` samples, row-major `[rows, dim]`. */
export interface FeatureMatrix {
  readonly data: Float32Array;
  readonly rows: number;
  readonly dim: number;
}

/**
 * Number of rows of what should be features.
 *
 * @throws InvalidOptionError for what is no array with a shape
 */
export function checkFeatures(where: string, parameter: string, features: NdArray): number {
  const { data, shape } = (features ?? {}) as Partial<NdArray>;
  if (!ArrayBuffer.isView(data) || !Array.isArray(shape)) {
    const advice = 'Rows as lists become one by { data: Float32Array.from(rows.flat()), shape: [n, d] }';
    throw new InvalidOptionError(where, parameter, 'an NdArray of Float32Array, [n, d]', features, advice);
  }
  return (shape as readonly number[])[0] ?? 0;
}

/**
 * Checks a caller's `[n, d]` features: rank, size, and that every value is finite.
 *
 * @throws InvalidOptionError for what is no array with a shape; ShapeError for another rank or for data of another length; DataError for NaN or infinity
 */
export function featureMatrix(where: string, parameter: string, features: NdArray, dim?: number): FeatureMatrix {
  checkFeatures(where, parameter, features);
  const { data, shape } = features;
  const expected = `float32 [n, ${dim ?? 'd'}] with n >= 1`;
  const [rows, columns] = shape;
  const fits = shape.length === 2 && rows! > 0 && columns! > 0 && (dim === undefined || columns === dim);
  if (!fits || !(data instanceof Float32Array)) {
    throw new ShapeError(where, parameter, expected, `${data.constructor.name} [${shape.join(', ')}]`);
  }
  if (data.length !== rows! * columns!) {
    throw new ShapeError(
      where,
      parameter,
      `data of ${rows! * columns!} values for shape [${shape.join(', ')}]`,
      `${data.length} values`,
    );
  }
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      throw new DataError(
        `${where}: ${parameter} holds ${data[i]} in row ${Math.floor(i / columns!)}; the encoder diverged or its input is not finite`,
      );
    }
  }
  return { data, rows: rows!, dim: columns! };
}
