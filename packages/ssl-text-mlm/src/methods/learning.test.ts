import '@tensorflow/tfjs-backend-cpu';
import { AdamW, NonFiniteLossError, Trainer, warmupCosine } from '@selfsup/ssl-train';
import { foldIn, InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { beforeAll, describe, expect, it } from 'vitest';
import { bertConfig } from '../bert/bert-config.js';
import { BertForMaskedLM } from '../bert/bert-for-masked-lm.js';
import { BertForSequenceClassification } from '../bert/bert-for-sequence-classification.js';
import { ClassificationLoader } from '../data/classification-loader.js';
import { MlmLoader } from '../data/mlm-loader.js';
import { TokenDataset } from '../data/token-dataset.js';
import { evaluateSequenceClassifier } from '../evaluation/classifier-evaluator.js';
import { fillMask } from '../evaluation/fill-mask.js';
import { evaluateMaskedLm, MaskedLmEvaluator } from '../evaluation/masked-lm-evaluator.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import type { WordPieceTokenizer } from '../tokenizer/word-piece-tokenizer.js';
import { MaskedLanguageModelling } from './masked-language-modelling.js';
import { SequenceClassification } from './sequence-classification.js';

/** Who does what with what: of the words of a sentence, each but one can be told from the others. */
const actors = [
  ['cat', 'eats', 'fish'],
  ['dog', 'chews', 'bone'],
  ['bird', 'picks', 'seed'],
  ['horse', 'crops', 'grass'],
] as const;
const stream = new RandomStream(randomKey(5));
const sentences = Array.from({ length: 512 }, () => {
  const label = stream.integer(actors.length);
  const [who, does, what] = actors[label]!;
  return {
    label,
    text: stream.bernoulli(0.5) ? `${who} ${does} ${what} and ${who} ${does} more` : `${what} is what ${who} ${does}`,
  };
});

let tokenizer: WordPieceTokenizer;
let dataset: TokenDataset;
let heldOut: TokenDataset;
let model: BertForMaskedLM;

beforeAll(async () => {
  tokenizer = await trainWordPiece({ lines: sentences.map(({ text }) => text), vocabSize: 100 });
  const all = TokenDataset.fromTexts(
    tokenizer,
    sentences.map(({ text }) => text),
    { maxLength: 12, labels: sentences.map(({ label }) => label) },
  );
  ({ train: dataset, heldOut } = all.split(128, randomKey(6)));
  const config = bertConfig({
    vocabSize: tokenizer.vocabSize,
    hiddenSize: 32,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    intermediateSize: 64,
    maxPositionEmbeddings: 12,
    hiddenDropout: 0,
    attentionDropout: 0,
  });
  model = new BertForMaskedLM(config, { key: randomKey(7) });
});

const trainer = (steps: number, rate: number) => ({
  steps,
  seed: 1,
  schedule: warmupCosine({ base: rate, warmupSteps: 10, totalSteps: steps }),
  progress: 'silent' as const,
});

describe('masked-language modelling learns', () => {
  it('beats the most frequent token on held-out text, and fills the mask', async () => {
    const loader = new MlmLoader({ dataset, tokenizer, batchSize: 64, key: randomKey(8), bucketLengths: [8, 12] });
    const evaluation = new MlmLoader({
      dataset: heldOut,
      tokenizer,
      batchSize: 32,
      key: randomKey(9),
      bucketLengths: [8, 12],
      mode: 'evaluation',
    });
    const counts = new Map<number, number>();
    let total = 0;
    for await (const batch of evaluation.epoch(0)) {
      batch.maskedLabels.data.forEach((label, index) => {
        if (batch.maskedWeights.data[index] === 0) return;
        total++;
        counts.set(label, (counts.get(label) ?? 0) + 1);
      });
    }
    const unigram = Math.max(...counts.values()) / total;

    const before = await evaluateMaskedLm(model, evaluation);
    expect(before.count).toBe(total);
    expect(Math.abs(before.loss - Math.log(tokenizer.vocabSize))).toBeLessThan(0.2);
    const method = new MaskedLanguageModelling(model);
    const result = await new Trainer({
      method,
      loader,
      optimizer: new AdamW([{ parameters: method.trainable() }]),
      ...trainer(400, 1e-2),
    }).fit();
    const after = await evaluateMaskedLm(model, evaluation);
    expect(unigram).toBeLessThan(0.35);
    expect(after.accuracy).toBeGreaterThan(unigram + 0.4);
    expect(after.loss).toBeLessThan(before.loss / 3);
    expect(result.steps).toBe(400);

    const [filled] = await fillMask(model, tokenizer, 'horse crops [MASK] and horse crops more', 3);
    expect(filled!.position).toBe(3);
    expect(filled!.candidates.map(({ token }) => token)[0]).toBe('grass');
    expect(filled!.candidates[0]!.probability).toBeGreaterThan(filled!.candidates[1]!.probability);
    await expect(fillMask(model, tokenizer, 'no mask')).rejects.toThrow(InvalidOptionError);
  });

  it('stops where a batch has nothing to learn from', async () => {
    const method = new MaskedLanguageModelling(new BertForMaskedLM(model.config, { key: randomKey(1) }));
    const loader = new MlmLoader({ dataset, tokenizer, batchSize: 4, key: randomKey(8) });
    const empty = {
      batchesPerEpoch: 1,
      close: async () => {},
      epoch: async function* () {
        for await (const batch of loader.epoch(0, loader.batchesPerEpoch - 1))
          yield { ...batch, maskedWeights: { ...batch.maskedWeights, data: batch.maskedWeights.data.map(() => 0) } };
      },
    };
    const optimizer = new AdamW([{ parameters: method.trainable() }]);
    const run = new Trainer({
      method,
      loader: empty,
      optimizer,
      steps: 1,
      seed: 0,
      schedule: () => 0,
      progress: 'silent',
    });
    await expect(run.fit()).rejects.toThrow(NonFiniteLossError);
    await expect(new MaskedLmEvaluator(model).evaluate(empty)).rejects.toThrow('there is nothing to evaluate');
  });

  it('is a start for classification', async () => {
    const classifier = new BertForSequenceClassification(model.config, { key: randomKey(10), numLabels: 4 });
    classifier.loadEncoder(model.stateDict());
    const options = { padId: tokenizer.specialIds.pad, batchSize: 16, key: foldIn(randomKey(11), 'batches') };
    const evaluation = new ClassificationLoader({ dataset: heldOut, mode: 'evaluation', ...options });
    const before = await evaluateSequenceClassifier(classifier, evaluation);
    const method = new SequenceClassification(classifier);
    const loader = new ClassificationLoader({
      dataset: dataset.subset(Array.from({ length: 64 }, (_, index) => index)),
      ...options,
    });
    await new Trainer({
      method,
      loader,
      optimizer: new AdamW([{ parameters: method.trainable() }]),
      ...trainer(60, 5e-3),
    }).fit();
    const after = await evaluateSequenceClassifier(classifier, evaluation);
    expect(before.accuracy).toBeLessThan(0.6);
    expect(after.accuracy).toBeGreaterThan(0.9);
    expect(after.count).toBe(heldOut.length);
  });

  it('refuses to evaluate labels beyond its classes', async () => {
    const classifier = new BertForSequenceClassification(model.config, { key: randomKey(10), numLabels: 3 });
    const loader = new ClassificationLoader({
      dataset,
      padId: 0,
      batchSize: 16,
      key: randomKey(1),
      mode: 'evaluation',
    });
    await expect(evaluateSequenceClassifier(classifier, loader)).rejects.toThrow(
      "the loader has labels up to 3, the model's classes are 0 .. 2",
    );
    // Trained on, they stop the run.
    const method = new SequenceClassification(classifier);
    const optimizer = new AdamW([{ parameters: method.trainable() }]);
    const run = new Trainer({ method, loader, optimizer, steps: 1, seed: 0, schedule: () => 0, progress: 'silent' });
    await expect(run.fit()).rejects.toThrow(NonFiniteLossError);
  });
});
