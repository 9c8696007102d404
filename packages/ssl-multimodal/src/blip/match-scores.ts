import * as tf from '@tensorflow/tfjs-core';
import { type NdArray, ShapeError } from '@selfsup/ssl-core';
import type { Tensors } from '@selfsup/ssl-train';
import { extractFeatures, inBatches } from '@selfsup/ssl-transfer';
import { normalizeImages } from '@selfsup/ssl-vision';
import type { ImageTextBatch } from '../data/image-text-batch.js';
import type { BlipParts } from './blip-parts.js';
import { beginning } from './beginning.js';
import { checkPictures } from './check-pictures.js';
import { encodeTexts } from './encode-texts.js';

/** Pairs at once. */
const batchSize = 32;

/** Pictures with a text each. */
export interface ImageTextPairs {
  /** uint8 `[n, height, width, channels]`. */
  readonly images: NdArray<Uint8Array>;
  /** One for each picture. */
  readonly texts: readonly string[];
}

/** As `Blip.matchScore` says. */
export async function matchScores(blip: BlipParts, { images, texts }: ImageTextPairs): Promise<Float32Array> {
  const where = 'Blip.matchScore';
  checkPictures(where, images);
  const encoded = encodeTexts(where, blip, texts);
  if (texts.length !== images.shape[0])
    throw new ShapeError(where, 'texts', `one for each of the ${images.shape[0]} pictures`, `${texts.length}`);
  const { matcher } = blip.modules;
  const score = ({ images: pictures, inputIds, attentionMask }: Tensors<ImageTextBatch>): tf.Tensor2D => {
    const { tokens } = matcher.image.encode(normalizeImages(pictures, blip.normalize));
    const ids = beginning(inputIds, blip.tokenIds.encode);
    const logits = matcher.match({ inputIds: ids, attentionMask }, tokens);
    return tf.slice(tf.softmax(logits), [0, 1], [-1, 1]);
  };
  return (await extractFeatures(score, inBatches({ images, ...encoded }, batchSize))).data;
}
