import * as tf from '@tensorflow/tfjs-core';
import { featureStd, l2Normalize } from '@selfsup/ssl-losses';
import {
  childContext,
  type Encoder,
  evaluation,
  type ForwardContext,
  Linear,
  type Parameter,
  parametersOf,
} from '@selfsup/ssl-nn';
import { stopGradient } from '@selfsup/ssl-tensor';
import {
  checkChoice,
  checkOptions,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-tensor/host';
import { type Method, type MethodLoss, type RunConfig, type Tensors, weightsDigest } from '@selfsup/ssl-train';
import type { BertInputs } from '../bert/bert-inputs.js';
import { checkTextEncoder } from '../sentence/check-text-encoder.js';
import type { SentenceBatch } from '../sentence/sentence-loader.js';

/** Options of {@link SentenceDistillation}. */
export interface SentenceDistillationOptions {
  /** What is trained: a smaller encoder, or a `StaticEmbedding`. It reads the ids that the teacher reads. */
  readonly student: Encoder<BertInputs>;
  /** What is copied; it stays as it is and is in no checkpoint. */
  readonly teacher: Encoder<BertInputs>;
  /** Source of the head's initial weights, which brings the student's vectors to the teacher's width where they differ. */
  readonly key: RandomKey;
  /** `mse`: mean squared difference of the numbers; `cosine`: 1 - cosine. Default `mse`. */
  readonly distance?: 'mse' | 'cosine';
}

const sentenceDistillationOptionNames: OptionNames<SentenceDistillationOptions> = {
  student: 'required',
  teacher: 'required',
  key: 'requiredKey',
  distance: 'optional',
};

/** Defaults of {@link SentenceDistillation}: the distance of Reimers and Gurevych 2020, arXiv 2004.09813, section 2. */
export const sentenceDistillationDefaults = { distance: 'mse' } as const;

/**
 * A student learns the vectors that a frozen teacher gives of the same sentences: `loss = mean |h(s_i) - t_i|^2 / dim`, or
 * `mean_i (1 - cos(h(s_i), t_i))`, `h` a linear layer where the widths differ. Keep `modules.student`.
 *
 * Positives and hard negatives of a batch are learned from as further sentences. Metrics: `similarity`, mean cosine of
 * student and teacher; `embeddingStd`, deviation of the student's unit-length vectors over the batch.
 *
 * Source: Reimers and Gurevych 2020, arXiv 2004.09813, equation 1, with one language.
 *
 * @example
 * const method = new SentenceDistillation({ student, teacher, key: randomKey(1) });
 */
export class SentenceDistillation implements Method<SentenceBatch> {
  readonly name = 'sentence-distillation';
  readonly settings: RunConfig;
  readonly modules: { readonly student: Encoder<BertInputs>; readonly head?: Linear };
  readonly #teacher: Encoder<BertInputs>;
  readonly #distance: 'mse' | 'cosine';

  /** @throws InvalidOptionError for what is no encoder, a student that is its own teacher, and an unknown distance */
  constructor(options: SentenceDistillationOptions) {
    const where = 'SentenceDistillation';
    const given = checkOptions(where, options, sentenceDistillationOptionNames);
    const { student, teacher, key, distance } = { ...sentenceDistillationDefaults, ...given };
    checkTextEncoder(where, 'student', student);
    checkTextEncoder(where, 'teacher', teacher);
    checkApart(where, student, teacher);
    checkChoice(where, 'distance', distance, ['mse', 'cosine']);
    const [from, to] = [student.featureDim, teacher.featureDim];
    this.modules = { student, ...(from === to ? {} : { head: new Linear(from, to, { key }) }) };
    this.settings = { distance, teacher: weightsDigest(teacher) };
    this.#teacher = teacher;
    this.#distance = distance;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  loss(batch: Tensors<SentenceBatch>, ctx: ForwardContext): MethodLoss {
    const { positives, hardNegatives } = batch;
    const { student, head } = this.modules;
    const parts = [batch, positives, hardNegatives].filter((part) => part !== undefined);
    const texts = {
      inputIds: tf.concat(parts.map((part) => part.inputIds)),
      attentionMask: tf.concat(parts.map((part) => part.attentionMask)),
    };
    const wanted = stopGradient(this.#teacher.forward(texts, evaluation));
    const own = student.forward(texts, childContext(ctx, 'student'));
    const told = head === undefined ? own : (head.forward(own) as tf.Tensor2D);
    const similarity = tf.mean(tf.sum(tf.mul(l2Normalize(told), l2Normalize(wanted)), 1)) as tf.Scalar;
    return {
      loss:
        this.#distance === 'mse'
          ? (tf.mean(tf.square(tf.sub(told, wanted))) as tf.Scalar)
          : (tf.sub(1, similarity) as tf.Scalar),
      metrics: { similarity, embeddingStd: featureStd(l2Normalize(own)) },
    };
  }
}

/** @throws InvalidOptionError where a teacher would be trained */
export function checkApart(
  where: string,
  student: Pick<Encoder, 'namedParameters'>,
  teacher: Pick<Encoder, 'namedParameters'>,
): void {
  const own = new Set(student.namedParameters().values());
  if ([...teacher.namedParameters().values()].some((parameter) => own.has(parameter)))
    throw new InvalidOptionError(
      where,
      'teacher',
      'a model of weights of its own, of which the student has none',
      teacher,
      'Such as twinOf(student) of @selfsup/ssl-nn',
    );
}
