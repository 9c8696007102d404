import * as tf from '@tensorflow/tfjs-core';
import { featureStd, FeatureQueue, swav } from '@selfsup/ssl-losses';
import { childContext, type Encoder, type Parameter, parametersOf } from '@selfsup/ssl-nn';
import { checkCount, checkPositive, foldIn, type RandomKey, randomKey } from '@selfsup/ssl-tensor';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Method, MethodLoss, RunConfig, RunShape, StepContext, Tensors } from '@selfsup/ssl-train';
import { cropsOf, globalCount } from '../../batches/crops-of.js';
import { checkEncoder } from '../../encoders/check-encoder.js';
import { SwavHead } from '../../heads/swav-head.js';
import { checkImageStatistics, type ImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { encodeCrops } from '../self-distillation/encode-crops.js';
import type { MultiViewBatch } from '../simclr/simclr.js';

/**
 * Defaults of {@link Swav}: Caron et al. 2020 (arXiv 2006.09882), and `main_swav.py` of facebookresearch/swav. For batches
 * of 256 and fewer the paper takes a queue of 3840 from epoch 15 on; queue and batch together should be some times the
 * number of prototypes, or the codes cannot be balanced.
 */
export const swavDefaults = {
  temperature: 0.1,
  epsilon: 0.05,
  sinkhornIterations: 3,
  queueLength: 0,
  queueStartEpoch: 15,
  freezePrototypesSteps: 313,
} as const;

/** Options of {@link Swav}. */
export type SwavOptions = {
  /** It takes pictures of each size that the views have. */
  readonly backbone: Encoder;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Divisor of the scores in the predictions. Default 0.1. */
  readonly temperature?: number;
  /** Divisor of the scores in the codes. Default 0.05. */
  readonly epsilon?: number;
  /** Rounds of balancing of the codes. Default 3. */
  readonly sinkhornIterations?: number;
  /** Embeddings of earlier batches that balance the codes, kept for each global view. Default 0: none. */
  readonly queueLength?: number;
  /** Epoch from which on they do, from 0; collected from the first step on. Default 15. */
  readonly queueStartEpoch?: number;
  /** Updates at the start in which the prototypes do not train. Default 313. */
  readonly freezePrototypesSteps?: number;
} & (
  | {
      /** What the loss sees. */
      readonly head: SwavHead;
    }
  | {
      /** Key of the default head: 2048 wide, 128 out, 3000 prototypes. */
      readonly key: RandomKey;
    }
);

const swavOptionNames: OptionNames<SwavOptions> = {
  backbone: 'required',
  normalize: 'required',
  temperature: 'optionalNumber',
  epsilon: 'optionalNumber',
  sinkhornIterations: 'optionalNumber',
  queueLength: 'optionalNumber',
  queueStartEpoch: 'optionalNumber',
  freezePrototypesSteps: 'optionalNumber',
  head: 'optional',
  key: 'optionalKey',
};

/** The head that was given, or the default one. */
function headOf(options: SwavOptions): SwavHead {
  const { head, key } = options as { readonly head?: SwavHead; readonly key?: RandomKey };
  if (head instanceof SwavHead) return head;
  const advice = 'Such as new SwavHead(backbone.featureDim, { prototypes: 300, key: randomKey(2) })';
  if (head !== undefined) throw new InvalidOptionError('Swav', 'head', 'a SwavHead', head, advice);
  if (key === undefined) throw new InvalidOptionError('Swav', 'key', 'given where there is no head', undefined);
  return new SwavHead(options.backbone.featureDim, { key });
}

/** Whether the prototypes train, and whether the queue balances the codes. */
export type SwavPhase = 'frozen' | 'frozen, queue' | 'all' | 'all, queue';

/**
 * SwAV: every crop predicts the codes of the two global ones, balanced assignments to prototypes that the batch and a
 * queue of earlier embeddings share out; `swav` of @selfsup/ssl-losses. Keep `modules.backbone`.
 *
 * Views are those of `swavViews`: two global ones of one size, then others. The encoder runs once for each run of crops of
 * one size, and its batch statistics are over the crops of a pass, global ones first; the head runs on all of them
 * together, and so are its batch statistics. Prototypes have length 1 at every step: they are scaled after each update.
 *
 * The queue holds random directions at first, the same in every run, and fills from the first step on: let it begin when
 * `queueLength / batch` updates have passed, as the default does on data sets of some size.
 * With `accumulateSteps` the codes of each batch are balanced by themselves.
 *
 * The reference's optimiser is LARS around SGD of momentum 0.9, a rate of 4.8 for batches of 4096 (0.6 for 256 with a
 * queue) along a cosine, weight decay 1e-6.
 *
 * Metric `featureStd`: deviation of the embeddings of the global crops, averaged over their width `d`; about `1 / sqrt(d)`
 * where they spread over the sphere, 0 where they have collapsed.
 *
 * Source: Caron et al. 2020 (arXiv 2006.09882), section 3 and appendix; `main_swav.py` of facebookresearch/swav, which
 * keeps no embedding before the epoch of the queue and uses it when it is full.
 */
export class Swav implements Method<MultiViewBatch, never, SwavPhase> {
  readonly name = 'swav';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: Encoder; readonly head: SwavHead };
  /** Embeddings of the first and of the second global view. */
  readonly state: Readonly<Record<string, FeatureQueue>>;
  readonly #options: Required<Omit<SwavOptions, 'backbone' | 'head' | 'key'>>;

  /** @throws InvalidOptionError for numbers out of range, and for what is no encoder or no head */
  constructor(options: SwavOptions) {
    const given = checkOptions('Swav', options, swavOptionNames);
    const all = { ...swavDefaults, ...given };
    const { backbone, normalize, temperature, epsilon, sinkhornIterations } = all;
    const { queueLength, queueStartEpoch, freezePrototypesSteps } = all;
    checkPositive('Swav', { temperature, epsilon });
    checkCount('Swav', { sinkhornIterations });
    checkCount('Swav', { queueLength, queueStartEpoch, freezePrototypesSteps }, 0);
    checkEncoder('Swav', backbone);
    checkImageStatistics('Swav', 'normalize', normalize);
    const head = headOf(given);
    this.modules = { backbone, head };
    const queue = (view: number): FeatureQueue =>
      new FeatureQueue(queueLength, head.outDim, { key: foldIn(randomKey(0), view) });
    this.state = queueLength === 0 ? {} : { queue0: queue(0), queue1: queue(1) };
    const numbers = { temperature, epsilon, sinkhornIterations, queueLength, queueStartEpoch, freezePrototypesSteps };
    this.settings = { ...numbers, normalize: statisticsOf(normalize) };
    this.#options = { ...numbers, normalize };
  }

  trainable(phase?: SwavPhase): Map<string, Parameter> {
    const { backbone, head } = this.modules;
    const isFrozen = phase === 'frozen' || phase === 'frozen, queue';
    return parametersOf(isFrozen ? { backbone, 'head.projection_head': head.projection } : { backbone, head });
  }

  phaseAt(step: number, run: RunShape): SwavPhase {
    const { freezePrototypesSteps, queueLength, queueStartEpoch } = this.#options;
    const trained = step < freezePrototypesSteps ? 'frozen' : 'all';
    return queueLength > 0 && step >= queueStartEpoch * run.stepsPerEpoch ? `${trained}, queue` : trained;
  }

  /** @throws ShapeError for views that are not two of one size and then others */
  loss(batch: Tensors<MultiViewBatch>, ctx: StepContext<never, SwavPhase>): MethodLoss {
    const { backbone, head } = this.modules;
    const { normalize, temperature, epsilon, sinkhornIterations } = this.#options;
    const { groups, count } = cropsOf('Swav', batch);
    const features = encodeCrops(backbone, groups, normalize, childContext(ctx, 'backbone'), 'Swav');
    const { embeddings, scores } = head.forward(features, childContext(ctx, 'head'));
    const byView = tf.split<tf.Tensor2D>(scores, count);
    const [first, second] = tf.split(embeddings, count) as [tf.Tensor2D, tf.Tensor2D];
    const usesQueue = ctx.phase === 'all, queue' || ctx.phase === 'frozen, queue';
    const queues = Object.values(this.state);
    return {
      loss: swav(byView.slice(0, globalCount), byView.slice(globalCount), {
        temperature,
        sinkhornEpsilon: epsilon,
        sinkhornIterations,
        ...(usesQueue ? { queue: queues.map(({ features: kept }) => head.prototypes.forward(kept)) } : {}),
      }),
      metrics: { featureStd: featureStd(tf.concat([first, second])) },
      ...(queues.length === 0 ? {} : { carried: { queue0: first, queue1: second } }),
    };
  }

  afterUpdate(_ctx: StepContext<never, SwavPhase>, carried: Readonly<Record<string, tf.Tensor>>): void {
    this.modules.head.normalize();
    for (const [name, queue] of Object.entries(this.state)) queue.enqueue(carried[name] as tf.Tensor2D);
  }
}
