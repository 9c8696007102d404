import { LayerNorm, Linear, truncatedNormal, zeros, type Initialiser } from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor/host';
import type { ModernBertConfig } from './modern-bert-config.js';

/** Gaussian cut at so many standard deviations, as ModernBERT starts its weights. */
export function modernBertNormal(config: ModernBertConfig, standardDeviation: number): Initialiser {
  return truncatedNormal({ standardDeviation, limit: config.initializerCutoffFactor });
}

/** Deviation of layers whose output is added to the residual stream: it keeps the sum of all layers in bounds. */
export function outDeviation({ initializerRange, numHiddenLayers }: ModernBertConfig): number {
  return initializerRange / Math.sqrt(2 * numHiddenLayers);
}

/** What differs among the linear layers of a ModernBERT. */
export interface ModernBertLinearOptions {
  readonly key: RandomKey;
  readonly bias: boolean;
  /** Of the weights at the start. */
  readonly standardDeviation: number;
}

/** A linear layer as ModernBERT starts it: zero bias. */
export function modernBertLinear(
  inFeatures: number,
  outFeatures: number,
  config: ModernBertConfig,
  { key, bias, standardDeviation }: ModernBertLinearOptions,
): Linear {
  const weightInit = modernBertNormal(config, standardDeviation);
  return new Linear(inFeatures, outFeatures, { key, bias, weightInit, biasInit: zeros });
}

export const modernBertNorm = ({ hiddenSize, normEps, normBias }: ModernBertConfig): LayerNorm =>
  new LayerNorm(hiddenSize, { epsilon: normEps, bias: normBias });
