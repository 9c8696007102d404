import type * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '@selfsup/ssl-tensor/host';

/** A batch's structure with tensors in place of host arrays. */
export type Tensors<B> = B extends NdArray
  ? tf.Tensor
  : B extends string | number | boolean | null | undefined
    ? B
    : B extends object
      ? { readonly [K in keyof B]: Tensors<B[K]> }
      : B;
