import type { NdArray } from '@selfsup/ssl-tensor';

/** Pictures with a text each; row `i` of the one belongs to row `i` of the other. */
export interface ImageTextBatch {
  /** uint8 `[batch, height, width, channels]`. */
  readonly images: NdArray<Uint8Array>;
  /** int32 `[batch, tokens]`. */
  readonly inputIds: NdArray<Int32Array>;
  /** int32 `[batch, tokens]`, 1 = token, 0 = padding. */
  readonly attentionMask: NdArray<Int32Array>;
}
