import * as tf from '@tensorflow/tfjs-core';
import { capi, featureStd, l2Normalize } from '@selfsup/ssl-losses';
import { childContext, drawKey, Linear, normal, parametersOf, twinOf, zeros } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import {
  checkCount,
  checkPositive,
  checkShare,
  foldIn,
  foldInKey,
  InvalidOptionError,
  type NdArray,
  ShapeError,
  stopGradient,
} from '@selfsup/ssl-tensor';
import type { RandomKey, TensorKey } from '@selfsup/ssl-tensor';
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
import { samplesOf } from '../../batches/samples-of.js';
import type { Grid } from '../../encoders/vision-transformer/resize-positions.js';
import { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { WeightNormLinear } from '../../heads/weight-norm-linear.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { MaeDecoderSize } from '../mae/mae-decoder.js';
import { teacherContext } from '../self-distillation/teacher-context.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { CapiPredictor } from './capi-predictor.js';
import { hiddenPlaces, inverseBlocks } from './inverse-blocks.js';

/** Views, and where a loader makes them the masks. */
export interface MaskedViewBatch extends MultiViewBatch {
  /**
   * `[views * batch, patches]`, 1 = hidden; as many ones for each image as the method would draw. Default: drawn.
   */
  readonly masks?: NdArray<Uint8Array>;
}

/** Options of {@link Capi}. */
export interface CapiOptions {
  readonly backbone: VisionTransformer;
  /** Source of the initial weights of predictor, head and clusters. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Size of the predictor. Default 1024 wide, 12 blocks, 16 heads. */
  readonly predictor?: MaeDecoderSize;
  /** Clusters of patches. Default 16384. */
  readonly clusters?: number;
  /** Share of the patches that is hidden, in (0, 1). Default 0.65. */
  readonly maskRatio?: number;
  /** Share of the hidden patches that is predicted, one at least, in (0, 1]. Default 0.05. */
  readonly predictedShare?: number;
  /** Divisor of the clusters' scores for the balanced assignments. Default 0.06. */
  readonly teacherTemperature?: number;
  /** Divisor of the student's scores, and of the clusters' where they learn. Default 0.12. */
  readonly studentTemperature?: number;
  /** Rounds of balancing, 1 or more. Default 3. */
  readonly sinkhornIterations?: number;
  /** Of the teacher after the warm-up, in [0, 1]; it comes down from 1 in a tenth of the run and goes back up. Default 0.999. */
  readonly momentum?: number;
}

const capiOptionNames: OptionNames<CapiOptions> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  predictor: 'optional',
  clusters: 'optionalNumber',
  maskRatio: 'optionalNumber',
  predictedShare: 'optionalNumber',
  teacherTemperature: 'optionalNumber',
  studentTemperature: 'optionalNumber',
  sinkhornIterations: 'optionalNumber',
  momentum: 'optionalNumber',
};

/**
 * Defaults of {@link Capi}: Darcet et al. 2025 (arXiv 2502.08769), section 4, and `default_pretrain_config.yaml` of its
 * code, for a ViT-L/14. There with AdamW (betas 0.9 and 0.95), rate 1e-3 after a tenth of 500,000 steps of warm-up and down
 * by a cosine of which a fifth is cut off, the clusters' half of it, decay 0.1, batches of 16384, crops of 0.6 to 1.
 */
export const capiDefaults = {
  predictor: { dim: 1024, depth: 12, heads: 16 },
  clusters: 16384,
  maskRatio: 0.65,
  predictedShare: 0.05,
  teacherTemperature: 0.06,
  studentTemperature: 0.12,
  sinkhornIterations: 3,
  momentum: 0.999,
} as const;

/**
 * {@link Capi} for pictures of 28 to 64 pixels and batches of 64 to 512: of some 50 patches, a twentieth of the hidden ones
 * would be one, so all are predicted; the balancing at a place has only the batch's images to share out, so there are no
 * more clusters than those; and a teacher that moves within a run of few steps. Chosen, not cited.
 */
export const capiSmall = {
  predictor: { dim: 96, depth: 3, heads: 3 },
  clusters: 256,
  predictedShare: 1,
  momentum: 0.99,
} as const;

