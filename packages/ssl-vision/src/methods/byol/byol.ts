import * as tf from '@tensorflow/tfjs-core';
import { checkNumber } from '@selfsup/ssl-core';
import { featureStd, negativeCosine } from '@selfsup/ssl-losses';
import { childContext, parametersOf, twinOf } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkCount, foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type {
  EmaPair,
  Method,
  MethodLoss,
  ParameterGroup,
  RunConfig,
  RunShape,
  Schedule,
  Tensors,
} from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { twoViewsOf } from '../../batches/two-views-of.js';
import { checkEncoder } from '../../encoders/check-encoder.js';
import type { LastNorm } from '../../heads/mlp-layers.js';
import { PredictionHead } from '../../heads/prediction-head.js';
import { project } from '../../heads/project.js';
import { ProjectionHead } from '../../heads/projection-head.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { momentumPairs, risingMomentum } from '../joint-embedding/momentum-pairs.js';
import { predictorGroups } from '../joint-embedding/predictor-groups.js';

/** Options of {@link Byol}. */
export interface ByolOptions {
  readonly backbone: Encoder;
  /** Source of the heads' initial weights. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Width of the heads' hidden layers. Default 4096. */
  readonly hiddenDim?: number;
  /** Width of projections and predictions. Default 256. */
  readonly outDim?: number;
  /** Batch normalisation after the last layer of the projection, see `ProjectionHead`. Default `none`, the paper's. */
  readonly lastNorm?: LastNorm;
  /** Of the target network at the start, in [0, 1]; rises to 1 over the run by half a cosine. Default 0.996. */
  readonly momentum?: number;
}

const byolOptionNames: OptionNames<ByolOptions> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  hiddenDim: 'optionalNumber',
  outDim: 'optionalNumber',
  lastNorm: 'optional',
  momentum: 'optionalNumber',
};

/**
 * Defaults of {@link Byol}: Grill et al. 2020 (arXiv 2006.07733), section 3.2 and appendix C (1000 epochs; 0.99 for 300).
 * There with LARS, decay 1.5e-6 but on biases and norms, rate 0.2 for each 256 images of a batch, by a cosine after 10 epochs
 * of warm-up, batches of 4096.
 */
export const byolDefaults = { hiddenDim: 4096, outDim: 256, lastNorm: 'none', momentum: 0.996 } as const;

/**
 * {@link Byol} for small pictures and encoders: the heads of lightly's CIFAR-10 benchmark, the projection ending in a batch
 * norm as SimSiam's and MoCo v3's. A run of few steps wants a target that moves: Grill et al. take 0.99 for shorter runs
 * (appendix C).
 */
export const byolSmall = { hiddenDim: 1024, outDim: 256, lastNorm: 'plain', momentum: 0.99 } as const;

/**
 * BYOL: a network predicts, from one view, what its slowly following twin makes of the other; no negatives.
 * `loss = (D(p1, z2') + D(p2, z1')) / 2` with `D` the negative `p` the prediction and `z'` the twin's projection,
 * through which no gradient flows. The paper's `2 + 2 D`, summed over both orders, has 4 times the gradient. Trains
 * backbone, head and predictor; keep `modules.backbone`.
 *
 * Batch statistics: a training pass of the online network for each view, first then second, and likewise of the twin, which
 * keeps running statistics of its own.
 *
 * Metric `featureStd`: deviation of the online projections of length 1 over the batch, about `1 / sqrt(outDim)` where they
 * spread over the sphere, 0 where they have collapsed.
 *
 * Source: Grill et al. 2020 (arXiv 2006.07733), equations 1 and 2, algorithm 1; lightly's `byol.py`.
 */
export class Byol implements Method<MultiViewBatch> {
  readonly name = 'byol';
  readonly settings: RunConfig;
  readonly modules: {
    readonly backbone: Encoder;
    readonly head: ProjectionHead;
    readonly predictor: PredictionHead;
    readonly momentumBackbone: Encoder;
    readonly momentumHead: ProjectionHead;
  };
  readonly #normalize: ImageStatistics;
  readonly #momentum: number;

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: ByolOptions) {
    const where = 'Byol';
    const { backbone, key, normalize, hiddenDim, outDim, lastNorm, momentum } = {
      ...byolDefaults,
      ...checkOptions(where, options, byolOptionNames),
    };
    checkEncoder(where, backbone);
    checkImageStatistics(where, 'normalize', normalize);
    checkCount(where, { hiddenDim, outDim });
    checkNumber(where, 'momentum', momentum, 0, 1);
    const sizes = { hiddenDim, outDim, lastNorm };
    const head = new ProjectionHead(backbone.featureDim, { ...sizes, key: foldIn(key, 'head') });
    this.modules = {
      backbone,
      head,
      predictor: new PredictionHead(outDim, { hiddenDim, key: foldIn(key, 'predictor') }),
      momentumBackbone: twinOf(backbone),
      momentumHead: twinOf(head),
    };
    this.settings = { momentum, normalize: statisticsOf(normalize) };
    this.#normalize = normalize;
    this.#momentum = momentum;
  }

  trainable(): Map<string, Parameter> {
    const { backbone, head, predictor } = this.modules;
    return parametersOf({ backbone, head, predictor });
  }

  emaPairs(run: RunShape): EmaPair[] {
    return momentumPairs(this.modules, risingMomentum(this.#momentum, run));
  }

  /**
   * Groups for an optimiser in which the predictor's learning rate is not the run's: constant, as SimSiam has it, a short
   * run ends better.
   *
   * @param predictorRate the run's highest rate; or by step
   *
   * @example
   * const optimizer = new AdamW(method.parameterGroups(1e-3), { weightDecay: 0.01 });
   */
  parameterGroups(predictorRate: number | Schedule): ParameterGroup[] {
    return predictorGroups(this.modules, predictorRate);
  }

  /** @throws ShapeError unless there are two views of one shape */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const { predictor, momentumBackbone, momentumHead, ...online } = this.modules;
    const views = twoViewsOf('Byol', batch).map((view) => normalizeImages(view, this.#normalize));
    const projections = views.map((view, at) => project(online, view, childContext(ctx, at)));
    const [p1, p2] = projections.map((z, at) => predictor.forward(z, childContext(childContext(ctx, at), 'predictor')));
    const teacher = { backbone: momentumBackbone, head: momentumHead };
    const own = childContext(ctx, 'momentum');
    const [z1, z2] = views.map((view, at) => project(teacher, view, childContext(own, at)));
    // negativeCosine lets no gradient into its target.
    return {
      loss: tf.mul(tf.add(negativeCosine(p1!, z2!), negativeCosine(p2!, z1!)), 0.5),
      metrics: { featureStd: featureStd(tf.concat(projections)) },
    };
  }
}
