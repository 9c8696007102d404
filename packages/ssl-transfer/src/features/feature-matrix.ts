import { DataError, ShapeError } from '@selfsup/ssl-tensor/host';
import type { NdArray } from '@selfsup/ssl-tensor/host';

/** Features of `rows` samples, row-major `[rows, dim]`. */
export interface FeatureMatrix {
  readonly data: Float32Array;
  readonly rows: number;
  readonly dim: number;
}

/**
 * Checks a caller's `[n, d]` features: rank, size, and that every value is finite.
 *
 * @throws ShapeError for another rank or for data of another length; DataError for NaN or infinity
 */
export function featureMatrix(where: string, parameter: string, features: NdArray, dim?: number): FeatureMatrix {
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
