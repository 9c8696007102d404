import type * as tf from '@tensorflow/tfjs-core';
import type { View } from '@selfsup/ssl-data';
import { foldIn, RandomStream } from '@selfsup/ssl-tensor';
import type { NdArray, RandomKey } from '@selfsup/ssl-tensor';
import { evaluateClassifier, fineTune, gatherRows } from '@selfsup/ssl-transfer';
import type { LinearWeights } from '@selfsup/ssl-transfer';
import type { Encoder } from '@selfsup/ssl-nn';
import type { VisionRecipe } from '../../recipes/vision-schema.js';
import type { PipelineContext } from '../../runs/pipeline.js';
import { evaluationBatch } from './encoder-features.js';
import { featuresOf } from './encoder.js';
import type { VisionData } from './vision-data.js';
import { randomView } from './vision-views.js';

/** Where a classifier starts. */
export interface AdaptStart {
  /** Changed in place. */
  readonly encoder: Encoder;
  /** Start of the head; random without. */
  readonly head?: LinearWeights;
  /** Rate of the encoder relative to the head's. */
  readonly bodyScale: number;
  /** Whether batch normalisation keeps the encoder's statistics instead of the batch's. */
  readonly frozenStatistics: boolean;
}

/** How a classifier learns from few labels. */
export interface AdaptOptions extends AdaptStart {
  readonly recipe: VisionRecipe;
  readonly data: VisionData;
  /** Rows of the labelled training images. */
  readonly rows: Int32Array;
  readonly settings: VisionRecipe['scratch'];
  readonly key: RandomKey;
  readonly context: PipelineContext;
  readonly onStep?: (step: number, steps: number) => void;
}

/** Trains encoder and head on few labels and returns the accuracy on the test images. */
export async function adapt(options: AdaptOptions): Promise<number> {
  const { recipe, data, encoder, head, rows, settings, bodyScale, frozenStatistics, key, context, onStep } = options;
  const features = featuresOf(encoder, data);
  const view = randomView(recipe.views, data.size);
  const compile = { device: context.device };
  const { classifier } = await context.interruption.training(async () => {
    const result = await fineTune<NdArray<Uint8Array>>({
      backbone: encoder,
      featureDim: encoder.featureDim,
      features: (images, ctx) => features(images as tf.Tensor, ctx),
      inputs: gatherRows(data.train.images, rows),
      labels: rows.map((row) => data.train.labels[row]!),
      classes: data.classes.length,
      steps: settings.steps,
      batchSize: settings.batchSize,
      learningRate: settings.learningRate,
      bodyLearningRateScale: bodyScale,
      weightDecay: settings.weightDecay,
      backboneMode: frozenStatistics ? 'evaluation' : 'training',
      seed: foldIn(key, 'seed')[0],
      observers: { onStep: ({ step }) => onStep?.(step, settings.steps) },
      compile,
      ...context.interruption.trainerOptions,
      ...(head === undefined ? {} : { head }),
      ...(settings.augment ? { augment: (images, batch) => augmented(images, view, batch) } : {}),
    });
    return { classifier: result.classifier, interrupted: result.training.interrupted };
  });
  try {
    const { accuracy } = await evaluateClassifier({
      classifier,
      inputs: data.test.images,
      labels: data.test.labels,
      batchSize: Math.min(evaluationBatch, data.test.labels.length),
      compile,
    });
    return accuracy;
  } finally {
    classifier.dispose();
  }
}

/** A random view of every image of a batch. */
export function augmented({ data, shape }: NdArray<Uint8Array>, view: View, key: RandomKey): NdArray<Uint8Array> {
  const [rows, ...size] = shape as [number, ...number[]];
  const bytes = data.length / rows;
  const result = new Uint8Array(data.length);
  for (let row = 0; row < rows; row++) {
    const image = { data: data.subarray(row * bytes, (row + 1) * bytes), shape: size };
    result.set(view(image, new RandomStream(foldIn(key, row))).data, row * bytes);
  }
  return { data: result, shape };
}
