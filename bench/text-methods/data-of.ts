import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { foldIn, randomKey } from '@selfsup/ssl-core';
import {
  MlmLoader,
  type MlmLoaderOptions,
  TokenDataset,
  trainWordPiece,
  WordPieceTokenizer,
} from '@selfsup/ssl-text-mlm';
import { corpora, type CorpusName, type TextCorpus } from '../texts/corpora.js';
import { textsFolder } from '../texts/kept-records.js';
import { type BudgetName, type TextBudget, textBudgets } from './budgets.js';

/** A corpus within a budget, with its vocabulary, which is learnt once. */
export interface TextData {
  readonly corpus: CorpusName;
  readonly budgetName: BudgetName;
  readonly budget: TextBudget;
  readonly texts: TextCorpus;
  readonly tokenizer: WordPieceTokenizer;
  /** Lengths to which batches are padded. */
  readonly bucketLengths: readonly number[];
  /** Sequences in a batch of pretraining. */
  readonly batchSize: number;
}

/** Reads a corpus, or makes it. */
export async function textData(corpus: CorpusName, budgetName: BudgetName): Promise<TextData> {
  const budget = textBudgets[budgetName];
  const texts = await corpora[corpus](budget);
  const path = join(textsFolder, `${corpus}-${budgetName}.tokenizer.json`);
  await mkdir(textsFolder, { recursive: true });
  const isThere = await stat(path).catch(() => undefined);
  if (isThere === undefined)
    await (await trainWordPiece({ lines: [...texts.train], vocabSize: budget.vocabSize })).save(path);
  const { maxLength } = texts;
  return {
    corpus,
    budgetName,
    budget,
    texts,
    tokenizer: await WordPieceTokenizer.fromFile(path),
    bucketLengths: [maxLength / 2, (3 * maxLength) / 4, maxLength],
    batchSize: Math.floor(budget.tokensPerBatch / maxLength),
  };
}

/** Texts to pretrain on, encoded: long ones become several sequences where they are long by nature. */
export const pretrainingTexts = ({ texts, tokenizer, corpus }: TextData, which: 'train' | 'heldOut'): TokenDataset =>
  TokenDataset.fromTexts(tokenizer, texts[which], {
    maxLength: texts.maxLength,
    longTexts: corpus === 'glosses' ? 'cut' : 'split',
  });

/** Batches of masked texts: to train on, or the held-out ones with the same masks for all. */
export function maskedBatches(
  data: TextData,
  which: 'train' | 'heldOut',
  seed: number,
  { packing = false, masking = {} }: Pick<MlmLoaderOptions, 'packing' | 'masking'> = {},
): MlmLoader {
  const { tokenizer, batchSize, texts, budget } = data;
  const block = 2 * texts.maxLength;
  return new MlmLoader({
    dataset: pretrainingTexts(data, which),
    tokenizer,
    unmaskable: 'skip',
    ...(which === 'heldOut'
      ? { mode: 'evaluation' as const, key: randomKey(0), batchSize: 64, bucketLengths: data.bucketLengths }
      : {
          key: foldIn(randomKey(seed), 'pretraining'),
          masking,
          ...(packing
            ? { packing, bucketLengths: [block], batchSize: packedBlocks(budget, block) }
            : { bucketLengths: data.bucketLengths, batchSize }),
        }),
  });
}

/** Blocks that hold about as many tokens of text as a padded batch of glosses does: 0.6 of its places are text. */
const packedBlocks = ({ tokensPerBatch }: TextBudget, block: number): number =>
  Math.max(1, Math.round((0.6 * tokensPerBatch) / block));
