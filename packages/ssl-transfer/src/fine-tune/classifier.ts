import type * as tf from '@tensorflow/tfjs-core';
import { Linear, Module, evaluation, normal, zeros } from '@selfsup/ssl-nn';
import type { ForwardContext } from '@selfsup/ssl-nn';
import { checkCount, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor';
import type { NdArray, RandomKey } from '@selfsup/ssl-tensor';
import type { Tensors } from '@selfsup/ssl-train';
import { checkOptions, isNdArray, type OptionNames } from '@selfsup/ssl-tensor/host';

/** A linear classifier's weights, for instance a linear probe's result. */
export interface LinearWeights {
  /** float32 `[classes, featureDim]` */
  readonly weight: NdArray<Float32Array>;
  /** float32 `[classes]` */
  readonly bias: NdArray<Float32Array>;
}

/** Options of {@link Classifier}. */
export interface ClassifierOptions<B> {
  /** The encoder whose parameters train. */
  readonly backbone: Module;
  /** Width of the features. */
  readonly featureDim: number;
  /**
   * Features `[batch, featureDim]` of a batch, by the backbone. Traced; normalisation and pooling belong in here:
   * `(images, ctx) => backbone.forward(normalizeImages(images, statistics), ctx)`. The third argument is the classifier's
   * backbone: a function that takes it from there serves a `twinOf` the classifier too.
   */
  readonly features: (inputs: Tensors<B>, ctx: ForwardContext, backbone: Module) => tf.Tensor2D;
  readonly classes: number;
  readonly key: RandomKey;
  /**
   * Start of the head. Default: small random weights. A linear probe's result keeps the features from being torn up
   * before the head has learnt (Kumar et al. 2022, arXiv 2202.10054).
   */
  readonly head?: LinearWeights;
}

const classifierOptionNames: OptionNames<ClassifierOptions<unknown>> = {
  backbone: 'required',
  featureDim: 'requiredNumber',
  features: 'requiredFunction',
  classes: 'requiredNumber',
  key: 'requiredKey',
  head: 'optional',
};

/** A backbone and a linear layer on its features. `B` is a batch of inputs on the host. */
export class Classifier<B> extends Module {
  readonly backbone: Module;
  readonly head: Linear;
  private readonly features: (inputs: Tensors<B>, ctx: ForwardContext, backbone: Module) => tf.Tensor2D;

  /** @throws InvalidOptionError for counts that are not positive integers; ShapeError for head weights that do not fit */
  constructor(options: ClassifierOptions<B>) {
    super();
    const { backbone, featureDim, features, classes, key, head } = checkOptions(
      'Classifier',
      options,
      classifierOptionNames,
    );
    checkCount('Classifier', { featureDim, classes });
    this.backbone = backbone;
    this.head = new Linear(featureDim, classes, { key, weightInit: normal(0.01), biasInit: zeros });
    this.features = features;
    if (head === undefined) return;
    if (!isNdArray(head.weight) || !isNdArray(head.bias))
      throw new InvalidOptionError('Classifier', 'head', 'weight and bias, as linearProbe returns them', head);
    const given = head.weight.shape.join() + ';' + head.bias.shape.join();
    if (given !== `${classes},${featureDim};${classes}`) {
      throw new ShapeError(
        'Classifier',
        'head',
        `weight [${classes}, ${featureDim}] and bias [${classes}]`,
        `[${head.weight.shape.join(', ')}] and [${head.bias.shape.join(', ')}]`,
      );
    }
    this.head.loadStateDict(
      new Map([
        ['weight', head.weight],
        ['bias', head.bias],
      ]),
    );
  }

  /**
   * @param inputs a batch, as tensors
   * @param ctx of the backbone
   * @returns logits `[batch, classes]`
   */
  forward(inputs: Tensors<B>, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.head.forward(this.features(inputs, ctx, this.backbone), ctx);
  }
}