/**
 * CAPI: from a block of an image's patches, predict to which clusters the hidden ones belong. A teacher that follows sees
 * all patches; clusters of its tokens are learnt online, balanced over the batch at each place by itself, so that none
 * stands for a place; the predictor looks from each hidden place at the student's tokens.
 * `loss = H(q, student) + H(q, clusters)`: the first trains backbone, predictor and head, the second the clusters alone, and
 * `q` are the balanced assignments of the teacher's tokens. Keep `modules.teacher`.
 *
 * One view of each image suffices (a crop); of more, each is a sample of its own. The clusters' rate is half of the run's:
 * {@link Capi.parameterGroups}. Balancing looks at the whole batch: with `accumulateSteps` each part does by itself.
 *
 * Metrics: `featureStd`, deviation of the teacher's mean tokens of length 1 over the batch, 0 where they have collapsed;
 * `predictionLoss`, `clusterLoss`.
 *
 * Source: Darcet et al. 2025 (CAPI, arXiv 2502.08769), section 3; train_capi.py of facebookresearch/capi. See
 * {@link CapiPredictor} and `inverseBlocks` for what deviates.
 */
export class Capi implements Method<MaskedViewBatch> {
  readonly name = 'capi';
  readonly settings: RunConfig;
  readonly modules: {
    readonly backbone: VisionTransformer;
    readonly predictor: CapiPredictor;
    /** Scores of predicted places, of vectors of length 1. */
    readonly head: WeightNormLinear;
    readonly teacher: VisionTransformer;
    /** Scores of the teacher's tokens, of length 1. */
    readonly clusters: Linear;
  };
  readonly #options: Required<CapiOptions>;

  /** @throws InvalidOptionError for options out of range, and for what is no vision transformer */
  constructor(options: CapiOptions) {
    const where = 'Capi';
    const all = { ...capiDefaults, ...checkOptions(where, options, capiOptionNames) };
    const { backbone, key, normalize, predictor, clusters, maskRatio, predictedShare, momentum } = all;
    const { teacherTemperature, studentTemperature, sinkhornIterations } = all;
    if (!(backbone instanceof VisionTransformer))
      throw new InvalidOptionError(where, 'backbone', 'a VisionTransformer', backbone);
    checkImageStatistics(where, 'normalize', normalize);
    checkCount(where, { clusters, sinkhornIterations });
    checkPositive(where, { teacherTemperature, studentTemperature, maskRatio, predictedShare });
    checkShare(where, { maskRatio, predictedShare, momentum });
    const { tokenDim } = backbone;
    const { grid } = backbone.patchEmbed;
    const parts = { encoderDim: tokenDim, grid, key: foldIn(key, 'predictor') };
    this.modules = {
      backbone,
      predictor: new CapiPredictor({ ...predictor, ...parts }),
      head: new WeightNormLinear(predictor.dim, clusters, { key: foldIn(key, 'head'), learnMagnitude: true }),
      teacher: twinOf(backbone),
      clusters: new Linear(tokenDim, clusters, {
        key: foldIn(key, 'clusters'),
        weightInit: normal(1),
        biasInit: zeros,
      }),
    };
    this.#options = all;
    this.#counts(grid[0] * grid[1]);
    this.settings = {
      maskRatio,
      predictedShare,
      teacherTemperature,
      studentTemperature,
      sinkhornIterations,
      momentum,
      normalize: statisticsOf(normalize),
    };
  }

  trainable(): Map<string, Parameter> {
    const { backbone, predictor, head, clusters } = this.modules;
    return parametersOf({ backbone, predictor, head, clusters });
  }

  /**
   * Groups for an optimiser in which the clusters' learning rate is half of the run's, as the paper has it.
   *
   * @example
   * const optimizer = new AdamW(method.parameterGroups(), { weightDecay: 0.1 });
   */
  parameterGroups(): ParameterGroup[] {
    const { backbone, predictor, head, clusters } = this.modules;
    return [
      { parameters: parametersOf({ backbone, predictor, head }) },
      { parameters: parametersOf({ clusters }), learningRateScale: 0.5 },
    ];
  }

  emaPairs(run: RunShape): EmaPair[] {
    const { totalSteps } = run;
    const { momentum: base } = this.#options;
    const warmup = Math.floor(totalSteps / 10);
    const momentum: Schedule = (step) => {
      if (step < warmup) return 1 - ((1 - base) * step) / Math.max(1, warmup - 1);
      // Of half a cosine four fifths: it does not reach 1.
      const angle = (0.8 * Math.PI * (step - warmup)) / Math.max(1, totalSteps - warmup);
      return 1 - ((1 - base) * (1 + Math.cos(angle))) / 2;
    };
    const { backbone: online, teacher: target } = this.modules;
    return [{ online, target, momentum, buffers: 'keep' }];
  }

