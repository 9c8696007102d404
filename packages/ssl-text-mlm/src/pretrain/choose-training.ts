import {
  checkChoice,
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
import { arrangeBatches } from '../data/batch-plan.js';
import { planBlocks } from '../data/pack-blocks.js';
import type { TokenSource } from '../data/token-source.js';
import type { TokenStore } from '../store/token-store.js';
import type { Prepared } from './prepare-tokens.js';
import { type TextModelType, textModelTypes, usualIntermediateSize } from './text-architecture.js';
import { type TextObjective, textObjectives } from './text-learning.js';

/**
 * How texts become sequences: each text one, with padding after it; several in each, one after the other, with attention
 * within each text alone, so that nothing is spent on padding; or full blocks cut from all texts in a row.
 */
export type TextSequences = 'texts' | 'packed' | 'blocks';

const textSequences: readonly TextSequences[] = ['texts', 'packed', 'blocks'];

/** What of model and training the user may choose. */
export interface TextTrainingOptions {
  /** Family of the encoder, by the `model_type` of Hugging Face. Default `bert`. */
  readonly model?: TextModelType;
  /** Default masked-language modelling; of an ELECTRA replaced-token detection. */
  readonly objective?: TextObjective;
  /** Default `texts`; `packed` for ModernBERT, `blocks` for corpora of some hundred million tokens. */
  readonly sequences?: TextSequences;
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
  model: 'optional',
  objective: 'optional',
  sequences: 'optional',
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
  readonly train: TokenSource;
  /** Nothing where no text is held out. */
  readonly heldOut: TokenSource | undefined;
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
export function chooseTraining(
  prepared: Pick<Prepared, 'tokenizer' | 'train' | 'heldOut'>,
  given: TextTrainingOptions,
  cores: number,
): ChosenTraining {
  const where = 'pretrainText';
  const { model = 'bert' } = given;
  checkChoice(where, 'model', model, textModelTypes);
  const { objective = model === 'electra' ? 'replaced-token-detection' : 'masked-language-modelling' } = given;
  checkChoice(where, 'objective', objective, textObjectives);
  const lengths = prepared.train === undefined ? new Int32Array(0) : textLengths(prepared.train);
  // Without the one that ends each text.
  const tokens = prepared.train === undefined ? 0 : prepared.train.tokens - prepared.train.length;
  const usual = lengths.sort()[Math.floor(0.95 * (lengths.length - 1))] ?? 0;
  const { maxLength = Math.min(128, Math.max(16, 8 * Math.ceil((usual + 2) / 8))) } = given;
  checkInteger(where, 'maxLength', maxLength, 3, bertLimits.maxPositionEmbeddings);
  const { sequences = usualSequences(model, tokens) } = given;
  checkChoice(where, 'sequences', sequences, textSequences);
  const [train, heldOut] = [prepared.train, prepared.heldOut].map((store) => sourceOf(store, sequences, maxLength));
  const count = rowsOf(train, sequences, maxLength);
  if (train === undefined || count < 2)
    throw new DataError(
      `${where}: ${train === undefined ? 'no text has' : 'a single sequence is all that has'} a token of the vocabulary to mask; give more text${sequences === 'texts' ? '' : `, or sequences: 'texts' in place of '${sequences}'`}`,
    );
  let tier = sizes.findIndex(({ below }) => tokens < below);
  while (sizes[tier]!.cores > cores) tier--;
  const size = sizes[tier]!;
  const { hiddenSize = size.hiddenSize, numHiddenLayers = size.numHiddenLayers } = given;
  checkCount(where, { hiddenSize });
  const { numAttentionHeads = headsOf(hiddenSize, size) } = given;
  const { intermediateSize = usualIntermediateSize(model, hiddenSize) } = given;
  const fits = 2 ** Math.floor(Math.log2(Math.min(recipe.batchTokens / maxLength, count / 8)));
  const { batchSize = Math.min(128, Math.max(2, fits)) } = given;
  checkCount(where, { batchSize });
  if (batchSize > count)
    throw new InvalidOptionError(where, 'batchSize', `at most ${count}, the sequences of the texts`, batchSize);
  const bucketLengths =
    sequences === 'texts'
      ? [...new Set([Math.ceil(maxLength / 2), Math.ceil((3 * maxLength) / 4), maxLength])]
      : [maxLength];
  const stepsPerEpoch =
    sequences === 'packed'
      ? Math.ceil(count / batchSize)
      : arrangeBatches(train.lengths(), { batchSize, bucketLengths, dropLast: true }).batches;
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
    model: 'the usual one; others by their model_type, such as modernbert',
    objective: objective === 'replaced-token-detection' ? 'as ELECTRA learns' : 'the usual one',
    sequences: sequencesReason(sequences, tokens),
    maxLength: `95 % of the texts have at most ${usual} tokens, longer ones become several sequences`,
    hiddenSize: `for ${tokens} tokens and ${cores} cores`,
    numHiddenLayers: `for ${tokens} tokens and ${cores} cores`,
    numAttentionHeads: 'heads of 32 to 64',
    intermediateSize:
      model === 'modernbert'
        ? 'as many weights as four times the width without the gate'
        : 'four times the width, as in BERT',
    dropout: epochs > manyEpochs ? `the same texts come ${epochs} times` : 'few epochs: the masks are noise enough',
    batchSize: `some ${recipe.batchTokens} tokens, and at least eight batches an epoch`,
    epochs: `some ${recipe.updates} updates of ${stepsPerEpoch} an epoch, at most 50 epochs`,
    learningRate: `${recipe.learningRate} at width ${recipe.width} and ${recipe.batchTokens} tokens a batch; less for wider models and, by the square root, smaller batches`,
    weightDecay: 'as measured with the glosses of WordNet',
    maskProbability: "BERT's",
  };
  const values: Required<TextTrainingOptions> = {
    model,
    objective,
    sequences,
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
    train,
    heldOut,
    stepsPerEpoch,
    unknownShare: unknownShare(prepared.train!, prepared.tokenizer.specialIds.unk),
  };
}

/** Tokens from which blocks across texts are the usual sequences: of so many the lengths of texts take much memory. */
const manyTokens = 2e8;

function usualSequences(model: TextModelType, tokens: number): TextSequences {
  if (tokens > manyTokens) return 'blocks';
  return model === 'modernbert' ? 'packed' : 'texts';
}

function sequencesReason(sequences: TextSequences, tokens: number): string {
  if (sequences === 'blocks') return `for ${tokens} tokens`;
  return sequences === 'packed' ? 'no work for padding, as with ModernBERT' : 'each text by itself';
}

function sourceOf(store: TokenStore | undefined, sequences: TextSequences, maxLength: number): TokenSource | undefined {
  return sequences === 'blocks'
    ? store?.blocks({ length: maxLength })
    : store?.lines({ maxLength, longTexts: 'split' });
}

/** Rows of an epoch's batches. */
function rowsOf(source: TokenSource | undefined, sequences: TextSequences, maxLength: number): number {
  if (source === undefined || sequences !== 'packed') return source?.length ?? 0;
  return planBlocks(source.lengths(), maxLength).starts.length - 1;
}

/** Texts by whose length all are judged. */
const sampledTexts = 1e6;

/** Tokens of texts, the first million of them, without special ones. */
function textLengths(store: TokenStore): Int32Array {
  return Int32Array.from({ length: Math.min(sampledTexts, store.length) }, (_, text) => {
    const { start, end } = store.rangeOf(text);
    return end - start - 1;
  });
}

/** Ids of a store by whose unknown ones all are judged. */
const sampledTokens = 2 ** 20;

/** Share of the tokens that the vocabulary cannot spell, of the first million. */
function unknownShare(store: TokenStore, unknown: number): number {
  const ids = new Int32Array(Math.min(sampledTokens, store.tokens));
  store.read(ids, 0);
  return ids.reduce((count, id) => count + (id === unknown ? 1 : 0), 0) / ids.length;
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
