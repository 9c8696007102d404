import type * as tf from '@tensorflow/tfjs-core';
import { compile, sparseSoftmaxCrossEntropy } from '@selfsup/ssl-tensor';
import {
  checkCount,
  checkOptions,
  DataError,
  InvalidOptionError,
  type NdArray,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import { checkVocabulary } from '../tokenizer/check-vocabulary.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';

/** Options of {@link pseudoPerplexity}. */
export interface PseudoPerplexityOptions {
  /** Copies of texts in one pass, each with another token masked. Default 64. */
  readonly batchSize?: number;
  /** Texts are padded to a multiple of so many tokens, and each such length is traced once. Default 16. */
  readonly lengthStep?: number;
}

const pseudoPerplexityOptionNames: OptionNames<PseudoPerplexityOptions> = {
  batchSize: 'optionalNumber',
  lengthStep: 'optionalNumber',
};

/** Result of {@link pseudoPerplexity}. */
export interface PseudoPerplexity {
  /** `exp` of the mean loss of all tokens. */
  readonly pseudoPerplexity: number;
  /** Tokens that were masked, one after the other. */
  readonly tokens: number;
  /** Sum of `log p(token | the others)` of each text, nats: its pseudo-log-likelihood. */
  readonly logLikelihoods: readonly number[];
}

/** A copy of a text with one token masked. */
interface Masked {
  readonly text: number;
  readonly ids: readonly number[];
  readonly position: number;
}

/**
 * Pseudo-perplexity: each token of a text is masked in turn and told from the others, `exp(-mean log p(w_t | w_not t))`.
 * Special and unknown tokens are not masked; what is beyond the model's reach is cut.
 *
 * Source: Salazar et al. 2020, arXiv:1910.14659, section 2.
 *
 * @param texts with at least one token among them
 * @throws DataError where no text has a token; CheckpointError if the vocabulary does not fit the model; InvalidOptionError
 *   for options, and for texts that are no list
 */
export async function pseudoPerplexity(
  model: MaskedLmModel,
  tokenizer: TextTokenizer,
  texts: readonly string[],
  options: PseudoPerplexityOptions = {},
): Promise<PseudoPerplexity> {
  const where = 'pseudoPerplexity';
  const { batchSize = 64, lengthStep = 16 } = checkOptions(where, options, pseudoPerplexityOptionNames);
  checkCount(where, { batchSize, lengthStep });
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string'))
    throw new InvalidOptionError(where, 'texts', 'a list of texts', texts);
  checkVocabulary(tokenizer, model.config.vocabSize);
  const logLikelihoods = texts.map(() => 0);
  const losses = compile(
    (inputIds: tf.Tensor, attentionMask: tf.Tensor, positions: tf.Tensor, targets: tf.Tensor) =>
      sparseSoftmaxCrossEntropy(model.forward({ inputIds, attentionMask }, positions), targets as tf.Tensor1D),
    { name: where },
  );
  let tokens = 0;
  const add = async (length: number, copies: readonly Masked[]): Promise<void> => {
    const values = await losses(...batchOf(copies, length, batchSize, tokenizer.specialIds));
    const each = await values.data();
    copies.forEach(({ text }, row) => (logLikelihoods[text]! -= each[row]!));
    values.dispose();
    tokens += copies.length;
  };
  try {
    const waiting = new Map<number, Masked[]>();
    for (const copy of maskedCopies(model, tokenizer, texts)) {
      const length = Math.min(Math.ceil(copy.ids.length / lengthStep) * lengthStep, reach(model));
      const copies = waiting.get(length) ?? [];
      waiting.set(length, copies);
      if (copies.push(copy) === batchSize) await add(length, copies.splice(0));
    }
    for (const [length, copies] of waiting) if (copies.length > 0) await add(length, copies);
  } finally {
    losses.dispose();
  }
  if (tokens === 0) throw new DataError(`${where}: no text has a token to mask; give texts that are not empty`);
  const sum = logLikelihoods.reduce((total, value) => total + value, 0);
  return { pseudoPerplexity: Math.exp(-sum / tokens), tokens, logLikelihoods };
}

const reach = (model: MaskedLmModel): number => model.encoder.maxTokens ?? model.config.maxPositionEmbeddings;

function* maskedCopies(model: MaskedLmModel, tokenizer: TextTokenizer, texts: readonly string[]): Generator<Masked> {
  const special = new Set<number>(Object.values(tokenizer.specialIds));
  for (const [text, words] of texts.entries()) {
    const ids = tokenizer.encode(words, { maxLength: reach(model) });
    for (const [position, id] of ids.entries()) if (!special.has(id)) yield { text, ids, position };
  }
}

/** Rows beyond the copies repeat the first one, so that every pass of a length has one shape. */
function batchOf(
  copies: readonly Masked[],
  length: number,
  rows: number,
  { mask, pad }: { readonly mask: number; readonly pad: number },
): [NdArray, NdArray, NdArray, NdArray] {
  const inputIds = new Int32Array(rows * length).fill(pad);
  const attentionMask = new Int32Array(rows * length);
  const [positions, targets] = [new Int32Array(rows), new Int32Array(rows)];
  for (let row = 0; row < rows; row++) {
    const { ids, position } = copies[row] ?? copies[0]!;
    inputIds.set(ids, row * length);
    inputIds[row * length + position] = mask;
    attentionMask.fill(1, row * length, row * length + ids.length);
    positions[row] = row * length + position;
    targets[row] = ids[position]!;
  }
  const shape = [rows, length];
  return [
    { data: inputIds, shape },
    { data: attentionMask, shape },
    { data: positions, shape: [rows] },
    { data: targets, shape: [rows] },
  ];
}
