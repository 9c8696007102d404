import type * as tf from '@tensorflow/tfjs-core';

/** True for parameters that weight decay applies to. */
export type DecayFilter = (name: string, variable: tf.Variable) => boolean;

/**
 * Decays matrices and filters only: biases, norm scales and other parameters of rank 1 or less are left alone, as in
 * timm, MAE and nanoGPT. The default of `AdamW`.
 */
export const decayMatrices: DecayFilter = (_, variable) => variable.rank > 1;

/** Decays every parameter, as PyTorch's optimisers do. The default of `Sgd` and `Adam`. */
export const decayEverything: DecayFilter = () => true;
