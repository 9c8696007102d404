import type * as tf from '@tensorflow/tfjs-core';

type TfjsExports = typeof tf;

/**
 * Name of a kernel of TF.js. For each, tfjs-core exports a constant whose value is its own name: a TF.js version with a
 * new kernel widens this type.
 */
export type TfjsKernelName = {
  [Name in keyof TfjsExports]: TfjsExports[Name] extends Name ? Name : never;
}[keyof TfjsExports];

/** Name of a kernel of our own, which exists inside compile() only. */
export type OwnKernelName =
  | 'SslFoldIn'
  | 'SslGatherElements'
  | 'SslGelu'
  | 'SslLayerNorm'
  | 'SslMatMulFloat16'
  | 'SslRandomBits'
  | 'SslRandomUniform'
  | 'SslRoundToFloat16'
  | 'SslSubtractAt';

/** Every kernel that a trace can meet. */
export type KernelName = TfjsKernelName | OwnKernelName;
