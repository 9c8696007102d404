import {
  checkCount,
  checkInteger,
  checkNonNegative,
  checkPositive,
  checkRate,
  DataError,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import { bertLimits } from '../bert/bert-config.js';
import { pushPieces } from '../data/push-pieces.js';
import { TokenDataset } from '../data/token-dataset.js';
import { TokenSequences } from '../data/token-sequences.js';
import { planBatches } from '../data/batch-plan.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import type { EncodedTexts, Prepared } from './prepare-tokens.js';

/** What of model and training the user may choose. */
export interface TextTrainingOptions {
  /** Longest sequence with `[CLS]` and `[SEP]`, tokens; longer texts become several. */
  readonly maxLength?: number;
  readonly hiddenSize?: number;
  readonly numHiddenLayers?: number;
  readonly numAttentionHeads?: number;
  readonly intermediateSize?: number;
  readonly dropout?: number;
  readonly batchSize?: number;
  readonly epochs?: number;
  /** Highest learning rate. */
  readonly learningRate?: number;
  readonly weightDecay?: number;
  /** Share of the tokens to predict. Default 0.15. */
  readonly maskProbability?: number;
}

export const textTrainingOptionNames: OptionNames<TextTrainingOptions> = {
  maxLength: 'optionalNumber',
  hiddenSize: 'optionalNumber',
  numHiddenLayers: 'optionalNumber',
  numAttentionHeads: 'optionalNumber',
  intermediateSize: 'optionalNumber',
  dropout: 'optionalNumber',
  batchSize: 'optionalNumber',
  epochs: 'optionalNumber',
  learningRate: 'optionalNumber',
  weightDecay: 'optionalNumber',
  maskProbability: 'optionalNumber',
};

/** Everything that model and training need. */
export type TextTraining = Required<TextTrainingOptions> & {
  /** Padded lengths. */
  readonly bucketLengths: readonly number[];
};

/** Choices, the words why for those that the user did not make, and the data in their form. */
export interface ChosenTraining {
  readonly training: TextTraining;
  readonly reasons: Readonly<Record<string, string>>;
  readonly train: TokenDataset;
  readonly heldOut: TokenDataset;
  readonly stepsPerEpoch: number;
  /** Share of the tokens that the vocabulary cannot spell. */
  readonly unknownShare: number;
}

/** Sizes by the corpus: below so many tokens, and on machines with at least so many cores. */
const sizes = [
  { below: 5e6, cores: 1, hiddenSize: 128, numHiddenLayers: 3, numAttentionHeads: 4 },
  { below: 5e7, cores: 4, hiddenSize: 256, numHiddenLayers: 4, numAttentionHeads: 4 },
  { below: Infinity, cores: 16, hiddenSize: 384, numHiddenLayers: 6, numAttentionHeads: 6 },
] as const;

/** Tokens of a batch, updates of a run, and shares of the demo's recipe, which is measured (apps/benchmark). */
const recipe = { batchTokens: 4096, updates: 2000, learningRate: 1.5e-3, width: 128, weightDecay: 0.01, mask: 0.15 };
/** Epochs from which the same texts come so often that dropout is worth its noise. */
const manyEpochs = 10;

/**
 * Chooses by the texts what the user did not: sequence length, model, batch, length and rates of the run.
 *
 * @param cores processors of the machine, or of that on which the run began
 * @throws InvalidOptionError for options out of range, and a batch larger than the data
 */
export function chooseTraining(prepared: Prepared, given: TextTrainingOptions, cores: number): ChosenTraining {
  const where = 'pretrainText';
  const lengths = lengthsOf(prepared.train);
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const usual = lengths.sort()[Math.floor(0.95 * (lengths.length - 1))] ?? 0;
  const { maxLength = Math.min(128, Math.max(16, 8 * Math.ceil((usual + 2) / 8))) } = given;
  checkInteger(where, 'maxLength', maxLength, 3, bertLimits.maxPositionEmbeddings);
  const [train, heldOut] = [prepared.train, prepared.heldOut].map((texts) =>
    framed(texts, maxLength, prepared.tokenizer),
  );
  if (train!.length < 2)
    throw new DataError(
      `${where}: ${train!.length === 0 ? 'no text has' : 'a single sequence is all that has'} a token of the vocabulary to mask; give more text`,
    );
  let tier = sizes.findIndex(({ below }) => tokens < below);
  while (sizes[tier]!.cores > cores) tier--;
  const size = sizes[tier]!;
  const { hiddenSize = size.hiddenSize, numHiddenLayers = size.numHiddenLayers } = given;
  checkCount(where, { hiddenSize });
  const { numAttentionHeads = headsOf(hiddenSize, size), intermediateSize = 4 * hiddenSize } = given;
  const fits = 2 ** Math.floor(Math.log2(Math.min(recipe.batchTokens / maxLength, train!.length / 8)));
  const { batchSize = Math.min(128, Math.max(2, fits)) } = given;
  checkCount(where, { batchSize });
  if (batchSize > train!.length)
    throw new InvalidOptionError(where, 'batchSize', `at most ${train!.length}, the sequences of the texts`, batchSize);
  const bucketLengths = [...new Set([Math.ceil(maxLength / 2), Math.ceil((3 * maxLength) / 4), maxLength])];
  const stepsPerEpoch = planBatches(train!.lengths(), { batchSize, bucketLengths, dropLast: true }).length;
  const { epochs = Math.min(50, Math.max(1, Math.ceil(recipe.updates / stepsPerEpoch))) } = given;
  const { dropout = epochs > manyEpochs ? 0.1 : 0 } = given;
  const share = Math.sqrt((batchSize * maxLength) / recipe.batchTokens) * (recipe.width / hiddenSize);
  const { learningRate = Number((recipe.learningRate * Math.min(1, share)).toPrecision(2)) } = given;
  const { weightDecay = recipe.weightDecay, maskProbability = recipe.mask } = given;
  checkCount(where, { epochs, hiddenSize, numHiddenLayers, numAttentionHeads, intermediateSize });
  checkRate(where, { dropout });
  checkPositive(where, { learningRate });
  checkNonNegative(where, { weightDecay });
  const all: Record<keyof TextTrainingOptions, string> = {
    maxLength: `95 % of the texts have at most ${usual} tokens, longer ones become several sequences`,
    hiddenSize: `for ${tokens} tokens and ${cores} cores`,
    numHiddenLayers: `for ${tokens} tokens and ${cores} cores`,
    numAttentionHeads: 'heads of 32 to 64',
    intermediateSize: 'four times the width, as in BERT',
    dropout: epochs > manyEpochs ? `the same texts come ${epochs} times` : 'few epochs: the masks are noise enough',
    batchSize: `some ${recipe.batchTokens} tokens, and at least eight batches an epoch`,
    epochs: `some ${recipe.updates} updates of ${stepsPerEpoch} an epoch, at most 50 epochs`,
    learningRate: `${recipe.learningRate} at width ${recipe.width} and ${recipe.batchTokens} tokens a batch; less for wider models and, by the square root, smaller batches`,
    weightDecay: 'as measured with the glosses of WordNet',
    maskProbability: "BERT's",
  };
  const values: Required<TextTrainingOptions> = {
    maxLength,
    hiddenSize,
    numHiddenLayers,
    numAttentionHeads,
    intermediateSize,
    dropout,
    batchSize,
    epochs,
    learningRate,
    weightDecay,
    maskProbability,
  };
  const chosen = Object.entries(all).filter(([name]) => given[name as keyof TextTrainingOptions] === undefined);
  return {
    training: { ...values, bucketLengths },
    reasons: Object.fromEntries(chosen),
    train: train!,
    heldOut: heldOut!,
    stepsPerEpoch,
    unknownShare: tokens === 0 ? 0 : unknownTokens(prepared) / tokens,
  };
}

function unknownTokens({ train: { arrays }, tokenizer: { specialIds } }: Prepared): number {
  let count = 0;
  for (const id of arrays.tokens) if (id === specialIds.unk) count++;
  return count;
}

/** Heads as wide as those of the size that was chosen, else of 32 or the next width that divides. */
function headsOf(
  hiddenSize: number,
  size: { readonly hiddenSize: number; readonly numAttentionHeads: number },
): number {
  if (hiddenSize === size.hiddenSize) return size.numAttentionHeads;
  let heads = Math.max(1, Math.floor(hiddenSize / 32));
  while (hiddenSize % heads !== 0) heads--;
  return heads;
}

function lengthsOf({ arrays: { offsets } }: EncodedTexts): Int32Array {
  return Int32Array.from({ length: offsets.length - 1 }, (_, index) => offsets[index + 1]! - offsets[index]!);
}

/** Sequences with their frame, without those that have nothing to mask. */
function framed(
  { length, arrays: { tokens, offsets } }: EncodedTexts,
  maxLength: number,
  tokenizer: TextTokenizer,
): TokenDataset {
  const special = tokenizer.allSpecialIds();
  const sequences = new TokenSequences();
  for (let index = 0; index < length; index++)
    pushPieces(sequences, tokens.subarray(offsets[index], offsets[index + 1]), maxLength, tokenizer.specialIds);
  const { arrays } = sequences;
  // As long as they have to be, for a whole training.
  const dataset = new TokenDataset(arrays.tokens.slice(), arrays.offsets.slice());
  const rows = Array.from({ length: dataset.length }, (_, row) => row);
  const maskable = rows.filter((row) => dataset.get(row).ids.some((id) => !special.has(id)));
  return maskable.length === rows.length ? dataset : dataset.subset(maskable);
}
