import type { Encoder } from '@selfsup/ssl-nn';
import { checkCount, foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { OptionNames } from '@selfsup/ssl-tensor/host';
import { checkEncoder } from '../../encoders/check-encoder.js';
import { PredictionHead } from '../../heads/prediction-head.js';
import { ProjectionHead } from '../../heads/projection-head.js';
import { checkImageStatistics, type ImageStatistics } from '../../images/check-image-statistics.js';

/** Options of `SimSiam`. */
export interface SimSiamOptions {
  readonly backbone: Encoder;
  /** Source of the heads' initial weights. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Linear layers of the projection head. Default 3. */
  readonly depth?: number;
  /** Width of the projection head's hidden layers. Default: `outDim`. */
  readonly hiddenDim?: number;
  /** Width of projections and predictions. Default 2048. */
  readonly outDim?: number;
  /** Width of the prediction head's hidden layer, the bottleneck. Default: a quarter of `outDim`. */
  readonly predictionDim?: number;
}

/** Names of {@link SimSiamOptions}. */
export const simSiamOptionNames: OptionNames<SimSiamOptions> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  depth: 'optionalNumber',
  hiddenDim: 'optionalNumber',
  outDim: 'optionalNumber',
  predictionDim: 'optionalNumber',
};

/** Networks of SimSiam and FastSiam. */
export type SiameseModules = {
  readonly backbone: Encoder;
  readonly head: ProjectionHead;
  readonly predictor: PredictionHead;
};

/**
 * The encoder with new heads: a projection that ends in a batch norm without scale and offset, a prediction through a
 * bottleneck.
 *
 * @throws InvalidOptionError for options out of range and for what is no encoder
 */
export function siameseModules(
  where: string,
  options: SimSiamOptions & Required<Pick<SimSiamOptions, 'depth' | 'outDim'>>,
): SiameseModules {
  const { backbone, key, normalize, depth, outDim } = options;
  checkEncoder(where, backbone);
  checkImageStatistics(where, 'normalize', normalize);
  const { hiddenDim = outDim, predictionDim = Math.ceil(outDim / 4) } = options;
  checkCount(where, { depth, hiddenDim, outDim, predictionDim });
  const sizes = { depth, hiddenDim, outDim, lastNorm: 'plain' } as const;
  return {
    backbone,
    head: new ProjectionHead(backbone.featureDim, { ...sizes, key: foldIn(key, 'head') }),
    predictor: new PredictionHead(outDim, { hiddenDim: predictionDim, key: foldIn(key, 'predictor') }),
  };
}
