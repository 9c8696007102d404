import * as tf from '@tensorflow/tfjs-core';
import { checkInteger, checkNumber } from '@selfsup/ssl-core';
import { featureStd, FeatureQueue, l2Normalize, softTargetCrossEntropy } from '@selfsup/ssl-losses';
import { childContext, drawKey, parametersOf, twinOf } from '@selfsup/ssl-nn';
import type { Encoder, Parameter } from '@selfsup/ssl-nn';
import { checkCount, checkPositive, foldIn, InvalidOptionError } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { Ema } from '@selfsup/ssl-train';
import type { EmaPair, Method, MethodLoss, RunConfig, StepContext, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { twoViewsOf } from '../../batches/two-views-of.js';
import { checkEncoder } from '../../encoders/check-encoder.js';
import { PredictionHead } from '../../heads/prediction-head.js';
import { project } from '../../heads/project.js';
import { ProjectionHead } from '../../heads/projection-head.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { MomentumGroups } from './momentum-groups.js';
import { momentumPairs } from '../joint-embedding/momentum-pairs.js';

/** Which view trains in a step, and whether groups are found anew after it. */
export type SmogPhase = 'first' | 'second' | 'first, relocating' | 'second, relocating';

/** Options of {@link Smog}. */
export interface SmogOptions {
  readonly backbone: Encoder;
  /** Source of the heads' initial weights, of the first groups and of the queue's first rows. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Width of the heads' hidden layers. Default 2048. */
  readonly hiddenDim?: number;
  /** Width of projections, predictions and groups. Default 128. */
  readonly outDim?: number;
  /** Groups of features. Default 3000. */
  readonly groups?: number;
  /** Share of a group that stays when features join it, in [0, 1]. Default 0.99. */
  readonly beta?: number;
  /** Divisor of the similarities. Default 0.1. */
  readonly temperature?: number;
  /** Of the momentum encoder, in [0, 1]. Default 0.99. */
  readonly momentum?: number;
  /**
   * Updates after which, again and again, k-means on the queue finds the groups anew and the momentum encoder becomes the
   * online one; 0: never. Default 300.
   */
  readonly relocateEvery?: number;
  /**
   * Projections of the last batches, for k-means: at least as many as groups, at most `relocateEvery` times the images of an
   * update. Default 65536.
   */
  readonly queueSize?: number;
}

const smogOptionNames: OptionNames<SmogOptions> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  hiddenDim: 'optionalNumber',
  outDim: 'optionalNumber',
  groups: 'optionalNumber',
  beta: 'optionalNumber',
  temperature: 'optionalNumber',
  momentum: 'optionalNumber',
  relocateEvery: 'optionalNumber',
  queueSize: 'optionalNumber',
};

/**
 * Defaults of {@link Smog}: Pang et al. 2022 (arXiv 2207.06167), whose 3000 groups are theirs, the other numbers as lightly's
 * example has them, which relocates every 300 steps after their table 7b.
 */
export const smogDefaults = {
  hiddenDim: 2048,
  outDim: 128,
  groups: 3000,
  beta: 0.99,
  temperature: 0.1,
  momentum: 0.99,
  relocateEvery: 300,
  queueSize: 65536,
} as const;

/** {@link Smog} for small data sets: lightly's 300 groups, and a queue that batches of 64 fill between relocations. */
export const smogSmall = { hiddenDim: 1024, groups: 300, queueSize: 16384 } as const;

/**
 * SMoG: the prediction from one view finds the group of the other view among groups that move with the features while these
 * are learnt: `loss = CE(p . g' / t, group of z')` with `z'` the momentum encoder's projection of the other view, its group
 * the nearest before they move, and `g'` the groups after the online projections have joined them; all of length 1. The
 * views take turns from step to step. Trains backbone, head and predictor; keep `modules.backbone`.
 *
 * Batch statistics: a training pass of the online network over one view, one of the momentum encoder over the other, which
 * keeps running statistics of its own. With `accumulateSteps` each part of an update sees the groups moved by itself; they
 * are kept as all of its rows move them.
 *
 * Relocation is ours in its k-means: on directions, from rows drawn at random, ten rounds.
 *
 * Metrics: `featureStd`, deviation of the online projections of length 1 over the batch, about `1 / sqrt(outDim)` where they
 * spread over the sphere, 0 where they have collapsed; `groupsUsed`, groups that the batch's targets fall into.
 *
 * Source: Pang et al. 2022 (arXiv 2207.06167); lightly's `smog.py`, heads and `SMoGPrototypes`.
 */
