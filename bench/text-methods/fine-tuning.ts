import { foldIn, type RandomKey, randomKey } from '@selfsup/ssl-core';
import type { StateDict } from '@selfsup/ssl-nn';
import {
  ClassificationLoader,
  SequenceClassification,
  SequenceClassifierEvaluator,
  TextForSequenceClassification,
  TokenDataset,
} from '@selfsup/ssl-text-mlm';
import { warmupCosine } from '@selfsup/ssl-train';
import { drawRows } from '../../apps/benchmark/src/stages/text/classify-stage.js';
import type { LabelledText } from '../../apps/benchmark/src/stages/text/gloss-splits.js';
import type { CorpusName } from '../texts/corpora.js';
import { type TextData, textData } from './data-of.js';
import { families } from './encoders.js';
import type { EncoderName } from './kinds.js';
import { pretrained } from './pretrained.js';
import type { Figures, TextJob } from './rows.js';
import { train } from './train.js';

/**
 * How a classifier learns, whichever way it starts. The slow second moment is for words that come once in many batches, which
 * pretraining's would have forgotten between.
 */
const fineTuning = { learningRate: 1e-3, batchSize: 32, dropout: 0, betas: [0.9, 0.999] } as const;

/** Labels of each class by the number that is told of them: 16 of mail are 8 of each kind. */
const labelCounts = {
  glosses: { 20: 20, 100: 100 },
  mail: { 16: 8, 64: 32, 256: 128 },
} as const;

/** Accuracies with few labels, of the pretrained encoder and of the same from scratch. */
export async function fineTuned({ variant, seed, budget, threads }: TextJob): Promise<Figures> {
  const [corpus, name] = variant.split(', ') as [keyof typeof labelCounts & CorpusName, EncoderName];
  const data = await textData(corpus, budget);
  // Seeds are of the labels; the encoder is the same.
  const { state } = await pretrained(name, data, 0, threads);
  const figures: Record<string, number> = {};
  for (const [told, perClass] of Object.entries(labelCounts[corpus])) {
    const key = keyOfDraw(seed, corpus, perClass);
    const one = (start?: StateDict): Promise<number> => accuracyOf({ data, name, start, perClass, key, threads });
    const [own, scratch] = [await one(state), await one()];
    Object.assign(figures, {
      [`pretrained${told}`]: own,
      [`scratch${told}`]: scratch,
      [`gain${told}`]: own - scratch,
    });
  }
  return figures;
}

/** Of a draw of labels and all that follows from it. */
export const keyOfDraw = (seed: number, corpus: CorpusName, perClass: number): RandomKey =>
  foldIn(foldIn(randomKey(seed), corpus), perClass);

interface Classifier {
  readonly data: TextData;
  readonly name: EncoderName;
  /** Weights of the pretrained encoder; without, it starts from scratch. */
  readonly start?: StateDict | undefined;
  readonly perClass: number;
  readonly key: RandomKey;
  readonly threads: number;
}

/** Accuracy on the test after fine-tuning with few labels. */
export async function accuracyOf({ data, name, start, perClass, key, threads }: Classifier): Promise<number> {
  const { budget, texts, tokenizer, bucketLengths } = data;
  const { pool, test, classes } = texts.labelled!;
  const { learningRate, batchSize, dropout, betas } = fineTuning;
  const encoder = families[name].encoder(data, foldIn(key, 'encoder'), dropout);
  const model = new TextForSequenceClassification(encoder, {
    key: foldIn(key, 'head'),
    numLabels: classes,
    pooling: 'mean',
  });
  if (start !== undefined) model.loadEncoder(start);
  const rows = drawRows(
    Int32Array.from(pool, ({ label }) => label),
    perClass,
    foldIn(key, 'labels'),
  );
  const encoded = (labelled: readonly LabelledText[]): TokenDataset =>
    TokenDataset.fromTexts(
      tokenizer,
      labelled.map(({ text }) => text),
      { maxLength: texts.maxLength, labels: labelled.map(({ label }) => label) },
    );
  const dataset = encoded(Array.from(rows, (row) => pool[row]!));
  const shared = { padId: tokenizer.specialIds.pad, bucketLengths, key: foldIn(key, 'batches'), classes };
  const method = new SequenceClassification(model);
  const steps = budget.fineTuneSteps;
  await train(
    method,
    new ClassificationLoader({ dataset, batchSize: Math.min(batchSize, dataset.length), ...shared }),
    {
      steps,
      schedule: warmupCosine({ base: learningRate, warmupSteps: Math.floor(steps / 10), totalSteps: steps }),
      seed: key[0],
      threads,
      betas,
    },
  );
  const evaluator = new SequenceClassifierEvaluator(model, { threads });
  const { accuracy } = await evaluator.evaluate(
    new ClassificationLoader({ dataset: encoded(test), batchSize: 128, mode: 'evaluation', ...shared }),
  );
  evaluator.dispose();
  model.dispose();
  return accuracy;
}
