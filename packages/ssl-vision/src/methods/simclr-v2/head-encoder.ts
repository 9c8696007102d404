import type * as tf from '@tensorflow/tfjs-core';
import { childContext, evaluation, Linear, Module, Relu, Sequential } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext } from '@selfsup/ssl-nn';
import { InvalidOptionError } from '@selfsup/ssl-tensor';
import { checkEncoder } from '../../encoders/check-encoder.js';
import type { ProjectionHead } from '../../heads/projection-head.js';

/**
 * An encoder with the first layer of its projection head on it, batch norm and ReLU included: what SimCLR v2 fine-tunes, in
 * place of the encoder alone. `featureDim` is the head's hidden width. It is an `Encoder` as any other: of a `Classifier`,
 * kNN, a linear probe.
 *
 * The modules are those that were given, with their weights, and not copies: take `twinOf` of it to keep them as they are.
 * State dict: `backbone.` and the encoder's names, `head.` and the layer's (`head.0.weight`, `head.1.running_mean`).
 *
 * Source: Chen et al. 2020 (SimCLR v2, arXiv 2006.10029), section 2, "fine-tuning from the first layer of the MLP
 * projection head"; `ft_proj_selector: 1` of google-research/simclr.
 *
 * @example
 * const backbone = method.encoder();
 * const features = (images: tf.Tensor, ctx: ForwardContext) => backbone.forward(normalizeImages(images, statistics), ctx);
 * const classifier = new Classifier({ backbone, featureDim: backbone.featureDim, features, classes: 10, key });
 */
export class HeadEncoder extends Module implements Encoder {
  readonly featureDim: number;
  readonly backbone: Encoder;
  readonly head: Sequential;

  /** @throws InvalidOptionError for what is no encoder, and for a head of one layer: nothing follows it that is left out */
  constructor(backbone: Encoder, head: ProjectionHead) {
    super();
    checkEncoder('HeadEncoder', backbone);
    const layers = (head as Partial<ProjectionHead> | undefined)?.layers?.layers ?? [];
    const end = layers.findIndex((layer) => layer instanceof Relu);
    const [first] = layers;
    if (!(first instanceof Linear) || end < 0)
      throw new InvalidOptionError('HeadEncoder', 'head', 'a ProjectionHead of two layers or more', head);
    this.backbone = backbone;
    this.head = new Sequential(layers.slice(0, end + 1));
    this.featureDim = first.weight.variable.shape[1]!;
  }

  forward(images: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const features = this.backbone.forward(images, childContext(ctx, 'backbone'));
    return this.head.forward(features, childContext(ctx, 'head')) as tf.Tensor2D;
  }
}
