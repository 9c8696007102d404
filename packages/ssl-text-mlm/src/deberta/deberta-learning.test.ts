import '@tensorflow/tfjs-backend-cpu';
import { AdamW, Trainer, warmupCosine } from '@selfsup/ssl-train';
import { randomKey, RandomStream } from '@selfsup/ssl-tensor';
import { expect, it } from 'vitest';
import { MlmLoader } from '../data/mlm-loader.js';
import { TokenDataset } from '../data/token-dataset.js';
import { evaluateMaskedLm } from '../evaluation/masked-lm-evaluator.js';
import { MaskedLanguageModelling } from '../methods/masked-language-modelling.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import { debertaV2Config } from './deberta-v2-config.js';
import { DebertaV2ForMaskedLM } from './deberta-v2-for-masked-lm.js';

const days = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
  'holiday',
  'workday',
  'payday',
];

/** Days in their order from any of them on: what is masked follows from a neighbour and on which side it stands. */
function lines(count: number, seed: number): string[] {
  const random = new RandomStream(randomKey(seed));
  return Array.from({ length: count }, () => {
    const first = random.integer(days.length);
    return Array.from({ length: 4 }, (_, index) => days[(first + index) % days.length]).join(' ');
  });
}

it.each([false, true])(
  'learns the order of words by relative positions, enhanced decoder: %s',
  async (enhancedMaskDecoder) => {
    const tokenizer = await trainWordPiece({ lines: lines(200, 1), vocabSize: 200 });
    const sets = [lines(400, 2), lines(100, 3)].map((texts) =>
      TokenDataset.fromTexts(tokenizer, texts, { maxLength: 8 }),
    );
    const [dataset, held] = sets as [TokenDataset, TokenDataset];
    const config = debertaV2Config({
      vocabSize: tokenizer.vocabSize,
      hiddenSize: 32,
      numHiddenLayers: 2,
      numAttentionHeads: 2,
      intermediateSize: 64,
      maxPositionEmbeddings: 8,
      positionBuckets: 4,
      hiddenDropout: 0.05,
      attentionDropout: 0.05,
    });
    const model = new DebertaV2ForMaskedLM(config, { key: randomKey(4), enhancedMaskDecoder });
    const method = new MaskedLanguageModelling(model);
    const loader = new MlmLoader({
      dataset,
      tokenizer,
      batchSize: 50,
      key: randomKey(5),
      masking: { maskProbability: 0.2 },
    });
    const heldLoader = new MlmLoader({
      dataset: held,
      tokenizer,
      batchSize: 50,
      key: randomKey(6),
      mode: 'evaluation',
    });
    const before = await evaluateMaskedLm(model, heldLoader);
    const steps = 200;
    const optimizer = new AdamW([{ parameters: method.trainable() }]);
    const schedule = warmupCosine({ base: 1e-2, warmupSteps: 10, totalSteps: steps });
    await new Trainer({ method, loader, optimizer, schedule, steps, seed: 0, progress: 'silent' }).fit();
    const after = await evaluateMaskedLm(model, heldLoader);
    // Each word is as frequent as any other: by itself a guess costs log(10) = 2.3 nats.
    const unigram = Math.log(days.length);
    expect(before.loss).toBeGreaterThan(unigram);
    expect(after.loss).toBeLessThan(0.5 * unigram);
    expect(after.accuracy).toBeGreaterThan(0.5);
  },
  120_000,
);
