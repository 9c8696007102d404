import * as tf from '@tensorflow/tfjs-core';
import type { Module, Parameter } from '@selfsup/ssl-nn';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Method, MethodLoss, RunConfig, StepContext, Tensors } from '@selfsup/ssl-train';
import type { EmbeddingObjective } from './embedding-objective.js';
import { checkMatryoshka, matryoshkaLoss, type MatryoshkaLossOptions } from './matryoshka-loss.js';

/** Options of {@link Matryoshka}. */
export interface MatryoshkaOptions<B> extends MatryoshkaLossOptions {
  /** The objective: a `SimCse`, or a method of yours that says its embeddings and their loss. */
  readonly method: EmbeddingObjective<B>;
}

const matryoshkaOptionNames: OptionNames<MatryoshkaOptions<unknown>> = {
  method: 'required',
  widths: 'required',
  weights: 'optional',
};

/**
 * Any embedding objective, so that the first columns of an embedding are an embedding too: the sum over the widths of
 * its loss of the first columns, scaled to length 1. The encoder runs once; what the objective adds beside the embeddings'
 * loss (masked-language modelling) is added once. Use the first columns by `matryoshkaPrefix`, or `[0, width)` of each row
 * scaled to length 1.
 *
 * Metrics: those of the objective at the last width, and `loss<width>` of each.
 *
 * Source: Kusupati et al. 2022, arXiv 2205.13147, with equal weights as there.
 *
 * @example
 * const method = new Matryoshka<SentenceBatch>({ method: new SimCse({ encoder, key: randomKey(1) }), widths: [32, 64, 128] });
 */
export class Matryoshka<B> implements Method<B> {
  readonly name: string;
  readonly settings: RunConfig;
  readonly modules: Readonly<Record<string, Module>>;
  readonly state?: NonNullable<Method<B>['state']>;
  readonly checkBatch?: NonNullable<Method<B>['checkBatch']>;
  readonly emaPairs?: NonNullable<Method<B>['emaPairs']>;
  readonly #method: EmbeddingObjective<B>;
  readonly #widths: Required<MatryoshkaLossOptions>;

  /**
   * @throws InvalidOptionError for what is no embedding objective, for one with schedules, phases or updates of its own, and
   *   for widths and weights
   */
  constructor(options: MatryoshkaOptions<B>) {
    const where = 'Matryoshka';
    const { method, ...given } = checkOptions(where, options, matryoshkaOptionNames);
    const parts = method as Partial<EmbeddingObjective<B>> | null | undefined;
    if (typeof parts?.embeddings !== 'function' || typeof parts.embeddingLoss !== 'function') {
      const advice = 'Such as new SimCse({ encoder, key })';
      throw new InvalidOptionError(
        where,
        'method',
        'a method with embeddings(batch, ctx) and embeddingLoss(embeddings, batch)',
        method,
        advice,
      );
    }
    // Their place is the step's, which would not find them here.
    const lost = ['schedules', 'phaseAt', 'beforeUpdate', 'afterUpdate'].find((hook) => hook in parts);
    if (lost !== undefined)
      throw new InvalidOptionError(where, 'method', `a method without ${lost}, which would not be called`, method);
    this.#widths = checkMatryoshka(where, given);
    this.#method = method;
    this.name = `matryoshka-${method.name}`;
    const { widths, weights } = this.#widths;
    this.settings = { widths, weights, [method.name]: method.settings } as RunConfig;
    this.modules = method.modules;
    if (method.state !== undefined) this.state = method.state;
    if (method.checkBatch !== undefined) this.checkBatch = (batch) => method.checkBatch!(batch);
    if (method.emaPairs !== undefined) this.emaPairs = (run) => method.emaPairs!(run);
  }

  trainable(): Map<string, Parameter> {
    return this.#method.trainable();
  }

  /** @throws ShapeError for a width beyond the embeddings' */
  loss(batch: Tensors<B>, ctx: StepContext): MethodLoss {
    const method = this.#method;
    let last: Omit<MethodLoss, 'carried'> | undefined;
    const objective = (prefixes: readonly tf.Tensor2D[]): tf.Scalar => {
      last = method.embeddingLoss(prefixes, batch);
      return last.loss;
    };
    const { loss, losses } = matryoshkaLoss(method.embeddings(batch, ctx), objective, this.#widths);
    const further = method.auxiliaryLoss?.(batch, ctx);
    const byWidth = Object.fromEntries([...losses].map(([width, own]) => [`loss${width}`, own]));
    return {
      loss: further === undefined ? loss : tf.add(loss, further.loss),
      ...(last?.weight === undefined ? {} : { weight: last.weight }),
      metrics: { ...last?.metrics, ...further?.metrics, ...byWidth },
    };
  }
}
