import * as tf from '@tensorflow/tfjs-core';
import { featureStd, negativeCosine } from '@selfsup/ssl-losses';
import { childContext, parametersOf } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import type { Method, MethodLoss, ParameterGroup, RunConfig, Schedule, Tensors } from '@selfsup/ssl-train';
import { checkOptions } from '@selfsup/ssl-tensor/host';
import { twoViewsOf } from '../../batches/two-views-of.js';
import { project } from '../../heads/project.js';
import { statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { predictorGroups } from '../joint-embedding/predictor-groups.js';
import { siameseModules, type SiameseModules, simSiamOptionNames, type SimSiamOptions } from './siamese-modules.js';

export type { SimSiamOptions } from './siamese-modules.js';

/**
 * Defaults of {@link SimSiam}: Chen and He 2021 (arXiv 2011.10566), section 3, with a bottleneck of 512. There with SGD,
 * momentum 0.9, decay 1e-4, rate 0.05 for each 256 images of a batch, by a cosine; the predictor's rate stays as it is.
 */
export const simSiamDefaults = { depth: 3, outDim: 2048 } as const;

/**
 * {@link SimSiam} for pictures of some 32 pixels: two layers, as in the paper's runs on CIFAR-10 (appendix D, rate 0.03,
 * decay 5e-4, batches of 512).
 */
export const simSiamSmall = { depth: 2, outDim: 2048 } as const;

/**
 * SimSiam: each view predicts the other's projection, through which no gradient flows; no negatives, no twin.
 * `loss = (D(p1, z2) + D(p2, z1)) / 2` with `D` the negative cosine. Trains backbone, head and predictor; keep the backbone.
 * The paper keeps the predictor's learning rate constant: see {@link SimSiam.parameterGroups}.
 *
 * The last batch norm of the projection head has no scale and offset. Batch statistics: a training pass for each view,
 * first then second.
 *
 * Metric `featureStd`: deviation of the projections of length 1 over the batch, about `1 / sqrt(outDim)` where they spread
 * over the sphere, 0 where they have collapsed.
 *
 * Source: Chen and He 2021 (arXiv 2011.10566), algorithm 1; simsiam/builder.py of facebookresearch/simsiam, whose
 * prediction head has no bias before its batch norm and whose projection head freezes the last bias.
 */
export class SimSiam implements Method<MultiViewBatch> {
  readonly name = 'simsiam';
  readonly settings: RunConfig;
  readonly modules: SiameseModules;
  readonly #normalize: ImageStatistics;

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: SimSiamOptions) {
    const all = { ...simSiamDefaults, ...checkOptions('SimSiam', options, simSiamOptionNames) };
    const { normalize } = all;
    this.modules = siameseModules('SimSiam', all);
    this.settings = { normalize: statisticsOf(normalize) };
    this.#normalize = normalize;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /**
   * Groups for an optimiser in which the predictor's learning rate is not the run's: constant, as the paper has it
   * (section 4.2 and table 1: it works without, and better so).
   *
   * @param predictorRate the run's highest rate; or by step
   *
   * @example
   * const optimizer = new Sgd(method.parameterGroups(0.05), { momentum: 0.9, weightDecay: 1e-4 });
   */
  parameterGroups(predictorRate: number | Schedule): ParameterGroup[] {
    return predictorGroups(this.modules, predictorRate);
  }

  /** @throws ShapeError unless there are two views of one shape */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const { predictor, ...online } = this.modules;
    const [z1, z2] = twoViewsOf('SimSiam', batch).map((view, at) =>
      project(online, normalizeImages(view, this.#normalize), childContext(ctx, at)),
    ) as [tf.Tensor2D, tf.Tensor2D];
    const [p1, p2] = [z1, z2].map((z, at) => predictor.forward(z, childContext(childContext(ctx, at), 'predictor')));
    // negativeCosine lets no gradient into its target.
    return {
      loss: tf.mul(tf.add(negativeCosine(p1!, z2), negativeCosine(p2!, z1)), 0.5),
      metrics: { featureStd: featureStd(tf.concat([z1, z2])) },
    };
  }
}
