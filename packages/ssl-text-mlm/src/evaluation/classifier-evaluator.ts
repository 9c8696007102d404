import type { CompileOptions } from 'ssl-tensor';
import type { Tensors } from 'ssl-train';
import type { BertForSequenceClassification } from '../bert/bert-for-sequence-classification.js';
import type { ClassificationBatch, ClassificationLoader } from '../data/classification-loader.js';
import { LabelledEvaluator, type LabelledResult } from './labelled-evaluator.js';

/** Held-out loss and accuracy of a classifier; keep it to evaluate along the training. */
export class SequenceClassifierEvaluator extends LabelledEvaluator<ClassificationBatch> {
  constructor(model: BertForSequenceClassification, options: CompileOptions = {}) {
    super(
      (batch: Tensors<ClassificationBatch>) => ({
        logits: model.forward(batch),
        labels: batch.labels,
        weights: batch.weights,
      }),
      { name: 'sequence classifier evaluation', ...options },
    );
  }
}

/** Held-out loss and accuracy, once. */
export async function evaluateSequenceClassifier(
  model: BertForSequenceClassification,
  loader: ClassificationLoader,
): Promise<LabelledResult> {
  const evaluator = new SequenceClassifierEvaluator(model);
  try {
    return await evaluator.evaluate(loader);
  } finally {
    evaluator.dispose();
  }
}
