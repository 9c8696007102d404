import { randomKey } from '@selfsup/ssl-core';
import { DataLoader, ImageArrayDataset } from '@selfsup/ssl-data';
import { bertConfig, TokenDataset } from '@selfsup/ssl-text-mlm';
import { SmallConvEncoder } from '@selfsup/ssl-vision';
import { Blip } from '../src/blip/blip.js';
import type { BlipOptions } from '../src/blip/blip-options.js';
import { withBlipTokens } from '../src/blip/blip-tokens.js';
import { MapTokens } from '../src/blip/map-tokens.js';
import { ImageTextLoader } from '../src/data/image-text-loader.js';
import { classes, drawn, tokenizer } from './shapes.js';

/** The drawn forms' tokeniser with BLIP's tokens. */
export const blipTokenizer = withBlipTokens(tokenizer);

/** Sizes of a small text model. */
export const text = bertConfig({
  vocabSize: blipTokenizer.vocabSize,
  hiddenSize: 32,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  intermediateSize: 64,
  maxPositionEmbeddings: 10,
  // BERT's 0.02 is for widths of 768: here the attention would hardly matter at the start.
  initializerRange: 0.15,
  hiddenDropout: 0,
  attentionDropout: 0,
});

/** A BLIP of small models. */
export const smallBlip = (options: Partial<BlipOptions> = {}): Blip =>
  new Blip({
    image: new MapTokens(
      new SmallConvEncoder({ key: randomKey(2), inChannels: 3, channels: [16, 32], strides: [1, 2] }),
    ),
    text,
    tokenizer: blipTokenizer,
    key: randomKey(4),
    normalize: { mean: 0.4, std: 0.25 },
    embedDim: 16,
    queueSize: 96,
    momentum: 0.95,
    ...options,
  });

/** The text of each class: one alone, since another sentence on the same thing would be taken for a negative. */
export const captions = classes.map((name) => `a ${name}`);

/** Batches of drawn pictures with their captions, in another order each epoch. */
export function captionedPictures(count: number, batchSize: number): ImageTextLoader {
  const { images, labels } = drawn(count, 1);
  const dataset = new ImageArrayDataset(images);
  const texts = Array.from(labels, (label) => captions[label]!);
  return new ImageTextLoader({
    images: new DataLoader({ dataset, views: [(image) => image], batchSize, shuffle: true, seed: 5, workers: 0 }),
    texts: TokenDataset.fromTexts(blipTokenizer, texts, { maxLength: 10 }),
    padId: blipTokenizer.specialIds.pad,
  });
}
