import { expect, it } from 'vitest';
import { TokenSequences } from '../data/token-sequences.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import { chooseTraining, type TextTrainingOptions } from './choose-training.js';
import { chooseVocabulary } from './choose-vocabulary.js';
import { heldOutEvery } from './text-facts.js';

const tokenizer = await trainWordPiece({ lines: ['a b c'], vocabSize: 60 });
const id = tokenizer.tokenToId('a')!;
const facts = { texts: 1, characters: 1, sha256: '' };

/** The choices for so many texts of so many tokens. */
function chosen(texts: number, tokens: number, given: TextTrainingOptions = {}, cores = 2) {
  const train = new TokenSequences();
  const text = new Int32Array(tokens).fill(id);
  for (let index = 0; index < texts; index++) train.push(text);
  const prepared = { facts, tokenizer, heldOutEvery: Infinity, train, heldOut: new TokenSequences() };
  return chooseTraining(prepared, given, cores);
}

it('chooses as the demo does for texts as the glosses', () => {
  const { training, stepsPerEpoch } = chosen(100_000, 28);
  expect(training).toEqual({
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

it('takes small batches and many epochs of few texts, and splits long ones', () => {
  const { training, train, reasons } = chosen(10, 1000);
  // 1000 tokens are eight pieces of at most 126.
  expect([training.maxLength, train.length, training.batchSize, training.epochs]).toEqual([128, 80, 8, 50]);
  expect([training.dropout, training.learningRate]).toEqual([0.1, 7.5e-4]);
  expect(reasons['dropout']).toBe('the same texts come 50 times');
  expect(chosen(10, 1000, { dropout: 0.3 }).reasons['dropout']).toBeUndefined();
});

it('takes a wider model of many tokens, where there are cores for it', () => {
  const wide = (cores: number): number => chosen(50_000, 126, {}, cores).training.hiddenSize;
  expect([wide(1), wide(2), wide(4), wide(64)]).toEqual([128, 128, 256, 256]);
  const { training } = chosen(50_000, 126, {}, 8);
  expect([training.learningRate, training.intermediateSize, training.batchSize]).toEqual([7.5e-4, 1024, 32]);
  const heads = [8, 32, 96, 100, 101].map((hiddenSize) => chosen(10, 20, { hiddenSize }).training.numAttentionHeads);
  expect(heads).toEqual([1, 1, 3, 2, 1]);
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
