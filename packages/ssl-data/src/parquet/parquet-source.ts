import type { ImageDecoding } from '../image/decode-image.js';
import type { RowGroupPlan } from './plan-row-groups.js';

/** All that a thread needs to read the samples; plain data. */
export interface ParquetSource {
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly groups: readonly RowGroupPlan[];
  readonly labels: Int32Array | undefined;
  readonly decoding: ImageDecoding;
  readonly cacheBytes: number;
  readonly maxRowGroupBytes: number;
}
