import * as tf from '@tensorflow/tfjs-core';
import { checkNumber } from '@selfsup/ssl-core';
import { denseCL, type DenseCLView, FeatureQueue, featureStd, l2Normalize } from '@selfsup/ssl-losses';
import { childContext, parametersOf, twinOf } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkCount, checkPositive, checkShare, foldIn, ShapeError, stopGradient } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { EmaPair, Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { twoViewsOf } from '../../batches/two-views-of.js';
import { checkQueue } from '../../batches/check-queue.js';
import { checkPooledEncoder, lastChannels, mapAndFeatures, type PooledEncoder } from '../../encoders/last-map.js';
import { ProjectionHead } from '../../heads/projection-head.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import { momentumPairs } from '../joint-embedding/momentum-pairs.js';
import type { MultiViewBatch } from '../simclr/simclr.js';

/** Options of {@link DenseCl}. */
export interface DenseClOptions {
  /** Of maps, which pools the last one to its features. */
  readonly backbone: PooledEncoder;
  /** Source of the heads' initial weights and of the queues' first rows. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Width of both heads' hidden layer. Default: the features'. */
  readonly hiddenDim?: number;
  /** Width of queries and keys, of whole views and of places. Default 128. */
  readonly outDim?: number;
  /** Divisor of the similarities of both parts. Default 0.2. */
  readonly temperature?: number;
  /** Weight of the dense part, in [0, 1]. Default 0.5. */
  readonly lambda?: number;
  /** Keys of earlier images in each of the two queues; a multiple of the images of an update. Default 65536. */
  readonly queueSize?: number;
  /** Of the key encoder, in [0, 1]. Default 0.999. */
  readonly momentum?: number;
}

const denseClOptionNames: OptionNames<DenseClOptions> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  hiddenDim: 'optionalNumber',
  outDim: 'optionalNumber',
  temperature: 'optionalNumber',
  lambda: 'optionalNumber',
  queueSize: 'optionalNumber',
  momentum: 'optionalNumber',
};

/**
 * Defaults of {@link DenseCl}: Wang et al. 2021 (arXiv 2011.09157), section 4.1, and the configuration
 * `densecl_imagenet_200ep` of its code, whose heads are as wide as a ResNet-50's features. There with SGD, momentum 0.9,
 * decay 1e-4, rate 0.03 for batches of 256, by a cosine; views of MoCo v2.
 */
export const denseClDefaults = {
  outDim: 128,
  temperature: 0.2,
  lambda: 0.5,
  queueSize: 65536,
  momentum: 0.999,
} as const;

/**
 * {@link DenseCl} for pictures of 28 to 64 pixels and batches of 64 to 512, of which 65536 keys would be hundreds of epochs
 * old: queue and momentum of MoCo's own run on CIFAR-10 (see `mocoSmall`), with the paper's temperature. The last map
 * should have some 4 x 4 places: a ResNet wants `stem: 'cifar'`.
 */
export const denseClSmall = { queueSize: 4096, momentum: 0.99 } as const;

/**
 * DenseCL: MoCo v2 of whole views and of places. `loss = (1 - lambda) L_global + lambda L_dense`; in the dense part each
 * place of the query's map finds, among the means of earlier images' places, the place of the key's map whose backbone
 * feature is most like its own. The first view is the query. Trains backbone and both heads; keep `modules.backbone`.
 *
 * The dense head is the same two layers at each place of the last map. The key encoder makes the keys and the features that
 * they are matched by; no gradient enters it, nor the matching. Batch statistics: one training pass of the online encoder
 * over the queries, then one of the key encoder over the keys; each keeps its own running statistics. The paper shuffles
 * keys over devices; on one device with statistics of the whole batch that changes nothing and is left out.
 *
 * The key encoder follows, and the queues take an image's key and the mean of its places' keys, of length 1, after an
 * update; the authors' code moves the encoder before the forward pass, which makes the same keys.
 *
 * Metric `featureStd`: deviation of the queries of length 1 over the batch, about `1 / sqrt(outDim)` where they spread over
 * the sphere, 0 where they have collapsed; `denseStd`: the same of the places' queries.
 *
 * Source: Wang et al. 2021 (arXiv 2011.09157), section 3; openselfsup/models/densecl.py of WXinlong/DenseCL.
 */
export class DenseCl implements Method<MultiViewBatch> {
  readonly name = 'densecl';
  readonly settings: RunConfig;
  readonly modules: {
    readonly backbone: PooledEncoder;
    readonly head: ProjectionHead;
    readonly denseHead: ProjectionHead;
    readonly momentumBackbone: PooledEncoder;
    readonly momentumHead: ProjectionHead;
    readonly momentumDenseHead: ProjectionHead;
  };
  readonly state: { readonly queue: FeatureQueue; readonly denseQueue: FeatureQueue };
  readonly #normalize: ImageStatistics;
  readonly #numbers: { readonly temperature: number; readonly lambda: number };
  readonly #momentum: number;

