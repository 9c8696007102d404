import type * as tf from '@tensorflow/tfjs-core';
import type { Encoder } from '@selfsup/ssl-nn';
import { earlyStop, type TrainerObserver } from '@selfsup/ssl-train';
import { collapseWatch, onlineKnn } from '@selfsup/ssl-transfer';
import type { Dataset, ImageSample } from '@selfsup/ssl-data';
import { normalizeImages } from '../images/normalize-images.js';
import type { PretrainSettings } from './choose-settings.js';
import { labelledPictures, readPictures, spread } from './labelled-pictures.js';
import type { PretrainOptions } from './pretrain-options.js';

/** Pictures whose features are watched for collapse. */
const watched = 256;
/** Measurements without a better accuracy after which the user is told. */
const patience = 10;
/** Forward passes of a step on one picture: two views, forward and twice as much backward. */
const passes = 6;
/** Part of the time that measuring may take. */
const share = 0.1;

/**
 * The observers that a run has by default: a watch for collapse, and where there are classes kNN and advice on an early
 * stop. Those whose name one of the caller's has are left out.
 */
export async function pretrainWatches(
  encoder: Encoder,
  dataset: Dataset<ImageSample>,
  { imageSize, channels, normalize, images }: PretrainSettings,
  { data, labelled, workers, threads, observers = [] }: PretrainOptions,
): Promise<readonly TrainerObserver[]> {
  const reading = { imageSize, channels, ...(workers === undefined ? {} : { workers }) };
  const features = (inputs: tf.Tensor): tf.Tensor2D => encoder.forward(normalizeImages(inputs, normalize));
  const compile = threads === undefined ? {} : { threads };
  const inputs = await readPictures(dataset, spread(images, watched), reading);
  const pictures = await labelledPictures({ data, ...(labelled === undefined ? {} : { labelled }) }, reading);
  const measured =
    inputs.shape[0]! + (pictures === undefined ? 0 : pictures.bank.labels.length + pictures.test.labels.length);
  const everyEpochs = Math.max(1, Math.ceil(measured / (share * passes * images)));
  const watches = [
    collapseWatch({ features, inputs, everyEpochs, compile }),
    ...(pictures === undefined
      ? []
      : [
          onlineKnn({ features, ...pictures, everyEpochs, compile }),
          earlyStop({ metric: 'knn', mode: 'max', patience }),
        ]),
  ];
  const names = new Set(observers.map(({ name }) => name));
  return watches.filter(({ name }) => name === undefined || !names.has(name));
}
