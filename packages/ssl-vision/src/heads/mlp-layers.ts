import { BatchNorm, Linear, Relu, Sequential } from '@selfsup/ssl-nn';
import { checkChoice, checkCount, foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';

/** Batch normalisation after the last layer: with scale and offset, without them, or none at all. */
export type LastNorm = 'affine' | 'plain' | 'none';

/** What {@link mlpLayers} makes. */
export interface MlpLayers {
  readonly key: RandomKey;
  readonly inDim: number;
  readonly hiddenDim: number;
  readonly outDim: number;
  /** Linear layers. */
  readonly depth: number;
  /** Batch normalisation after every layer but the last. */
  readonly batchNorm: boolean;
  readonly lastNorm: LastNorm;
}

/**
 * Linear, batch norm, ReLU, ..., linear, perhaps batch norm: the MLP of heads. A layer that a batch norm follows has no
 * bias. Numbered as in lightly's heads.
 *
 * @param where the head, for errors
 * @throws InvalidOptionError for a count that is not a positive integer, and for another `lastNorm`
 */
export function mlpLayers(where: string, options: MlpLayers): Sequential {
  const { key, inDim, hiddenDim, outDim, depth, batchNorm, lastNorm } = options;
  checkCount(where, { inDim, hiddenDim, outDim, depth });
  checkChoice(where, 'lastNorm', lastNorm, ['affine', 'plain', 'none']);
  const blocks = Array.from({ length: depth }, (_, i) => {
    const last = i === depth - 1;
    const width = last ? outDim : hiddenDim;
    const norm = last ? lastNorm : batchNorm ? 'affine' : 'none';
    const linear = new Linear(i === 0 ? inDim : hiddenDim, width, { bias: norm === 'none', key: foldIn(key, i) });
    const norms = norm === 'none' ? [] : [new BatchNorm(width, { affine: norm === 'affine' })];
    return [linear, ...norms, ...(last ? [] : [new Relu()])];
  });
  return new Sequential(blocks.flat());
}
