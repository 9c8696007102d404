import * as tf from '@tensorflow/tfjs-core';
import {
  featureStd,
  l2Normalize,
  maskedTokenCrossEntropy,
  simcseSupervised,
  simcseUnsupervised,
} from '@selfsup/ssl-losses';
import {
  childContext,
  type Encoder,
  evaluation,
  type ForwardContext,
  type Module,
  type Parameter,
  parametersOf,
} from '@selfsup/ssl-nn';
import { gradCache } from '@selfsup/ssl-tensor';
import { checkOptions, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import type { MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import type { BertInputs } from '../bert/bert-inputs.js';
import type { EmbeddingObjective } from './embedding-objective.js';
import type { SentenceBatch } from './sentence-loader.js';
import { SimCseHead } from './sim-cse-head.js';
import {
  checkSimCse,
  simCseDefaults,
  type SimCseOptions,
  simCseOptionNames,
  type TokenScorer,
} from './sim-cse-options.js';

/**
 * SimCSE: sentences near what belongs to them and far from the others of the batch. Without positives in the batch, a
 * sentence belongs to itself under another dropout mask; with them, to its positive, and hard negatives join the others.
 * All texts of a batch go through the encoder in one pass, each row with dropout of its own, so the encoder has to have
 * some where there are no positives.
 *
 * `loss = mean_i(logSumExp_j s(h_i, h'_j) - s(h_i, h'_i)) + mlmWeight * MLM`, `s` the cosine by the temperature; with hard
 * negatives as in `simcseSupervised` of @selfsup/ssl-losses.
 *
 * The head (linear, tanh) is by default there in training alone, as the authors' `--mlp_only_train`: keep
 * `modules.encoder`. The negatives are those of the batch: with `accumulateSteps` each part has its own alone, so for large
 * batches take `chunkSize` (GradCache).
 *
 * Metrics: `embeddingStd`, deviation of the unit-length embeddings over the batch, about `1 / sqrt(dim)` where they spread
 * over the sphere, 0 where they have collapsed; `similarity`, mean cosine of what belongs together; `mlmLoss`.
 *
 * Source: Gao et al. 2021, arXiv 2104.08821; head and weights of simcse/models.py of princeton-nlp/SimCSE.
 *
 * @example
 * const encoder = new BertTextEncoder(bert, { pooling: 'cls' });
 * const method = new SimCse({ encoder, key: randomKey(1) });
 */
export class SimCse implements EmbeddingObjective<SentenceBatch> {
  readonly name = 'simcse';
  readonly settings: RunConfig;
  readonly modules: {
    readonly encoder: Encoder<BertInputs>;
    readonly head?: SimCseHead;
    readonly mlm?: Module & TokenScorer;
  };
  readonly #options: typeof simCseDefaults & Pick<SimCseOptions, 'chunkSize'>;

  /** @throws InvalidOptionError for options out of range, for what is no encoder, and an `mlm` of another encoder */
  constructor(options: SimCseOptions) {
    const where = 'SimCse';
    const given = { ...simCseDefaults, ...checkOptions(where, options, simCseOptionNames) };
    checkSimCse(where, given);
    const { encoder, key, mlm, ...numbers } = given;
    this.modules = {
      encoder,
      ...(numbers.head === 'none' ? {} : { head: new SimCseHead(encoder.featureDim, { key }) }),
      ...(mlm === undefined ? {} : { mlm }),
    };
    const { mlmWeight, ...others } = numbers;
    this.settings = { ...others, ...(mlm === undefined ? {} : { mlmWeight }) } as RunConfig;
    this.#options = numbers;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /**
   * Embeddings of texts, not scaled to length 1: through the head too where it is `always` there, or in training.
   *
   * @returns `[batch, dim]`
   */
  embed(texts: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const { encoder, head } = this.modules;
    const features = encoder.forward(texts, childContext(ctx, 'encoder'));
    return head === undefined || (this.#options.head === 'training' && !ctx.training)
      ? features
      : head.forward(features);
  }

  /**
   * Sentences, positives (or the sentences again) and hard negatives where there are any.
   *
   * @throws InvalidOptionError for hard negatives without positives; ShapeError where the parts differ in shape
   */
  embeddings(batch: Tensors<SentenceBatch>, ctx: ForwardContext): readonly tf.Tensor2D[] {
    const { positives = batch, hardNegatives } = batch;
    if (batch.positives === undefined && hardNegatives !== undefined)
      throw new InvalidOptionError('SimCse', 'batch.positives', 'given where there are hardNegatives', undefined);
    const parts = [batch, positives, ...(hardNegatives === undefined ? [] : [hardNegatives])];
    const wanted = `[${batch.inputIds.shape.join(', ')}]`;
    for (const { inputIds, attentionMask } of parts)
      for (const { shape } of [inputIds, attentionMask])
        if (`[${shape.join(', ')}]` !== wanted)
          throw new ShapeError('SimCse', 'batch', `parts and masks of ${wanted}`, `[${shape.join(', ')}]`);
    const joined = tf.stack(
      [tf.concat(parts.map(({ inputIds }) => inputIds)), tf.concat(parts.map(({ attentionMask }) => attentionMask))],
      1,
    );
    const encode = (rows: tf.Tensor, own: ForwardContext): tf.Tensor2D => {
      const [inputIds, attentionMask] = tf.unstack(rows, 1) as [tf.Tensor, tf.Tensor];
      return this.embed({ inputIds, attentionMask }, own);
    };
    const { chunkSize } = this.#options;
    const rows =
      chunkSize === undefined
        ? encode(joined, ctx)
        : gradCache((chunk, number) => encode(chunk, childContext(ctx, number)), joined, { chunkSize });
    return tf.split(rows as tf.Tensor2D, parts.length);
  }

  embeddingLoss(embeddings: readonly tf.Tensor2D[]): MethodLoss {
    const { temperature, hardNegativeWeight } = this.#options;
    const [sentences, positives, hardNegatives] = embeddings as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D | undefined];
    const loss =
      hardNegatives === undefined
        ? simcseUnsupervised(sentences, positives, { temperature })
        : simcseSupervised(sentences, positives, hardNegatives, { temperature, hardNegativeWeight });
    const [first, second] = [l2Normalize(sentences), l2Normalize(positives)];
    const similarity = tf.mean(tf.sum(tf.mul(first, second), 1)) as tf.Scalar;
    return { loss, metrics: { embeddingStd: featureStd(first), similarity } };
  }

  /** @throws InvalidOptionError where the batch has no masked texts and an `mlm` was given */
  auxiliaryLoss(batch: Tensors<SentenceBatch>, ctx: ForwardContext): MethodLoss | undefined {
    const { mlm } = this.modules;
    if (mlm === undefined) return undefined;
    if (batch.mlm === undefined) {
      const advice = 'Give the loader some: new SentenceLoader({ ..., mlm: new MlmLoader({ ... }) })';
      throw new InvalidOptionError('SimCse', 'batch.mlm', 'masked texts where mlm is given', undefined, advice);
    }
    const { maskedPositions, maskedLabels, maskedWeights } = batch.mlm;
    const logits = mlm.forward(batch.mlm, maskedPositions, childContext(ctx, 'mlm'));
    const weights = maskedWeights as tf.Tensor1D;
    const loss = maskedTokenCrossEntropy(logits, maskedLabels as tf.Tensor1D, { weights });
    return { loss: tf.mul(loss, this.#options.mlmWeight), metrics: { mlmLoss: loss } };
  }

  loss(batch: Tensors<SentenceBatch>, ctx: ForwardContext): MethodLoss {
    const own = this.embeddingLoss(this.embeddings(batch, ctx));
    const further = this.auxiliaryLoss(batch, ctx);
    if (further === undefined) return own;
    return { loss: tf.add(own.loss, further.loss), metrics: { ...own.metrics, ...further.metrics } };
  }
}
