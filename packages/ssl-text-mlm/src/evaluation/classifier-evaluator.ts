import { DataError, type CompileOptions } from '@selfsup/ssl-tensor';
import type { Tensors } from '@selfsup/ssl-train';
import type { ClassificationBatch } from '../data/classification-loader.js';
import type { SequenceClassifierModel } from '../models/sequence-classifier-model.js';
import { LabelledEvaluator, type LabelledResult } from './labelled-evaluator.js';

/** Batches of texts or pairs with a class each: a `ClassificationLoader`, or a `TextExampleLoader` of `classTargets`. */
interface LabelledTexts {
  /** Number of classes, where it is known. */
  readonly classes?: number;
  epoch(epoch: number): AsyncIterable<ClassificationBatch>;
}

/** Held-out loss and accuracy of a classifier; keep it to evaluate along the training. */
export class SequenceClassifierEvaluator extends LabelledEvaluator<ClassificationBatch> {
  readonly #classes: number;

  constructor(model: SequenceClassifierModel, options: CompileOptions = {}) {
    super(
      (batch: Tensors<ClassificationBatch>) => ({
        logits: model.forward(batch),
        labels: batch.labels,
        weights: batch.weights,
      }),
      { name: 'sequence classifier evaluation', ...options },
    );
    this.#classes = model.numLabels;
  }

  /**
   * Loss and accuracy over the loader's first epoch.
   *
   * @throws DataError where the loader has labels beyond the model's classes
   */
  override evaluate(loader: LabelledTexts): Promise<LabelledResult> {
    if (loader.classes !== undefined && loader.classes > this.#classes) {
      throw new DataError(
        `evaluateSequenceClassifier: the loader has labels up to ${loader.classes - 1}, the model's classes are 0 .. ${this.#classes - 1}`,
      );
    }
    return super.evaluate(loader);
  }
}

/** Held-out loss and accuracy, once. */
export async function evaluateSequenceClassifier(
  model: SequenceClassifierModel,
  loader: LabelledTexts,
): Promise<LabelledResult> {
  const evaluator = new SequenceClassifierEvaluator(model);
  try {
    return await evaluator.evaluate(loader);
  } finally {
    evaluator.dispose();
  }
}
