import type * as tf from '@tensorflow/tfjs-core';
import type { CompileOptions, NdArray } from '@selfsup/ssl-tensor';
import type { Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { extractFeatures } from '../features/extract-features.js';
import { featureMatrix } from '../features/feature-matrix.js';
import type { FeatureBatches } from '../features/extract-features.js';
import { batchRows } from '../features/batch-rows.js';
import { inBatches } from '../features/in-batches.js';
import { checkLabels } from '../labels/check-labels.js';
import { accuracy } from '../metrics/accuracy.js';
import { confusionMatrix } from '../metrics/confusion-matrix.js';
import { perClassMetrics } from '../metrics/per-class-metrics.js';
import type { ClassMetrics } from '../metrics/per-class-metrics.js';
import type { Classifier } from './classifier.js';

/** Options of {@link evaluateClassifier}. */
export interface EvaluateClassifierOptions<B> {
  readonly classifier: Classifier<B>;
  /** An `NdArray [n, ...]`, or a record or array of them. */
  readonly inputs: B;
  /** `[n]`, each a class of the classifier */
  readonly labels: Int32Array;
  /** Default 256. */
  readonly batchSize?: number;
  /** Called after each batch with the number of samples done. */
  readonly onProgress?: (samples: number) => void;
  /** Engine options of the compiled forward pass. */
  readonly compile?: CompileOptions;
}

const evaluateClassifierOptionNames: OptionNames<EvaluateClassifierOptions<object>> = {
  classifier: 'required',
  inputs: 'required',
  labels: 'required',
  batchSize: 'optionalNumber',
  onProgress: 'optionalFunction',
  compile: 'optional',
};

/** Result of {@link evaluateClassifier}. */
export interface ClassifierEvaluation {
  readonly accuracy: number;
  /** `[n]` class with the highest logit; ties go to the lower class. */
  readonly predictions: Int32Array;
  /** float32 `[n, classes]` */
  readonly logits: NdArray<Float32Array>;
  /** int32 `[classes, classes]`: row = true class, column = predicted class. */
  readonly confusion: NdArray<Int32Array>;
  readonly perClass: readonly ClassMetrics[];
}

/**
 * Runs a classifier in evaluation over labelled inputs.
 *
 * @throws ShapeError, DataError for inputs or labels that do not fit, and for logits that are not finite
 */
export async function evaluateClassifier<B>(options: EvaluateClassifierOptions<B>): Promise<ClassifierEvaluation> {
  const {
    classifier,
    inputs,
    labels,
    batchSize = 256,
    onProgress,
    compile,
  } = checkOptions('evaluateClassifier', options, evaluateClassifierOptionNames);
  const classes = classifier.head.bias!.variable.shape[0]!;
  checkLabels('evaluateClassifier', 'labels', labels, batchRows('evaluateClassifier', inputs), classes);
  const batches = inBatches(inputs, batchSize) as unknown as FeatureBatches<Tensors<B>>;
  const logits = await extractFeatures((batch: Tensors<B>): tf.Tensor2D => classifier.forward(batch), batches, {
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(compile === undefined ? {} : { compile }),
  });
  const { rows } = featureMatrix('evaluateClassifier', 'logits', logits, classes);
  const predictions = Int32Array.from({ length: rows }, (_, row) => {
    const own = logits.data.subarray(row * classes, (row + 1) * classes);
    return own.indexOf(own.reduce((largest, value) => Math.max(largest, value)));
  });
  const confusion = confusionMatrix(predictions, labels, classes);
  return {
    accuracy: accuracy(predictions, labels),
    predictions,
    logits,
    confusion,
    perClass: perClassMetrics(confusion),
  };
}
