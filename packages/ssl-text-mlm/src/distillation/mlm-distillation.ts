import * as tf from '@tensorflow/tfjs-core';
import { distillation, l2Normalize, maskedTokenCrossEntropy } from '@selfsup/ssl-losses';
import {
  childContext,
  evaluation,
  type ForwardContext,
  Linear,
  Module,
  type Parameter,
  parametersOf,
} from '@selfsup/ssl-nn';
import { stopGradient, takeRows } from '@selfsup/ssl-tensor';
import {
  checkNonNegative,
  checkOptions,
  checkPositive,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-tensor/host';
import { type Method, type MethodLoss, type RunConfig, type Tensors, weightsDigest } from '@selfsup/ssl-train';
import type { MlmBatch } from '../data/mlm-loader.js';
import { labelHits } from '../methods/label-hits.js';
import { weightedMean } from '../methods/weighted-mean.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import { checkApart } from './sentence-distillation.js';

/** A masked-language model of any family, of which tokens and scores are read apart. */
export type SplitMaskedLM = MaskedLmModel & Required<Pick<MaskedLmModel, 'scoresOf'>>;

/** Options of {@link MlmDistillation}. */
export interface MlmDistillationOptions {
  /** What is trained. */
  readonly student: SplitMaskedLM;
  /** What is copied, of the same vocabulary; it stays as it is and is in no checkpoint. */
  readonly teacher: SplitMaskedLM;
  /** Source of the layer that brings the student's tokens to the teacher's width where they differ. */
  readonly key: RandomKey;
  /** Divisor of both scores. Default 2. */
  readonly temperature?: number;
  /** Of the divergence from the teacher's scores. Default 5. */
  readonly distillationWeight?: number;
  /** Of masked-language modelling. Default 2. */
  readonly mlmWeight?: number;
  /** Of 1 - cosine of the tokens after the last layer. Default 1. */
  readonly cosineWeight?: number;
}

const mlmDistillationOptionNames: OptionNames<MlmDistillationOptions> = {
  student: 'required',
  teacher: 'required',
  key: 'requiredKey',
  temperature: 'optionalNumber',
  distillationWeight: 'optionalNumber',
  mlmWeight: 'optionalNumber',
  cosineWeight: 'optionalNumber',
};

/** Defaults of {@link MlmDistillation}: DistilBERT's (arXiv 1910.01108, section 3; the weights of its training command). */
export const mlmDistillationDefaults = {
  temperature: 2,
  distillationWeight: 5,
  mlmWeight: 2,
  cosineWeight: 1,
} as const;

/**
 * DistilBERT: a smaller masked-language model learns a larger one's scores and tokens:
 * `loss = a T^2 KL(softmax(t / T) || softmax(s / T)) + b CE(s, token) + c mean(1 - cos(h_s, h_t))`, the first two over the
 * masked places, the last over all tokens. Keep `modules.student`.
 *
 * Metrics: the three parts without their weights, and `maskedAccuracy`.
 *
 * Source: Sanh et al. 2019, arXiv 1910.01108. Their code takes the divergence over all tokens unless `restrict_ce_to_mask`; here it
 * is over the masked ones, which spares most of both heads.
 *
 * @example
 * const method = new MlmDistillation({ student, teacher, key: randomKey(1) });
 */
export class MlmDistillation implements Method<MlmBatch> {
  readonly name = 'mlm-distillation';
  readonly settings: RunConfig;
  readonly modules: { readonly student: SplitMaskedLM; readonly projection?: Linear };
  readonly #teacher: SplitMaskedLM;
  readonly #options: { readonly [K in keyof typeof mlmDistillationDefaults]: number };

  /** @throws InvalidOptionError for options out of range, for what is no model, and a student that is its own teacher */
  constructor(options: MlmDistillationOptions) {
    const where = 'MlmDistillation';
    const given = checkOptions(where, options, mlmDistillationOptionNames);
    const { student, teacher, key, ...numbers } = { ...mlmDistillationDefaults, ...given };
    for (const [name, model] of Object.entries({ student, teacher }))
      if (!((model as unknown) instanceof Module && typeof model.scoresOf === 'function'))
        throw new InvalidOptionError(
          where,
          name,
          'a masked-language model with scoresOf(rows)',
          model,
          'Such as new BertForMaskedLM(config, { key })',
        );
    checkApart(where, student, teacher);
    const { temperature, ...weights } = numbers;
    checkPositive(where, { temperature });
    checkNonNegative(where, weights);
    if (Object.values(weights).every((weight) => weight === 0))
      throw new InvalidOptionError(where, 'distillationWeight', 'above 0 where the other weights are 0', 0);
    const [from, to] = [student.encoder.tokenDim, teacher.encoder.tokenDim];
    this.modules = { student, ...(from === to ? {} : { projection: new Linear(from, to, { key }) }) };
    this.settings = { ...numbers, teacher: weightsDigest(teacher) };
    this.#teacher = teacher;
    this.#options = numbers;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  loss(batch: Tensors<MlmBatch>, ctx: ForwardContext): MethodLoss {
    const { temperature, distillationWeight, mlmWeight, cosineWeight } = this.#options;
    const { student, projection } = this.modules;
    const places = batch.maskedPositions as tf.Tensor1D;
    const [labels, weights] = [batch.maskedLabels as tf.Tensor1D, batch.maskedWeights as tf.Tensor1D];
    const [own, wanted] = [
      student.encoder.forwardFlat(batch, childContext(ctx, 'student')),
      this.#teacher.encoder.forwardFlat(batch, evaluation),
    ];
    const scores = (model: SplitMaskedLM, tokens: tf.Tensor2D): tf.Tensor2D =>
      model.scoresOf(takeRows(tokens, places) as tf.Tensor2D);
    const logits = scores(student, own);
    const taught = stopGradient(scores(this.#teacher, wanted)) as tf.Tensor2D;
    const soft = weightedMean(distillation(logits, taught, { temperature, alpha: 1, reduction: 'none' }), weights);
    const mlm = maskedTokenCrossEntropy(logits, labels, { weights });
    const brought = projection === undefined ? own : (projection.forward(own) as tf.Tensor2D);
    const cosines = tf.sum(tf.mul(l2Normalize(brought), l2Normalize(stopGradient(wanted) as tf.Tensor2D)), 1);
    const isToken = tf.cast(tf.reshape(batch.attentionMask, [-1]), 'float32');
    const cosine = weightedMean(tf.sub(1, cosines), isToken);
    const loss = tf.addN([tf.mul(soft, distillationWeight), tf.mul(mlm, mlmWeight), tf.mul(cosine, cosineWeight)]);
    return {
      loss: loss as tf.Scalar,
      weight: tf.sum(weights),
      metrics: {
        distillationLoss: soft,
        mlmLoss: mlm,
        cosineLoss: cosine,
        maskedAccuracy: weightedMean(labelHits(logits, labels), weights),
      },
    };
  }
}