  /**
   * Masks of a loader's own, before a step: another number of ones has no shape within it.
   *
   * @throws InvalidOptionError for other values than 0 and 1, and for images with another number of ones than would be drawn
   */
  checkBatch(batch: MaskedViewBatch): void {
    const { masks } = batch;
    if (masks?.shape.length !== 2) return;
    const [images, patches] = masks.shape as [number, number];
    const hidden = patches - this.#counts(patches).kept;
    const advice = `Mask ${hidden} patches of each image, or leave masks out: then they are drawn`;
    const fail = (expected: string, got: unknown): InvalidOptionError =>
      new InvalidOptionError('Capi', 'batch.masks', expected, got, advice);
    const stranger = masks.data.find((value) => value !== 0 && value !== 1);
    if (stranger !== undefined) throw fail('0 or 1 for each patch', stranger);
    for (let image = 0; image < images; image++) {
      const ones = masks.data.subarray(image * patches, (image + 1) * patches).reduce((sum, value) => sum + value, 0);
      if (ones !== hidden) throw fail(`of ${hidden} masked patches for each image, as maskRatio has it`, ones);
    }
  }

  /**
   * @throws ShapeError for views of several shapes, fewer than two images, and masks that do not fit; InvalidOptionError
   *   where `ctx` has no key
   */
  loss(batch: Tensors<MaskedViewBatch>, ctx: ForwardContext): MethodLoss {
    const { normalize, teacherTemperature, studentTemperature, sinkhornIterations } = this.#options;
    // Clusters are balanced over the images.
    const images = normalizeImages(samplesOf('Capi', batch, 2), normalize);
    const [count] = images.shape;
    const { backbone, predictor, head, teacher, clusters } = this.modules;
    const key = drawKey(ctx, 'Capi.loss');
    const grid = backbone.patchEmbed.gridOf(images);
    const patches = grid[0] * grid[1];
    const counts = this.#counts(patches);
    const hidden = this.#hidden(batch.masks, foldInKey(key, 0), [count, patches], counts.kept, grid);
    const places = hiddenPlaces(hidden, counts, foldInKey(key, 1));

    const whole = teacher.encode(images, teacherContext(teacher, ctx, 'teacher'));
    const dim = whole.tokens.shape[2];
    const tokens = stopGradient(tf.slice(whole.tokens, [0, whole.prefix, 0], [count, patches, dim])) as tf.Tensor3D;
    const unit = l2Normalize(tf.reshape(tokens, [count * patches, dim]) as tf.Tensor2D);
    const scores = tf.reshape(clusters.forward(unit), [count, patches, -1]) as tf.Tensor3D;

    const seen = backbone.encode(images, childContext(ctx, 'backbone'), { keep: places.kept });
    const told = predictor.forward(seen.tokens, places, grid as Grid);
    const rows = l2Normalize(tf.reshape(told, [count * counts.predicted, told.shape[2]]) as tf.Tensor2D);
    const student = tf.reshape(head.forward(rows), [count, counts.predicted, -1]) as tf.Tensor3D;

    const options = { teacherTemperature, studentTemperature, sinkhornIterations };
    // No gradient flows into the scores as a teacher's.
    const distance = capi(scores, student, { ...options, teacherIndex: places.predicted });
    const predictionLoss: tf.Scalar =
      batch.masks === undefined ? distance : tf.add(distance, nanUnless(hidden, patches - counts.kept));
    const clusterLoss = capi(scores, scores, options);
    return {
      loss: tf.add(predictionLoss, clusterLoss),
      metrics: { featureStd: featureStd(tf.mean(tokens, 1) as tf.Tensor2D), predictionLoss, clusterLoss },
    };
  }

  /** @throws InvalidOptionError where nothing or everything would be hidden */
  #counts(patches: number): { readonly kept: number; readonly predicted: number } {
    const { maskRatio, predictedShare } = this.#options;
    const hidden = Math.trunc(patches * maskRatio);
    if (hidden < 1 || hidden >= patches)
      throw new InvalidOptionError('Capi', 'maskRatio', `a share that hides some of ${patches} patches`, maskRatio);
    return { kept: patches - hidden, predicted: Math.max(1, Math.trunc(hidden * predictedShare)) };
  }

  /** Drawn, or those of the batch. */
  #hidden(
    given: tf.Tensor | undefined,
    key: TensorKey,
    [images, patches]: readonly [number, number],
    kept: number,
    grid: readonly number[],
  ): tf.Tensor2D {
    if (given === undefined) return inverseBlocks(key, images, kept, grid);
    if (given.shape.join() !== `${images},${patches}`)
      throw new ShapeError('Capi', 'batch.masks', `[${images}, ${patches}]`, `[${given.shape.join(', ')}]`);
    return tf.cast(given, 'float32') as tf.Tensor2D;
  }
}

/** 0, or NaN where `checkBatch` was not asked and would refuse the masks. */
function nanUnless(hidden: tf.Tensor2D, wanted: number): tf.Scalar {
  const fits = tf.all(tf.equal(tf.sum(hidden, 1), wanted));
  return tf.where(fits, tf.scalar(0), tf.scalar(Number.NaN)) as tf.Scalar;
}
