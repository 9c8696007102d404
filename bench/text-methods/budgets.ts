import type { CorpusLimits } from '../texts/corpora.js';

/** What every encoder and method may use. */
export interface TextBudget extends CorpusLimits {
  readonly vocabSize: number;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  /** Updates of pretraining, each of some `tokensPerBatch` places. */
  readonly steps: number;
  readonly tokensPerBatch: number;
  /** Updates beside Hugging Face's. */
  readonly peerSteps: number;
  /** Updates on labels. */
  readonly fineTuneSteps: number;
  /** Updates of a sentence encoder after its pretraining. */
  readonly sentenceSteps: number;
  /** Pairs of glosses whose similarity is compared. */
  readonly pairs: number;
  /** Updates that are timed. */
  readonly timedSteps: number;
  /** Sentences that are encoded and embedded, and that memory is watched over. */
  readonly encodedTexts: number;
  readonly embeddedTexts: number;
  readonly watchedTexts: number;
  /** Glosses that word vectors are learnt of. */
  readonly wordTexts: number;
}

/** `small` takes minutes a run on two cores, `tiny` seconds: it only shows that a run works. */
export const textBudgets = {
  small: {
    trainTexts: 120_000,
    heldOutTexts: 2000,
    testTexts: 5000,
    vocabSize: 8192,
    layers: 3,
    width: 128,
    heads: 4,
    steps: 2000,
    tokensPerBatch: 4096,
    peerSteps: 600,
    fineTuneSteps: 400,
    sentenceSteps: 600,
    pairs: 3000,
    timedSteps: 60,
    encodedTexts: 50_000,
    embeddedTexts: 10_000,
    watchedTexts: 100_000,
    wordTexts: 120_000,
  },
  tiny: {
    trainTexts: 3000,
    heldOutTexts: 128,
    testTexts: 128,
    vocabSize: 1000,
    layers: 2,
    width: 32,
    heads: 2,
    steps: 20,
    tokensPerBatch: 512,
    peerSteps: 12,
    fineTuneSteps: 10,
    sentenceSteps: 10,
    pairs: 200,
    timedSteps: 8,
    encodedTexts: 1000,
    embeddedTexts: 300,
    watchedTexts: 3000,
    wordTexts: 4000,
  },
} as const satisfies Record<string, TextBudget>;

/** Name of a budget. */
export type BudgetName = keyof typeof textBudgets;
