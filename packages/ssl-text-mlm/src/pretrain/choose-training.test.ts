import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { buildTokenStore } from '../store/build-token-store.js';
import type { TokenStore } from '../store/token-store.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import { chooseTraining, type ChosenTraining, type TextTrainingOptions } from './choose-training.js';
import { chooseVocabulary } from './choose-vocabulary.js';
import { heldOutEvery } from './text-facts.js';

const tokenizer = await trainWordPiece({ lines: ['a b c'], vocabSize: 60 });
const folder = mkdtempSync(join(tmpdir(), 'choose-training-'));
const stores = new Map<string, TokenStore>();
afterAll(async () => {
  for (const store of stores.values()) await store.close();
  rmSync(folder, { recursive: true });
});

/** The choices for so many texts of so many tokens. */
async function chosen(
  texts: number,
  tokens: number,
  given: TextTrainingOptions = {},
  cores = 2,
): Promise<ChosenTraining> {
  const name = `${texts}-${tokens}`;
  const text = 'a '.repeat(tokens);
  const data = function* (): Generator<string> {
    for (let index = 0; index < texts; index++) yield text;
  };
  const train =
    stores.get(name) ?? (await buildTokenStore({ path: join(folder, name), data, tokenizer, progress: 'silent' }));
  stores.set(name, train);
  return chooseTraining({ tokenizer, train, heldOut: undefined }, given, cores);
}

it('chooses as the demo does for texts as the glosses', async () => {
  const { training, stepsPerEpoch } = await chosen(100_000, 28);
  expect(training).toEqual({
    model: 'bert',
    objective: 'masked-language-modelling',
    sequences: 'texts',
    maxLength: 32,
    hiddenSize: 128,
    numHiddenLayers: 3,
    numAttentionHeads: 4,
    intermediateSize: 512,
    dropout: 0,
    batchSize: 128,
    epochs: 3,
    learningRate: 1.5e-3,
    weightDecay: 0.01,
    maskProbability: 0.15,
    bucketLengths: [16, 24, 32],
  });
  expect(stepsPerEpoch).toBe(781);
});

it('takes small batches and many epochs of few texts, and splits long ones', async () => {
  const { training, train, reasons } = await chosen(10, 1000);
  // 1000 tokens are eight pieces of at most 126.
  expect([training.maxLength, train.length, training.batchSize, training.epochs]).toEqual([128, 80, 8, 50]);
  expect([training.dropout, training.learningRate]).toEqual([0.1, 7.5e-4]);
  expect(reasons['dropout']).toBe('the same texts come 50 times');
  expect((await chosen(10, 1000, { dropout: 0.3 })).reasons['dropout']).toBeUndefined();
});

it('takes a wider model of many tokens, where there are cores for it', async () => {
  const wide = async (cores: number): Promise<number> => (await chosen(50_000, 126, {}, cores)).training.hiddenSize;
  expect([await wide(1), await wide(2), await wide(4), await wide(64)]).toEqual([128, 128, 256, 256]);
  const { training } = await chosen(50_000, 126, {}, 8);
  expect([training.learningRate, training.intermediateSize, training.batchSize]).toEqual([7.5e-4, 1024, 32]);
  const heads: number[] = [];
  for (const hiddenSize of [8, 32, 96, 100, 101])
    heads.push((await chosen(10, 20, { hiddenSize })).training.numAttentionHeads);
  expect(heads).toEqual([1, 1, 3, 2, 1]);
}, 60_000);

it('packs the texts of a ModernBERT, and has an ELECTRA tell replaced tokens', async () => {
  const packed = await chosen(100, 10, { model: 'modernbert', maxLength: 36, batchSize: 4 });
  // Three texts of twelve tokens in each row.
  expect([packed.training.sequences, packed.stepsPerEpoch, packed.training.bucketLengths]).toEqual(['packed', 9, [36]]);
  expect(packed.training.intermediateSize).toBe(352);
  const blocks = await chosen(100, 10, { sequences: 'blocks', maxLength: 12, batchSize: 10 });
  // 1,100 ids with the one after each text, eleven to a block.
  expect([blocks.train.length, blocks.stepsPerEpoch]).toEqual([100, 10]);
  expect((await chosen(100, 10, { model: 'electra' })).training.objective).toBe('replaced-token-detection');
});

it('holds out some of every corpus but the smallest', () => {
  expect([9, 10, 100, 500, 2500, 10_000, 117_174].map(heldOutEvery)).toEqual([Infinity, 10, 10, 10, 50, 50, 234]);
});

it('makes a vocabulary by the corpus, with room for its characters', () => {
  const words = new Map([['word', 10]]);
  const sizes = [1e3, 3e6, 9e6, 1e10].map((characters) => chooseVocabulary(words, characters).vocabSize);
  expect(sizes).toEqual([1024, 4096, 8192, 32_768]);
  const han = new Map(Array.from({ length: 3000 }, (_, index) => [String.fromCodePoint(0x4e00 + index), 3]));
  expect(chooseVocabulary(han, 1e5)).toEqual({ alphabetLimit: 3000, vocabSize: 9005 });
});
