import { foldIn, type NdArray, randomKey } from '@selfsup/ssl-core';
import { smallImageViews, supervisedViews, type View } from '@selfsup/ssl-data';
import { evaluateClassifier, fineTune, gatherRows, labelDraws } from '@selfsup/ssl-transfer';
import { normalizeImages } from '@selfsup/ssl-vision';
import { augmented } from '../../apps/benchmark/src/stages/vision/adapt-stage.js';
import type { LabelledPictures, PictureSet } from '../pictures/picture-set.js';
import { type Architecture, freshEncoder } from './architecture.js';
import { countsOf } from './counts-of.js';
import type { Figures } from './rows.js';

/** Steps with few labels. */
const fewSteps = 600;

/** How it is trained. */
interface Run {
  readonly seed: number;
  /** On all labels. */
  readonly steps: number;
  readonly batchSize: number;
  readonly threads: number;
}

/**
 * Accuracies of the architecture trained on labels alone, with random views: on all labels for as many steps as methods
 * have, and on 10, 60 and 600 per class.
 */
export async function fromScratch(
  architecture: Architecture,
  { train, test, classes }: PictureSet,
  { seed, steps, batchSize, threads }: Run,
): Promise<Omit<Figures, 'rank'>> {
  const labels = Int32Array.from(train.labels);
  const trained = async (part: LabelledPictures, length: number): Promise<number> => {
    const backbone = freshEncoder(architecture, randomKey(1000 + seed));
    const view = viewOf(train.images);
    const { classifier } = await fineTune({
      backbone,
      featureDim: backbone.featureDim,
      features: (images, ctx) => backbone.forward(normalizeImages(images, architecture.normalize), ctx),
      inputs: part.images,
      labels: Int32Array.from(part.labels),
      classes,
      steps: length,
      batchSize,
      bodyLearningRateScale: 1,
      seed,
      compile: { threads },
      augment: (images, key) => augmented(images, view, key),
    });
    const evaluation = await evaluateClassifier({
      classifier,
      inputs: test.images,
      labels: Int32Array.from(test.labels),
      batchSize: 64,
      compile: { threads },
    });
    classifier.dispose();
    return evaluation.accuracy;
  };
  const few = (perClass: number): Promise<number> => {
    const [rows] = labelDraws(labels, perClass, 1, foldIn(randomKey(1), seed));
    const images = gatherRows(train.images, rows!);
    return trained({ images, labels: Uint8Array.from(rows!, (row) => labels[row]!) }, Math.min(fewSteps, steps));
  };
  const least = Math.min(...countsOf(labels));
  return {
    knn: await trained(train, steps),
    probe10: await few(10),
    probe60: await few(60),
    ...(least < 600 ? {} : { probe600: await few(600) }),
  };
}

/** The view of supervised training: of colour flipped too, of signs turned. */
function viewOf({ shape }: NdArray): View {
  const [, size, , channels] = shape as [number, number, number, number];
  return channels === 3 ? supervisedViews({ size })[0] : smallImageViews({ size })[0];
}
