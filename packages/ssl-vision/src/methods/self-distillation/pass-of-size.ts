import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor/host';

/**
 * A pass of an encoder over crops. Where it fails on crops of another size than those that it took, the error says so: what
 * an encoder of one size says of its own layers tells nobody that multi-crop is the cause.
 *
 * @param first the crops that it took
 * @throws ShapeError for crops of a size that it does not take; else what the pass throws
 */
export function passOfSize<T>(where: string, crops: tf.Tensor, first: tf.Tensor, pass: () => T): T {
  try {
    return pass();
  } catch (error) {
    const sides = ({ shape }: tf.Tensor): string => `${shape[1]} x ${shape[2]}`;
    if (sides(crops) === sides(first) || !(error instanceof Error)) throw error;
    const size = first.shape[1]!;
    throw new ShapeError(
      where,
      'views',
      `of sizes that the backbone takes, as it took ${sides(first)} pixels`,
      `${sides(crops)} (${error.message})`,
      `Make the local views as large as the global ones, localSize: ${size}, or take a backbone for both sizes`,
    );
  }
}