export class Smog implements Method<MultiViewBatch, never, SmogPhase> {
  readonly name = 'smog';
  readonly settings: RunConfig;
  readonly modules: {
    readonly backbone: Encoder;
    readonly head: ProjectionHead;
    readonly predictor: PredictionHead;
    readonly momentumBackbone: Encoder;
    readonly momentumHead: ProjectionHead;
  };
  readonly state: { readonly groups: MomentumGroups; readonly queue: FeatureQueue };
  readonly #normalize: ImageStatistics;
  readonly #temperature: number;
  readonly #momentum: number;
  readonly #relocateEvery: number;

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: SmogOptions) {
    const where = 'Smog';
    const all = { ...smogDefaults, ...checkOptions(where, options, smogOptionNames) };
    const { backbone, key, normalize, hiddenDim, outDim, groups, beta, temperature, momentum } = all;
    const { relocateEvery, queueSize } = all;
    checkEncoder(where, backbone);
    checkImageStatistics(where, 'normalize', normalize);
    checkCount(where, { hiddenDim, outDim, groups, queueSize });
    checkPositive(where, { temperature });
    checkNumber(where, 'beta', beta, 0, 1);
    checkNumber(where, 'momentum', momentum, 0, 1);
    checkInteger(where, 'relocateEvery', relocateEvery, 0);
    if (queueSize < groups)
      throw new InvalidOptionError(where, 'queueSize', `at least as many as groups (${groups})`, queueSize);
    const head = new ProjectionHead(backbone.featureDim, {
      hiddenDim,
      outDim,
      lastNorm: 'plain',
      key: foldIn(key, 'head'),
    });
    this.modules = {
      backbone,
      head,
      predictor: new PredictionHead(outDim, { hiddenDim, key: foldIn(key, 'predictor') }),
      momentumBackbone: twinOf(backbone),
      momentumHead: twinOf(head),
    };
    this.state = {
      groups: new MomentumGroups(groups, outDim, beta, foldIn(key, 'groups')),
      queue: new FeatureQueue(queueSize, outDim, { key: foldIn(key, 'queue') }),
    };
    const numbers = { groups, beta, temperature, momentum, relocateEvery, queueSize };
    this.settings = { ...numbers, normalize: statisticsOf(normalize) };
    this.#normalize = normalize;
    this.#temperature = temperature;
    this.#momentum = momentum;
    this.#relocateEvery = relocateEvery;
  }

  trainable(): Map<string, Parameter> {
    const { backbone, head, predictor } = this.modules;
    return parametersOf({ backbone, head, predictor });
  }

  phaseAt(step: number): SmogPhase {
    const view = step % 2 === 0 ? 'first' : 'second';
    const every = this.#relocateEvery;
    return every > 0 && (step + 1) % every === 0 ? `${view}, relocating` : view;
  }

  emaPairs(): EmaPair[] {
    return momentumPairs(this.modules, this.#momentum);
  }

  /** @throws ShapeError unless there are two views of one shape */
  loss(batch: Tensors<MultiViewBatch>, ctx: StepContext<never, SmogPhase>): MethodLoss {
    const { predictor, momentumBackbone, momentumHead, ...online } = this.modules;
    const { groups } = this.state;
    const views = twoViewsOf('Smog', batch).map((view) => normalizeImages(view, this.#normalize));
    const [own, other] = (ctx.phase.startsWith('second') ? views.toReversed() : views) as [tf.Tensor4D, tf.Tensor4D];
    const projections = project(online, own, childContext(ctx, 'online'));
    const predictions = predictor.forward(projections, childContext(ctx, 'predictor'));
    const teacher = { backbone: momentumBackbone, head: momentumHead };
    const targets = groups.assign(project(teacher, other, childContext(ctx, 'momentum')));
    const moved = l2Normalize(groups.moved(projections));
    const similarities = tf.matMul(l2Normalize(predictions), moved, false, true);
    return {
      loss: softTargetCrossEntropy(tf.div(similarities, this.#temperature), targets),
      metrics: { featureStd: featureStd(projections), groupsUsed: tf.sum(tf.max(targets, 0)) },
      carried: { projections },
    };
  }

  /** @throws InvalidOptionError where the updates up to the first relocation do not fill the queue */
  afterUpdate(ctx: StepContext<never, SmogPhase>, carried: Readonly<Record<string, tf.Tensor>>): void {
    const projections = carried['projections'] as tf.Tensor2D;
    const { groups, queue } = this.state;
    const [rows, size] = [this.#relocateEvery * projections.shape[0], queue.features.shape[0]];
    if (rows > 0 && rows < size)
      throw new InvalidOptionError(
        'Smog',
        'queueSize',
        `at most relocateEvery times the images of an update, ${rows}, so that relocation finds no row of the start`,
        size,
        `Take relocateEvery: ${Math.ceil(size / projections.shape[0])}, or larger batches`,
      );
    groups.update(projections);
    queue.enqueue(l2Normalize(projections));
    if (!ctx.phase.endsWith('relocating')) return;
    groups.relocate(queue.features, drawKey(childContext(ctx, 'relocate'), 'Smog.afterUpdate'));
    new Ema(this.emaPairs().map(({ online, target }) => ({ online, target, buffers: 'copy' }))).synchronise();
  }
}
