import * as tf from '@tensorflow/tfjs-core';
import { featureStd } from '@selfsup/ssl-losses';
import { childContext, parametersOf } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkChoice, foldIn, InvalidOptionError } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { samplesOf } from '../../batches/samples-of.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { CpcPredictor, type CpcPredictorSizes } from './cpc-predictor.js';
import { PatchwiseEncoder } from './patchwise-encoder.js';

/** Where predicted patches lie from those that predict. */
export type CpcDirection = 'down' | 'up' | 'right' | 'left';

/** Options of {@link Cpc}. */
export interface CpcOptions extends Partial<CpcPredictorSizes> {
  readonly backbone: PatchwiseEncoder;
  /** Source of the predictors' initial weights. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Each with a predictor of its own. Default: all four. */
  readonly directions?: readonly CpcDirection[];
}

const cpcOptionNames: OptionNames<CpcOptions> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  directions: 'optional',
  contextBlocks: 'optionalNumber',
  contextDim: 'optionalNumber',
  targetDim: 'optionalNumber',
  scale: 'optionalNumber',
  rows: 'optional',
};

const everyDirection = ['down', 'up', 'right', 'left'] as const;

/**
 * Defaults of {@link Cpc}: CPC v2, Henaff et al. 2019 (arXiv 1905.09272), section 3.1 and appendix A. There patches of 80
 * pixels every 36 of a crop of 260, of which rows up to the second next overlap; ResNets with layer norm; Adam, rate 4e-4, betas 0.8 and
 * 0.999, batches of 512.
 */
export const cpcDefaults = {
  directions: everyDirection,
  contextBlocks: 5,
  contextDim: 256,
  targetDim: 64,
  scale: 0.1,
  rows: [3, 3],
} as const;

/**
 * {@link Cpc} for 28 to 64 pixels in patches that overlap by half (of 8 for 28 and 32 pixels): a small context network, and
 * two rows ahead of which the nearer one no longer overlaps. Chosen, not cited.
 */
export const cpcSmall = { contextBlocks: 2, contextDim: 64, targetDim: 64, rows: [2, 3] } as const;

/**
 * Contrastive predictive coding, version 2: patches that overlap are encoded each by itself, a network that sees a row and
 * those above it predicts patches some rows below, told from all patches of the batch by InfoNCE:
 * `loss = mean over directions of sum over rows ahead of -log softmax(scores)[own]`. Other directions turn the grid. Patches
 * have gradients on both sides. Keep `modules.backbone`, or its `encoder`.
 *
 * The encoder should have no batch norm, by whose statistics a patch tells of the others: `resnet18({ norm: 'group',
 * groups: 1 })` has the paper's layer norm; with batch norm, statistics are those of all patches of the batch. One view of
 * each image suffices; of more, each is a sample of its own.
 *
 * Metric `featureStd`: deviation of the pictures' features of length 1 over the batch, 0 where they have collapsed.
 *
 * Source: van den Oord et al. 2018 (arXiv 1807.03748); Henaff et al. 2019 (arXiv 1905.09272), appendix A. Without the
 * augmentation of each patch by itself (dropped colours).
 */
export class Cpc implements Method<MultiViewBatch> {
  readonly name = 'cpc';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: PatchwiseEncoder } & { readonly [D in CpcDirection]?: CpcPredictor };
  readonly #normalize: ImageStatistics;
  readonly #directions: readonly CpcDirection[];

  /** @throws InvalidOptionError for options out of range and for what is no PatchwiseEncoder */
  constructor(options: CpcOptions) {
    const where = 'Cpc';
    const { backbone, key, normalize, directions, ...sizes } = {
      ...cpcDefaults,
      ...checkOptions(where, options, cpcOptionNames),
    };
    if (!(backbone instanceof PatchwiseEncoder)) {
      const advice = 'Such as new PatchwiseEncoder({ encoder, patchSize: 8 })';
      throw new InvalidOptionError(where, 'backbone', 'a PatchwiseEncoder', backbone, advice);
    }
    checkImageStatistics(where, 'normalize', normalize);
    if (!Array.isArray(directions) || directions.length === 0 || new Set(directions).size < directions.length)
      throw new InvalidOptionError(where, 'directions', 'one or more different directions', directions);
    const wanted: readonly CpcDirection[] = directions;
    for (const direction of wanted) checkChoice(where, 'directions', direction, everyDirection);
    const predictor = (name: CpcDirection): CpcPredictor =>
      new CpcPredictor({ ...sizes, inDim: backbone.featureDim, key: foldIn(key, name) });
    this.modules = { backbone, ...Object.fromEntries(wanted.map((name) => [name, predictor(name)])) };
    const { patchSize, stride } = backbone;
    const { scale, rows } = sizes;
    this.settings = {
      patchSize,
      stride,
      scale,
      rows: [...rows],
      directions: [...wanted],
      normalize: statisticsOf(normalize),
    };
    this.#normalize = normalize;
    this.#directions = wanted;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /** @throws ShapeError for images that are not of whole strides, or of too few rows or columns of patches */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const { backbone } = this.modules;
    const images = normalizeImages(samplesOf('Cpc', batch, 2), this.#normalize);
    const grid = backbone.grid(images, childContext(ctx, 'backbone'));
    const losses = this.#directions.map((direction) => this.modules[direction]!.loss(turned(grid, direction)));
    return {
      loss: tf.div(tf.addN(losses), losses.length),
      metrics: { featureStd: featureStd(tf.mean(grid, [1, 2]) as tf.Tensor2D) },
    };
  }
}

/** The grid as if what lies in a direction lay below. */
function turned(grid: tf.Tensor4D, direction: CpcDirection): tf.Tensor4D {
  const isAcross = direction === 'right' || direction === 'left';
  const upright = isAcross ? tf.transpose(grid, [0, 2, 1, 3]) : grid;
  return direction === 'up' || direction === 'left' ? tf.reverse(upright, 1) : upright;
}
