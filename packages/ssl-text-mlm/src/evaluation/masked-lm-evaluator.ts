import type { CompileOptions } from '@selfsup/ssl-tensor';
import type { Tensors } from '@selfsup/ssl-train';
import type { MlmBatch, MlmLoader } from '../data/mlm-loader.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import { LabelledEvaluator, type LabelledResult } from './labelled-evaluator.js';

/** Held-out loss and masked-token accuracy of a masked language model; keep it to evaluate along the training. */
export class MaskedLmEvaluator extends LabelledEvaluator<MlmBatch> {
  constructor(model: MaskedLmModel, options: CompileOptions = {}) {
    super(
      (batch: Tensors<MlmBatch>) => ({
        logits: model.forward(batch, batch.maskedPositions),
        labels: batch.maskedLabels,
        weights: batch.maskedWeights,
      }),
      { name: 'masked language model evaluation', ...options },
    );
  }
}

/**
 * Held-out loss and masked-token accuracy, once. To compare models or steps, use a loader in `evaluation` mode, whose
 * masks are fixed; along a training, keep a {@link MaskedLmEvaluator} instead.
 */
export async function evaluateMaskedLm(model: MaskedLmModel, loader: MlmLoader): Promise<LabelledResult> {
  const evaluator = new MaskedLmEvaluator(model);
  try {
    return await evaluator.evaluate(loader);
  } finally {
    evaluator.dispose();
  }
}