  /** @throws InvalidOptionError for options out of range and for what is no encoder that pools its last map */
  constructor(options: DenseClOptions) {
    const where = 'DenseCl';
    const all = { ...denseClDefaults, ...checkOptions(where, options, denseClOptionNames) };
    const { backbone, key, normalize, outDim, temperature, lambda, queueSize, momentum } = all;
    checkPooledEncoder(where, backbone);
    checkImageStatistics(where, 'normalize', normalize);
    const { hiddenDim = backbone.featureDim } = all;
    checkCount(where, { hiddenDim, outDim, queueSize });
    checkPositive(where, { temperature });
    checkShare(where, { lambda });
    checkNumber(where, 'momentum', momentum, 0, 1);
    const headOf = (name: string, inDim: number): ProjectionHead =>
      new ProjectionHead(inDim, { hiddenDim, outDim, batchNorm: false, key: foldIn(key, name) });
    const [head, denseHead] = [headOf('head', backbone.featureDim), headOf('denseHead', lastChannels(backbone))];
    this.modules = {
      backbone,
      head,
      denseHead,
      momentumBackbone: twinOf(backbone),
      momentumHead: twinOf(head),
      momentumDenseHead: twinOf(denseHead),
    };
    const queueOf = (name: string): FeatureQueue => new FeatureQueue(queueSize, outDim, { key: foldIn(key, name) });
    this.state = { queue: queueOf('queue'), denseQueue: queueOf('denseQueue') };
    this.settings = { temperature, lambda, queueSize, momentum, normalize: statisticsOf(normalize) };
    this.#normalize = normalize;
    this.#numbers = { temperature, lambda };
    this.#momentum = momentum;
  }

  trainable(): Map<string, Parameter> {
    const { backbone, head, denseHead } = this.modules;
    return parametersOf({ backbone, head, denseHead });
  }

  emaPairs(): EmaPair[] {
    const { denseHead: online, momentumDenseHead: target } = this.modules;
    const momentum = this.#momentum;
    return [...momentumPairs(this.modules, momentum), { online, target, momentum, buffers: 'keep' }];
  }

  /** @throws ShapeError unless there are two views of one shape, whose last maps have more than one place */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const [first, second] = twoViewsOf('DenseCl', batch).map((view) => normalizeImages(view, this.#normalize)) as [
      tf.Tensor4D,
      tf.Tensor4D,
    ];
    const { momentumBackbone, momentumHead, momentumDenseHead, ...online } = this.modules;
    const teacher = { backbone: momentumBackbone, head: momentumHead, denseHead: momentumDenseHead };
    const query = seen(online, first, ctx);
    const found = seen(teacher, second, childContext(ctx, 'momentum'));
    const key = {
      global: stopGradient(found.global),
      dense: stopGradient(found.dense),
      features: stopGradient(found.features),
    };
    const { queue, denseQueue } = this.state;
    const negatives = { negatives: queue.features, denseNegatives: denseQueue.features };
    const places = tf.reshape(query.dense, [-1, query.dense.shape[2]]) as tf.Tensor2D;
    return {
      loss: denseCL(query, key, { ...this.#numbers, ...negatives }),
      metrics: { featureStd: featureStd(query.global), denseStd: featureStd(places) },
      carried: { keys: l2Normalize(key.global), denseKeys: l2Normalize(tf.mean(key.dense, 1) as tf.Tensor2D) },
    };
  }

  /** @throws ShapeError unless the images of an update divide the queues, as in the authors' code */
  afterUpdate(_ctx: ForwardContext, carried: Readonly<Record<string, tf.Tensor>>): void {
    const { queue, denseQueue } = this.state;
    checkQueue('DenseCl', queue, carried['keys']!.shape[0]!);
    queue.enqueue(carried['keys'] as tf.Tensor2D);
    denseQueue.enqueue(carried['denseKeys'] as tf.Tensor2D);
  }
}

/** What a network makes of images: of the whole and of each place, with the features at the places. */
function seen(
  { backbone, head, denseHead }: Pick<DenseCl['modules'], 'backbone' | 'head' | 'denseHead'>,
  images: tf.Tensor4D,
  ctx: ForwardContext,
): DenseCLView {
  const { map, features } = mapAndFeatures(backbone, images, childContext(ctx, 'backbone'));
  const [batch, rows, columns, channels] = map.shape;
  if (rows * columns < 2)
    throw new ShapeError(
      'DenseCl',
      'views',
      'of pictures whose last map has more than one place',
      `${rows} x ${columns}`,
      "Take larger pictures, or an encoder of a smaller stride: a ResNet with stem: 'cifar'",
    );
  const places = tf.reshape(map, [batch * rows * columns, channels]) as tf.Tensor2D;
  const dense = denseHead.forward(places, childContext(ctx, 'denseHead'));
  return {
    global: head.forward(features, childContext(ctx, 'head')),
    dense: tf.reshape(dense, [batch, rows * columns, denseHead.outDim]) as tf.Tensor3D,
    features: tf.reshape(map, [batch, rows * columns, channels]) as tf.Tensor3D,
  };
}
