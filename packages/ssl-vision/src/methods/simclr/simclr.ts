import * as tf from '@tensorflow/tfjs-core';
import { dcl, dclw, featureStd, ntXent } from '@selfsup/ssl-losses';
import { childContext, parametersOf } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkChoice, checkPositive, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor';
import type { NdArray, RandomKey } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkEncoder } from '../../encoders/check-encoder.js';
import { equalViewsOf } from '../../batches/equal-views-of.js';
import { loaderOf } from '../../batches/views-of.js';
import { project } from '../../heads/project.js';
import { ProjectionHead } from '../../heads/projection-head.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';

/** Defaults of {@link SimClr}: temperature 0.1 as in Chen et al. 2020 (arXiv 2002.05709), batch statistics over all views. */
export const simClrDefaults = { temperature: 0.1, batchNorm: 'joint', loss: 'ntXent' } as const;

const losses = ['ntXent', 'dcl', 'dclw'] as const;

/**
 * A batch of views, of the same images in the same order: each `uint8 [batch, height, width, channels]`, or of volumes
 * `float32 [batch, depth, height, width, channels]`, for an encoder of volumes.
 */
export interface MultiViewBatch {
  readonly views: readonly (NdArray<Uint8Array> | NdArray<Float32Array>)[];
}

/** Options of {@link SimClr}. */
export type SimClrOptions = {
  readonly backbone: Encoder;
  /** Default 0.1. */
  readonly temperature?: number;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /**
   * `joint`: one forward pass over all views, batch statistics over all of them, as the paper does on one device.
   * `perView`: a pass for each view, as lightly's examples do; slower. Default `joint`.
   */
  readonly batchNorm?: 'joint' | 'perView';
  /**
   * `ntXent`: SimCLR's. `dcl`: decoupled, without the positive among what it is told from, for small batches; `dclw`: the
   * same, weighting far positives more. The decoupled ones take two views (Yeh et al. 2021, arXiv 2110.06848).
   * Default `ntXent`.
   */
  readonly loss?: 'ntXent' | 'dcl' | 'dclw';
} & (
  | {
      /** What the loss sees. */
      readonly head: ProjectionHead;
    }
  | {
      /** Key of the default head: `backbone.featureDim` wide, 128 out. */
      readonly key: RandomKey;
    }
);

const simClrOptionNames: OptionNames<SimClrOptions> = {
  backbone: 'required',
  temperature: 'optionalNumber',
  normalize: 'required',
  batchNorm: 'optional',
  loss: 'optional',
  head: 'optional',
  key: 'optionalKey',
};

/** The head that was given, or the default one. */
function headOf(options: SimClrOptions): ProjectionHead {
  if ('head' in options && options.head !== undefined) return checkedHead(options.head);
  const { key } = options as { readonly key?: RandomKey };
  if (key === undefined) throw new InvalidOptionError('SimClr', 'key', 'given where there is no head', undefined);
  return new ProjectionHead(options.backbone.featureDim, { key });
}

function checkedHead(head: ProjectionHead): ProjectionHead {
  const given = head as Partial<ProjectionHead> | null;
  if (typeof given?.forward === 'function' && typeof given.namedParameters === 'function') return head;
  const advice = 'Such as new ProjectionHead(backbone.featureDim, { outDim: 128, key: randomKey(2) })';
  throw new InvalidOptionError('SimClr', 'head', 'a module with forward(x, ctx)', head, advice);
}

/**
 * SimCLR: the views of an image attract, all other images of the batch repel, through the NT-Xent loss of a projection
 * of the features. Trains backbone and head; keep the backbone.
 *
 * Metric `featureStd`: deviation of the unit-length projections over the batch, averaged over their width `d`; about
 * `1 / sqrt(d)` where they spread over the sphere, 0 where they have collapsed.
 *
 * Source: Chen et al. 2020 (arXiv 2002.05709), algorithm 1.
 */
export class SimClr implements Method<MultiViewBatch> {
  readonly name = 'simclr';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: Encoder; readonly head: ProjectionHead };
  readonly #temperature: number;
  readonly #normalize: ImageStatistics;
  readonly #batchNorm: 'joint' | 'perView';
  readonly #loss: 'ntXent' | 'dcl' | 'dclw';

  /** @throws InvalidOptionError for a temperature that is not positive, an unknown `batchNorm` or `loss`, and a head that is no module */
  constructor(options: SimClrOptions) {
    const { backbone, temperature, normalize, batchNorm, loss } = {
      ...simClrDefaults,
      ...checkOptions('SimClr', options, simClrOptionNames),
    };
    checkEncoder('SimClr', backbone);
    checkImageStatistics('SimClr', 'normalize', normalize);
    checkPositive('SimClr', { temperature });
    checkChoice('SimClr', 'batchNorm', batchNorm, ['joint', 'perView']);
    checkChoice('SimClr', 'loss', loss, losses);
    this.modules = {
      backbone,
      head: headOf(options),
    };
    const other = loss === 'ntXent' ? {} : { loss };
    this.settings = { temperature, batchNorm, ...other, normalize: statisticsOf(normalize) };
    this.#temperature = temperature;
    this.#normalize = normalize;
    this.#batchNorm = batchNorm;
    this.#loss = loss;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /** @throws ShapeError unless there are two views or more, of one shape; a decoupled loss takes two */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const views = equalViewsOf('SimClr', batch);
    if (this.#loss !== 'ntXent' && views.length !== 2)
      throw new ShapeError(
        'SimClr',
        'views',
        `two arrays with loss '${this.#loss}'`,
        `${views.length}`,
        `Give the loader two views: ${loaderOf('two')}, or take loss: 'ntXent'`,
      );
    const projections = this.#project(views, ctx);
    return { loss: this.#contrast(projections, views.length), metrics: { featureStd: featureStd(projections) } };
  }

  #contrast(projections: tf.Tensor2D, views: number): tf.Scalar {
    const temperature = this.#temperature;
    if (this.#loss === 'ntXent') return ntXent(projections, { temperature, views });
    const [first, second] = tf.split(projections, 2) as [tf.Tensor2D, tf.Tensor2D];
    return (this.#loss === 'dcl' ? dcl : dclw)(first, second, { temperature });
  }

  /** `[views * batch, dim]`, view after view. */
  #project(views: readonly tf.Tensor[], ctx: ForwardContext): tf.Tensor2D {
    const ofImages = (images: tf.Tensor, own: ForwardContext): tf.Tensor2D =>
      project(this.modules, normalizeImages(images, this.#normalize), own);
    if (this.#batchNorm === 'joint') return ofImages(tf.concat([...views]), ctx);
    return tf.concat(views.map((images, view) => ofImages(images, childContext(ctx, view))));
  }
}
