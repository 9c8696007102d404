import { foldIn, randomKey } from '@selfsup/ssl-core';
import type { StateDict } from '@selfsup/ssl-nn';
import {
  BertModel,
  BertTextEncoder,
  bertConfig,
  Matryoshka,
  type SentenceBatch,
  SentenceLoader,
  SimCse,
  TokenDataset,
  Tsdae,
  TsdaeLoader,
} from '@selfsup/ssl-text-mlm';
import { type BatchLoader, type Method, warmupCosine } from '@selfsup/ssl-train';
import { definitionOf } from '../texts/noun-tree.js';
import type { TextData } from './data-of.js';
import { sizesOf } from './encoders.js';
import { keptModel } from './kept-model.js';
import { pretrained } from './pretrained.js';
import { train } from './train.js';

/** How sentence encoders are trained after masked-language modelling. */
export const sentenceTraining = {
  simcse: { learningRate: 3e-4, batchSize: 128, temperature: 0.05, dropout: 0.1 },
  tsdae: { learningRate: 5e-4, batchSize: 64, deletionRatio: 0.6, dropout: 0.1 },
} as const;

/** Names of the encoders that are trained further. */
export type SentenceName = 'mlm' | 'simcse' | 'tsdae' | 'matryoshka';

/** The widths of Matryoshka: all, a half and a quarter of the columns. */
export const widthsOf = (width: number): readonly number[] => [width / 4, width / 2, width];

/** Mean-pooled BERT with some weights; a model with a head has more than it needs. */
export function textEncoder(data: TextData, state: StateDict, dropout = 0): BertTextEncoder {
  const model = new BertModel(bertConfig(sizesOf(data, dropout)), { key: randomKey(0) });
  const encoder = new BertTextEncoder(model, { pooling: 'mean' });
  encoder.loadStateDict(new Map([...state].filter(([name]) => name.startsWith('bert.'))));
  return encoder;
}

/** Definitions of the glosses that were pretrained on, encoded. */
export function definitions({ texts, tokenizer }: TextData): TokenDataset {
  const dataset = TokenDataset.fromTexts(tokenizer, texts.train.map(definitionOf), { maxLength: texts.maxLength });
  // With a token beside [CLS] and [SEP].
  return dataset.subset([...dataset.lengths().entries()].flatMap(([row, length]) => (length < 3 ? [] : [row])));
}

/** Weights of a sentence encoder that starts from the BERT pretrained on the glosses. */
export async function sentenceState(
  name: SentenceName,
  data: TextData,
  seed: number,
  threads: number,
): Promise<StateDict> {
  const { state } = await pretrained('bert', data, seed, threads);
  if (name === 'mlm') return state;
  const kept = await keptModel(`${name}-glosses-${seed}-${data.budgetName}`, async () => {
    const key = foldIn(foldIn(randomKey(seed), 'sentences'), name);
    const encoder = textEncoder(data, state, 0.1);
    const { budget, bucketLengths, tokenizer } = data;
    const shared = { padId: tokenizer.specialIds.pad, key: foldIn(key, 'batches'), bucketLengths };
    const run = async <B>(method: Method<B, string>, loader: BatchLoader<B>, base: number): Promise<void> => {
      const steps = budget.sentenceSteps;
      const schedule = warmupCosine({ base, warmupSteps: Math.floor(steps / 10), totalSteps: steps });
      await train(method, loader, { steps, schedule, seed, threads });
    };
    if (name === 'tsdae') {
      const { learningRate, batchSize, deletionRatio } = sentenceTraining.tsdae;
      const loader = new TsdaeLoader({ dataset: definitions(data), batchSize, deletionRatio, ...shared });
      await run(new Tsdae({ encoder, key }), loader, learningRate);
    } else {
      const { learningRate, batchSize, temperature } = sentenceTraining.simcse;
      const simCse = new SimCse({ encoder, key, temperature });
      const loader = new SentenceLoader({ sentences: definitions(data), batchSize, ...shared });
      const widths = widthsOf(budget.width);
      await run(
        name === 'simcse' ? simCse : new Matryoshka<SentenceBatch>({ method: simCse, widths }),
        loader,
        learningRate,
      );
    }
    return { state: () => encoder.stateDict(), figures: {} };
  });
  return kept.state;
}
