/** BLIP, on stripes with a caption each. */
import { randomKey } from '@selfsup/ssl-core';
import { DataLoader, ImageArrayDataset } from '@selfsup/ssl-data';
import { Blip, ImageTextLoader, MapTokens, withBlipTokens } from '@selfsup/ssl-multimodal';
import { bertConfig, TokenDataset, trainWordPiece } from '@selfsup/ssl-text-mlm';
import type { Entry } from './entry.js';
import { encoder, entry, statistics, stripes } from './pictures.js';

const { images, labels } = stripes(64);
const captions = Array.from(labels, (label, at) => `${['across', 'along'][label]!} number ${'abcdef'[at % 6]!}`);
const tokenizer = withBlipTokens(await trainWordPiece({ lines: captions, vocabSize: 60 }));
const texts = TokenDataset.fromTexts(tokenizer, captions, { maxLength: 8 });

const blip = (alpha: number): Blip =>
  new Blip({
    image: new MapTokens(encoder()),
    text: bertConfig({
      vocabSize: tokenizer.vocabSize,
      hiddenSize: 16,
      numHiddenLayers: 1,
      numAttentionHeads: 2,
      intermediateSize: 32,
      maxPositionEmbeddings: 8,
      // Fewer ops to trace: the suite makes some twenty runs.
      hiddenDropout: 0,
      attentionDropout: 0,
    }),
    tokenizer,
    key: randomKey(3),
    normalize: statistics,
    embedDim: 8,
    queueSize: 64,
    momentum: 0.9,
    alpha,
  });

export const entries: readonly Entry[] = [
  entry({
    name: 'Blip',
    method: () => blip(0.4),
    changed: { method: () => blip(0.2), setting: 'settings.alpha' },
    loader: () =>
      new ImageTextLoader({
        images: new DataLoader({
          dataset: new ImageArrayDataset(images),
          views: [(image) => image],
          batchSize: 16,
          shuffle: true,
          workers: 0,
          seed: 4,
        }),
        texts,
        padId: tokenizer.specialIds.pad,
      }),
    learningRate: 5e-3,
    learns: { steps: 40, ratio: 0.9 },
  }),
];
