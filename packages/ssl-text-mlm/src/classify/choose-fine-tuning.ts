import {
  checkChoice,
  checkCount,
  checkInteger,
  checkNonNegative,
  checkPositive,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import type { LoadedTextEncoder } from '../pretrain/loaded-text-encoder.js';
import { longestOf } from '../pretrain/longest-of.js';
import type { TextPooling } from '../pretrain/text-encoder-description.js';

/** What of a fine-tuning the user may choose. */
export interface TextFineTuningChoices {
  /** Longest text with its frame, tokens; the rest is cut off. */
  readonly maxLength?: number;
  /** What the classifier reads: the mean of the tokens or the first one. Default as the encoder's. */
  readonly pooling?: TextPooling;
  readonly batchSize?: number;
  readonly epochs?: number;
  /** Highest learning rate, of the head and the last layer. */
  readonly learningRate?: number;
  /** Factor on the rate from a layer to the one before it; 1: all learn alike. Default 0.9. */
  readonly layerDecay?: number;
  readonly weightDecay?: number;
  /** `gradual`: at first the head alone, then one layer more after the other until the middle of the run. Default `all`. */
  readonly unfreeze?: 'all' | 'gradual';
  /** Weight of each class by its name, or `balanced`: in inverse proportion to its examples. Default: all 1. */
  readonly classWeights?: 'balanced' | Readonly<Record<string, number>>;
  /** Epochs without a lower held-out loss after which the run ends. Default: it runs to its end. */
  readonly patience?: number;
}

export const textFineTuningChoiceNames: OptionNames<TextFineTuningChoices> = {
  maxLength: 'optionalNumber',
  pooling: 'optional',
  batchSize: 'optionalNumber',
  epochs: 'optionalNumber',
  learningRate: 'optionalNumber',
  layerDecay: 'optionalNumber',
  weightDecay: 'optionalNumber',
  unfreeze: 'optional',
  classWeights: 'optional',
  patience: 'optionalNumber',
};

/** Choices with numbers for those that the user did not make, and why. */
export interface ChosenFineTuning {
  readonly choices: Required<Omit<TextFineTuningChoices, 'classWeights' | 'patience'>>;
  /** In the order of the classes; undefined: all 1. */
  readonly classWeights: readonly number[] | undefined;
  readonly patience: number | undefined;
  readonly reasons: Readonly<Record<string, string>>;
}

/** Updates of a run, and the rate at a width of one: 3.9e-4 at 128, 6.5e-5 at 768. */
const recipe = { updates: 300, mostEpochs: 40, rateByWidth: 0.05, batchSize: 16 } as const;

/** @param counts examples of each class to learn from, in the order of the classes */
export function chooseFineTuning(
  where: string,
  encoder: LoadedTextEncoder,
  lengths: readonly number[],
  counts: ReadonlyMap<string, number>,
  given: TextFineTuningChoices,
): ChosenFineTuning {
  const examples = lengths.length;
  const longest = Math.min(encoder.description.maxLength, longestOf(encoder.encoder));
  const usual = lengths.toSorted((a, b) => a - b)[Math.floor(0.98 * (examples - 1))]!;
  const { maxLength = Math.min(longest, Math.max(8, 8 * Math.ceil(usual / 8))) } = given;
  checkInteger(where, 'maxLength', maxLength, 3, longestOf(encoder.encoder));
  const { pooling = encoder.description.pooling, unfreeze = 'all', classWeights, patience } = given;
  checkChoice(where, 'pooling', pooling, ['mean', 'cls']);
  checkChoice(where, 'unfreeze', unfreeze, ['all', 'gradual']);
  const { batchSize = Math.min(recipe.batchSize, examples) } = given;
  checkCount(where, { batchSize });
  if (batchSize > examples)
    throw new InvalidOptionError(where, 'batchSize', `at most ${examples}, the examples to learn from`, batchSize);
  const steps = Math.floor(examples / batchSize);
  const { epochs = Math.min(recipe.mostEpochs, Math.max(3, Math.ceil(recipe.updates / steps))) } = given;
  const { learningRate = Number((recipe.rateByWidth / encoder.featureDim).toPrecision(2)) } = given;
  const { layerDecay = 0.9, weightDecay = 0.01 } = given;
  checkCount(where, { epochs, ...(patience === undefined ? {} : { patience }) });
  checkPositive(where, { learningRate, layerDecay });
  if (layerDecay > 1) throw new InvalidOptionError(where, 'layerDecay', 'at most 1', layerDecay);
  checkNonNegative(where, { weightDecay });
  const all = {
    maxLength: `98 % of the examples have at most ${usual} tokens`,
    pooling: "the encoder's",
    unfreeze: 'all layers learn from the start',
    batchSize: `of ${examples} examples`,
    epochs: `some ${recipe.updates} updates of ${steps} an epoch`,
    learningRate: `for width ${encoder.featureDim}`,
    layerDecay: 'lower layers are more general',
    weightDecay: 'the usual one',
  };
  const chosen = Object.entries(all).filter(([name]) => given[name as keyof TextFineTuningChoices] === undefined);
  return {
    choices: { maxLength, pooling, batchSize, epochs, learningRate, layerDecay, weightDecay, unfreeze },
    classWeights: weightsOf(where, classWeights, counts),
    patience,
    reasons: Object.fromEntries(chosen),
  };
}

function weightsOf(
  where: string,
  given: TextFineTuningChoices['classWeights'],
  counts: ReadonlyMap<string, number>,
): readonly number[] | undefined {
  if (given === undefined) return undefined;
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (given === 'balanced') return [...counts.values()].map((count) => total / (counts.size * count));
  const names = [...counts.keys()];
  const isRecord = typeof given === 'object' && (given as unknown) !== null;
  const wrong = isRecord ? Object.keys(given).find((name) => !counts.has(name)) : undefined;
  if (!isRecord || wrong !== undefined || names.some((name) => !(Number.isFinite(given[name]) && given[name]! > 0)))
    throw new InvalidOptionError(
      where,
      'classWeights',
      `'balanced', or a positive number for each class (${names.slice(0, 8).join(', ')}${names.length > 8 ? ', ...' : ''})`,
      wrong ?? given,
    );
  return names.map((name) => given[name]!);
}
