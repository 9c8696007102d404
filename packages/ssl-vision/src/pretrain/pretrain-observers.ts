import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import { ndArray, type NdArray, SslError } from '@selfsup/ssl-core';
import { type Dataset, drawRows, type ImageSample } from '@selfsup/ssl-data';
import type { Encoder } from '@selfsup/ssl-nn';
import { earlyStop, nanWatch, type TrainerObserver } from '@selfsup/ssl-train';
import type { ReportSection } from '@selfsup/ssl-train/report';
import {
  collapseWatch,
  extractFeatures,
  gatherRows,
  inBatches,
  nearestNeighbours,
  onlineKnn,
} from '@selfsup/ssl-transfer';
import { normalizeImages } from '../images/normalize-images.js';
import type { PretrainSettings } from './choose-settings.js';
import { labelledPictures, readPictures, spread } from './labelled-pictures.js';
import type { PretrainOptions } from './pretrain-options.js';
import { recipeOf } from './recipes/recipes.js';

/** Pictures whose features are watched for collapse, and among which neighbours are looked for. */
const watched = 256;
/** Pictures whose neighbours the report shows, and how many stand in a row. */
const [queries, columns] = [8, 8];
/** Measurements without a better accuracy after which the user is told. */
const patience = 10;
/** Part of the time that measuring may take. */
const share = 0.1;

/**
 * The observers that a run has by default: watches for NaN and for collapse, where there are classes kNN and advice on an
 * early stop, and the report. Those whose name one of the caller's has are left out.
 */
export async function pretrainObservers(
  encoder: Encoder,
  dataset: Dataset<ImageSample>,
  { imageSize, channels, normalize, images, method }: PretrainSettings,
  { data, out, labelled, workers, threads, watch = true, observers = [] }: PretrainOptions,
): Promise<readonly TrainerObserver[]> {
  // Plot is loaded by who pretrains alone.
  const { runReport } = await import('@selfsup/ssl-train/report');
  const path = join(out, 'report.html');
  const title = `${method}: ${out}`;
  if (!watch) return [runReport(path, { title })];
  const reading = { imageSize, channels, ...(workers === undefined ? {} : { workers }) };
  const features = (inputs: tf.Tensor): tf.Tensor2D => encoder.forward(normalizeImages(inputs, normalize));
  const compile = threads === undefined ? {} : { threads };
  const inputs = await readPictures(dataset, spread(images, watched), reading);
  const pictures = await labelledPictures({ data, ...(labelled === undefined ? {} : { labelled }) }, reading);
  const classified = pictures === undefined ? 0 : pictures.bank.labels.length + pictures.test.labels.length;
  const trained = recipeOf(method).passes * images;
  const everyEpochs = Math.max(1, Math.ceil((inputs.shape[0]! + classified) / (share * trained)));
  const own = [
    nanWatch({ dir: out }),
    collapseWatch({ features, inputs, everyEpochs, compile }),
    ...(pictures === undefined
      ? []
      : [
          onlineKnn({ features, ...pictures, everyEpochs, compile }),
          earlyStop({ metric: 'knn', mode: 'max', patience }),
        ]),
    runReport(path, {
      title,
      sections: async ({ interrupted, stopReason }) =>
        interrupted && stopReason === undefined ? [] : [await neighboursSection(features, inputs, out)],
    }),
  ];
  const names = new Set(observers.map(({ name }) => name));
  return own.filter(({ name }) => name === undefined || !names.has(name));
}

/** Some pictures, each with those whose features are most like its own. */
async function neighboursSection(
  features: (inputs: tf.Tensor) => tf.Tensor2D,
  images: NdArray<Uint8Array>,
  out: string,
): Promise<ReportSection> {
  const title = 'Neighbours';
  const count = images.shape[0]!;
  try {
    const found = await extractFeatures(features, inBatches(images, 64));
    const asked = spread(count, queries);
    const { indexes } = await nearestNeighbours(gatherRows(found, asked), found, Math.min(columns, count));
    const path = join(out, 'neighbours.png');
    await drawRows(path, images, ndArray(indexes.data, indexes.shape));
    const text = `Each row: a picture, then those of ${count} whose features are most like its own.`;
    return { title, text, png: await readFile(path) };
  } catch (error) {
    // The encoder is more than its report.
    if (!SslError.isInstance(error)) throw error;
    return { title, text: `They could not be drawn: ${error.message}` };
  }
}
