import * as tf from '@tensorflow/tfjs-core';
import { featureStd, negativeCosine } from '@selfsup/ssl-losses';
import { childContext, parametersOf } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkCount } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, ParameterGroup, RunConfig, Schedule, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { equalViewsOf } from '../../batches/equal-views-of.js';
import { statisticsOf } from '../../images/check-image-statistics.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import { projectViews } from '../joint-embedding/joint-embedding.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { predictorGroups } from '../joint-embedding/predictor-groups.js';
import {
  siameseModules,
  type SiameseModules,
  simSiamOptionNames,
  type SimSiamOptions,
} from '../simsiam/siamese-modules.js';
import { simSiamDefaults, simSiamSmall } from '../simsiam/simsiam.js';

/** Options of {@link FastSiam}. */
export interface FastSiamOptions extends SimSiamOptions {
  /** Views whose projections are averaged to a target; a batch has one view more. Default 3. */
  readonly targets?: number;
}

const fastSiamOptionNames: OptionNames<FastSiamOptions> = { ...simSiamOptionNames, targets: 'optionalNumber' };

/**
 * Defaults of {@link FastSiam}: Pototzky et al. 2022 (FastSiam, DAGM GCPR), whose networks are SimSiam's and whose targets
 * are of three views. There with SGD, momentum 0.9, decay 1e-4, batches of 32 and a rate of 0.125 by a cosine.
 */
export const fastSiamDefaults = { ...simSiamDefaults, targets: 3 } as const;

/** {@link FastSiam} for pictures of some 32 pixels: the heads of `simSiamSmall`. Small batches are what it is made for. */
export const fastSiamSmall = { ...simSiamSmall, targets: 3 } as const;

/**
 * FastSiam: SimSiam with steadier targets. Each view predicts the mean of the other views' projections, through which no
 * gradient flows: `loss = mean over views i of D(p_i, mean of z_j, j not i)` with `D` the negative cosine. Trains backbone,
 * head and predictor; keep the backbone. With one target it is SimSiam.
 *
 * Batch statistics: a training pass for each view, in their order. A batch has `targets + 1` views of one size:
 * `[...simsiamViews({ size }), ...simsiamViews({ size })]`.
 *
 * Metric `featureStd`: deviation of the projections of length 1 over the batch, about `1 / sqrt(outDim)` where they spread
 * over the sphere, 0 where they have collapsed.
 *
 * Source: Pototzky, Sultan and Schmidt-Thieme 2022, "FastSiam: Resource-Efficient Self-Supervised Learning on a Single
 * GPU", section 3; lightly's example `fastsiam.py`.
 */
export class FastSiam implements Method<MultiViewBatch> {
  readonly name = 'fastsiam';
  readonly settings: RunConfig;
  readonly modules: SiameseModules;
  readonly #normalize: ImageStatistics;
  readonly #targets: number;

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: FastSiamOptions) {
    const all = { ...fastSiamDefaults, ...checkOptions('FastSiam', options, fastSiamOptionNames) };
    const { normalize, targets } = all;
    this.modules = siameseModules('FastSiam', all);
    checkCount('FastSiam', { targets });
    this.settings = { targets, normalize: statisticsOf(normalize) };
    this.#normalize = normalize;
    this.#targets = targets;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /**
   * Groups for an optimiser in which the predictor's learning rate is not the run's: constant, as SimSiam has it.
   *
   * @param predictorRate the run's highest rate; or by step
   */
  parameterGroups(predictorRate: number | Schedule): ParameterGroup[] {
    return predictorGroups(this.modules, predictorRate);
  }

  /** @throws ShapeError unless there are `targets + 1` views of one shape */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const count = this.#targets + 1;
    const views = equalViewsOf('FastSiam', batch, count);
    const projections = projectViews(this.modules, views, this.#normalize, ctx);
    const { predictor } = this.modules;
    const losses = projections.map((z, at) => {
      const told = predictor.forward(z, childContext(childContext(ctx, at), 'predictor'));
      const others = projections.filter((_, other) => other !== at);
      const mean = tf.mul(others.length === 1 ? others[0]! : tf.addN(others), 1 / others.length);
      // negativeCosine lets no gradient into its target.
      return negativeCosine(told, mean as tf.Tensor2D);
    });
    return {
      loss: tf.mul(tf.addN(losses), 1 / count),
      metrics: { featureStd: featureStd(tf.concat(projections)) },
    };
  }
}
