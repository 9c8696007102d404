import type * as tf from '@tensorflow/tfjs-core';
import type { Encoder, ForwardContext, Module } from '@selfsup/ssl-nn';
import {
  checkChoice,
  checkCount,
  checkNonNegative,
  checkNumber,
  checkPositive,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-tensor/host';
import type { BertInputs } from '../bert/bert-inputs.js';
import { checkTextEncoder } from './check-text-encoder.js';

/** What tells masked tokens: a `BertForMaskedLM` and its kin. */
export interface TokenScorer {
  /**
   * @param positions int32 `[n]`, flat indices into `batch * tokens`
   * @returns logits `[n, vocabulary]`
   */
  forward(inputs: BertInputs, positions?: tf.Tensor, ctx?: ForwardContext): tf.Tensor2D;
}

/** Options of `SimCse`. */
export interface SimCseOptions {
  /** Any encoder of texts with one vector for each, such as `BertTextEncoder`; the authors pool `cls`. */
  readonly encoder: Encoder<BertInputs>;
  /** Source of the head's initial weights. */
  readonly key: RandomKey;
  /** Divisor of the cosines. Default 0.05. */
  readonly temperature?: number;
  /** Added to the score of a sentence against its own hard negative: the logarithm of how often it counts. Default 0. */
  readonly hardNegativeWeight?: number;
  /** Where a linear layer and a tanh follow the encoder. Default `training`, without them in use. */
  readonly head?: 'training' | 'always' | 'none';
  /** A masked-language model around the same encoder, whose loss is added; the batches then have `mlm`. */
  readonly mlm?: Module & TokenScorer;
  /** Factor of that loss. Default 0.1. */
  readonly mlmWeight?: number;
  /** Texts that are computed at a time, and once more for the gradient (GradCache). Default: all. */
  readonly chunkSize?: number;
}

export const simCseOptionNames: OptionNames<SimCseOptions> = {
  encoder: 'required',
  key: 'requiredKey',
  temperature: 'optionalNumber',
  hardNegativeWeight: 'optionalNumber',
  head: 'optional',
  mlm: 'optional',
  mlmWeight: 'optionalNumber',
  chunkSize: 'optionalNumber',
};

/**
 * Defaults of `SimCse`: those of unsup-simcse-bert-base (arXiv 2104.08821, appendix A and the repository's run_unsup_example.sh),
 * which trains one epoch of 10^6 sentences of 32 tokens with 64 in a batch and AdamW at 3e-5, linear to 0.
 */
export const simCseDefaults: {
  readonly temperature: number;
  readonly hardNegativeWeight: number;
  readonly head: 'training' | 'always' | 'none';
  readonly mlmWeight: number;
} = { temperature: 0.05, hardNegativeWeight: 0, head: 'training', mlmWeight: 0.1 };

/**
 * Of pairs and hard negatives, sup-simcse-bert-base: the head stays in use; three epochs of the triplets of NLI, 512 in a batch,
 * at 5e-5 (arXiv 2104.08821, appendix A, and run_sup_example.sh).
 */
export const simCseSupervised: typeof simCseDefaults = { ...simCseDefaults, head: 'always' };

/** @throws InvalidOptionError for what is out of range or does not belong together */
export function checkSimCse(where: string, options: SimCseOptions & typeof simCseDefaults): void {
  const { encoder, temperature, hardNegativeWeight, head, mlm, mlmWeight, chunkSize } = options;
  checkTextEncoder(where, 'encoder', encoder);
  checkPositive(where, { temperature });
  checkNumber(where, 'hardNegativeWeight', hardNegativeWeight);
  checkChoice(where, 'head', head, ['training', 'always', 'none']);
  checkNonNegative(where, { mlmWeight });
  if (chunkSize !== undefined) checkCount(where, { chunkSize });
  if (mlm === undefined) return;
  const advice =
    'Such as const mlm = new BertForMaskedLM(config, { key }), and new BertTextEncoder(mlm.bert) as the encoder';
  if (typeof (mlm as Partial<TokenScorer>).forward !== 'function')
    throw new InvalidOptionError(where, 'mlm', 'a masked-language model', mlm, advice);
  const own = new Set(encoder.namedParameters().values());
  if (![...mlm.namedParameters().values()].some((parameter) => own.has(parameter)))
    throw new InvalidOptionError(where, 'mlm', 'a model around the same encoder', 'a model of other weights', advice);
}
