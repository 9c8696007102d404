import type { TokenEncoder } from '@selfsup/ssl-nn';
import type { OptionNames, RandomKey } from '@selfsup/ssl-tensor/host';
import type { BertConfig, WordPieceTokenizer } from '@selfsup/ssl-text-mlm';
import type { ImageStatistics } from '@selfsup/ssl-vision';
import type { BlipTokens } from './blip-tokens.js';

/** Options of `Blip`. */
export interface BlipOptions {
  /** Of pictures, with tokens: a vision transformer of @selfsup/ssl-vision or of your own. */
  readonly image: TokenEncoder;
  /** Sizes of the text model, `bertConfig({ vocabSize: tokenizer.vocabSize, ... })`. */
  readonly text: BertConfig;
  /** With BLIP's two tokens: `withBlipTokens(tokenizer)`. */
  readonly tokenizer: WordPieceTokenizer;
  /** Source of all initial weights but the encoder of pictures', and of the queues' first rows. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Names of the two tokens. Default `[DEC]` and `[ENC]`. */
  readonly tokens?: BlipTokens;
  /** Width of the common space. Default 256. */
  readonly embedDim?: number;
  /** Temperature of the similarities at the start, from 0.001 to 0.5, where it stays. Default 0.07. */
  readonly temperature?: number;
  /** Pictures and texts of earlier batches that are compared; a multiple of the pairs of an update. Default 57600. */
  readonly queueSize?: number;
  /** Of the momentum encoders, in [0, 1]. Default 0.995. */
  readonly momentum?: number;
  /** Share of the momentum encoders' answer in the contrastive targets, in [0, 1]. Default 0.4. */
  readonly alpha?: number;
  /** Epochs over which that share rises from 0, linearly; 0: it is there from the start. Default 1. */
  readonly alphaEpochs?: number;
  /** Share of the captioning target that is spread over the vocabulary, in [0, 1). Default 0.1. */
  readonly labelSmoothing?: number;
  /** Negatives of matching: `drawn` by similarity, or the `hardest`, which needs no random key. Default `drawn`. */
  readonly negatives?: 'drawn' | 'hardest';
}

/** Names of {@link BlipOptions}. */
export const blipOptionNames: OptionNames<BlipOptions> = {
  image: 'required',
  text: 'required',
  tokenizer: 'required',
  key: 'requiredKey',
  normalize: 'required',
  tokens: 'optional',
  embedDim: 'optionalNumber',
  temperature: 'optionalNumber',
  queueSize: 'optionalNumber',
  momentum: 'optionalNumber',
  alpha: 'optionalNumber',
  alphaEpochs: 'optionalNumber',
  labelSmoothing: 'optionalNumber',
  negatives: 'optional',
};

/**
 * Defaults of `Blip`: `models/blip_pretrain.py`, `models/med.py` and `configs/pretrain.yaml` of salesforce/BLIP. The share
 * of soft targets rises over one epoch as in ALBEF (arXiv 2107.07651, section 3.5); BLIP's own runs take 2. There with
 * AdamW, decay 0.05, rate 3e-4 after 3,000 steps from 1e-6, times 0.9 an epoch, 20 epochs of batches of 2,400.
 */
export const blipDefaults = {
  embedDim: 256,
  temperature: 0.07,
  queueSize: 57600,
  momentum: 0.995,
  alpha: 0.4,
  alphaEpochs: 1,
  labelSmoothing: 0.1,
  negatives: 'drawn',
} as const;

/**
 * `Blip` for some thousand pictures of 28 to 64 pixels in batches of 64 to 128: a queue of some batches, since one that
 * holds the data set more than once compares each picture with itself, and momentum encoders that follow within an epoch of
 * that length. The numbers are chosen, not searched.
 */
export const blipSmall = { embedDim: 64, queueSize: 512, momentum: 0.99 } as const;

/** Range in which the temperature is kept (`models/blip_pretrain.py`). */
export const temperatureRange = [0.001, 0.5] as const;
