import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadSafetensors, saveSafetensors } from '@selfsup/ssl-nn';
import { CheckpointError, InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bertConfig } from '../bert/bert-config.js';
import { bertConfigToJson, loadBertConfig } from '../bert/bert-config-json.js';
import { BertForMaskedLM } from '../bert/bert-for-masked-lm.js';
import { meanPool } from '../bert/mean-pool.js';
import { fillMask } from '../evaluation/fill-mask.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import { WordPieceTokenizer } from '../tokenizer/word-piece-tokenizer.js';
import { loadTextEncoder } from './load-text-encoder.js';
import { type LoadedTextEncoder, textEncoderMetadata } from './loaded-text-encoder.js';
import { descriptionEntry, type TextEncoderDescription, tokenizerEntry } from './text-encoder-description.js';

const maxLength = 24;
const lines = ['a cat eats fish', 'a dog chews a bone', 'birds pick seeds in the garden'];
const specialTokens = { pad: '<pad>', unk: '<unk>', cls: '<s>', sep: '</s>', mask: '<mask>' };
const tokenizer = await trainWordPiece({ lines, vocabSize: 90, specialTokens });
const config = bertConfig({
  vocabSize: tokenizer.vocabSize,
  hiddenSize: 8,
  numHiddenLayers: 2,
  numAttentionHeads: 2,
  intermediateSize: 16,
  maxPositionEmbeddings: maxLength,
  initializerRange: 0.3,
  hiddenDropout: 0.5,
});
const model = new BertForMaskedLM(config, { key: randomKey(3) });
const description: TextEncoderDescription = {
  format: 1,
  config: bertConfigToJson(config, 'BertForMaskedLM') as never,
  specialTokens,
  maxLength,
  pooling: 'mean',
  method: { name: 'masked-language-modelling', settings: {} },
  training: { steps: 7 },
  versions: { node: 'v20' },
};
const metadata = textEncoderMetadata(description, tokenizer);
const folder = mkdtempSync(join(tmpdir(), 'text-encoder-'));
const file = join(folder, 'encoder.safetensors');
let encoder: LoadedTextEncoder;
beforeAll(async () => {
  await saveSafetensors(file, model.stateDict(), metadata);
  encoder = await loadTextEncoder(folder);
});
afterAll(() => {
  encoder.dispose();
  rmSync(folder, { recursive: true });
});

/** One text, alone, eagerly and without padding. */
function alone(text: string): Float32Array {
  const ids = tokenizer.encode(text, { maxLength });
  return tf.tidy(() =>
    meanPool(model.bert.forward({ inputIds: tf.tensor2d(ids, [1, ids.length], 'int32') })).dataSync(),
  ) as Float32Array;
}

async function* stream(texts: readonly string[]): AsyncGenerator<string> {
  yield* texts;
}

describe('embed', () => {
  // More than a chunk, every length up to beyond the longest, in no order; an empty one among them.
  const words = lines.join(' ').split(' ');
  const texts = Array.from({ length: 1100 }, (_, i) => words.slice(0, (i * 7) % 40).join(' '));

  it('gives the mean over the tokens of each text, in the order given, whatever they come in', async () => {
    const { data, shape } = await encoder.embed(texts);
    expect(shape).toEqual([1100, 8]);
    for (const index of [0, 1, 2, 3, 4, 500, 1023, 1024, 1099]) {
      const expected = alone(texts[index]!);
      for (let at = 0; at < 8; at++) expect(data[8 * index + at]).toBeCloseTo(expected[at]!, 5);
    }
    expect((await encoder.embed(stream(texts))).data).toEqual(data);
    const one = await encoder.embed(texts[5]!);
    expect(one.shape).toEqual([1, 8]);
    one.data.forEach((value, at) => expect(value).toBeCloseTo(data[40 + at]!, 5));
    expect(await encoder.embed([])).toEqual({ data: new Float32Array(0), shape: [0, 8] });
    // Of an empty text: [CLS] and [SEP].
    expect(Math.hypot(...data.subarray(0, 8))).toBeGreaterThan(0.1);
  });

  it('normalises', async () => {
    const { data } = await encoder.embed(texts.slice(0, 9), { normalize: true });
    const plain = (await encoder.embed(texts.slice(0, 9))).data;
    for (let row = 0; row < 9; row++) {
      const norm = Math.hypot(...plain.subarray(8 * row, 8 * row + 8));
      expect(Math.hypot(...data.subarray(8 * row, 8 * row + 8))).toBeCloseTo(1, 5);
      expect(data[8 * row]! * norm).toBeCloseTo(plain[8 * row]!, 5);
    }
  });

  it('refuses what is no text, and says which', async () => {
    for (const [given, message] of [
      [['a', 3], /texts\[1\] must be a text, got 3/],
      [undefined, /texts must be a text, an array of texts or an async iterable/],
      [stream(['a', 'b', null as never]), /texts\[2\] must be a text, got null/],
    ] as const) {
      const error: unknown = await encoder.embed(given as never).catch((reason: unknown) => reason);
      expect(InvalidOptionError.isInstance(error)).toBe(true);
      expect(String(error)).toMatch(message);
    }
  });
});

it('says so where it is used after it was disposed', async () => {
  const gone = await loadTextEncoder(folder);
  await gone.embed('a');
  gone.dispose();
  gone.dispose();
  for (const use of [
    () => gone.embed('a'),
    () => gone.fillMask('a <mask>'),
    () => gone.exportOnnx(join(folder, 'gone.onnx')),
    () => gone.exportForTransformers(join(folder, 'gone')),
  ])
    await expect(use()).rejects.toThrow(/encoder must be used before dispose\(\), got 'a disposed one'. Load it again/);
});

it('fills masks by its own tokens as the model does', async () => {
  const text = 'a cat eats <mask>';
  expect(await encoder.fillMask(text, 3)).toEqual(await fillMask(model, tokenizer, text, 3));
});

it('writes a folder of transformers, which this package reads too', async () => {
  const path = join(folder, 'transformers');
  await encoder.exportForTransformers(path);
  const read = await WordPieceTokenizer.fromFolder(path);
  expect(read.specialTokens).toEqual(specialTokens);
  expect(read.encode(lines[1]!)).toEqual(tokenizer.encode(lines[1]!));
  const again = new BertForMaskedLM((await loadBertConfig(join(path, 'config.json'))).config, { key: randomKey(9) });
  expect(again.loadStateDict((await loadSafetensors(join(path, 'model.safetensors'))).tensors).missing).toEqual([]);
  expect(again.stateDict()).toEqual(model.stateDict());
});

it('is refused where it is foreign, newer, damaged, hostile or gone, and says which', async () => {
  const other = join(folder, 'other.safetensors');
  const said = (changes: object): Record<string, string> => ({
    ...metadata,
    [descriptionEntry]: JSON.stringify({ ...description, ...changes }),
  });
  const configured = (changes: object): Record<string, string> =>
    said({ config: { ...description.config, ...changes } });
  const json = tokenizer.toJson();
  const vocabulary = json['model'] as object;
  const problems: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{}, /does not describe itself.*pretrainText/],
    [{ ...metadata, [descriptionEntry]: '{' }, /damaged description/],
    [{ ...metadata, [descriptionEntry]: '[]' }, /damaged description: the whole/],
    [said({ format: 2 }), /newer version.*Update @selfsup\/ssl-text-mlm/],
    [said({ pooling: 'max' }), /damaged description: pooling/],
    [said({ head: 'seq2seq' }), /damaged description: head/],
    [said({ specialTokens: { pad: 1 } }), /damaged description: specialTokens/],
    [said({ maxLength: 25 }), /says maxLength 25, its model has 24 positions/],
    [configured({ hidden_act: 'relu' }), /'hidden_act' must be/],
    [configured({ hidden_size: 4096 }), /says by its configuration that .*word_embeddings.* has \[\d+, 8\]/],
    [configured({ num_hidden_layers: 1000 }), /layer\.2\.intermediate.*does not have it/],
    [configured({ model_type: 'gpt2' }), /'model_type' must be one of/],
    [configured({ intermediate_size: 2 ** 20 }), /intermediate\.dense\.weight/],
    [configured({ hidden_size: 2 ** 30 }), /'hidden_size' must be at most/],
    [{ [descriptionEntry]: metadata[descriptionEntry]! }, /has no tokeniser/],
    [{ ...metadata, [tokenizerEntry]: 'x' }, /damaged tokeniser: not valid JSON/],
    [
      { ...metadata, [tokenizerEntry]: JSON.stringify({ ...json, model: { ...vocabulary, vocab: { a: 0 } } }) },
      /damaged tok/,
    ],
    [said({ specialTokens: { ...specialTokens, mask: '[MASK]' } }), /lacks the special token '\[MASK\]'/],
  ];
  for (const [entries, message] of problems) {
    await saveSafetensors(other, model.stateDict(), entries);
    const error: unknown = await loadTextEncoder(other).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(message);
    expect(CheckpointError.isInstance(error)).toBe(true);
    expect(String(error)).toContain(other);
  }
  writeFileSync(other, readFileSync(file));
  truncateSync(other, 3000);
  await expect(loadTextEncoder(other)).rejects.toThrow(other);
  await expect(loadTextEncoder(join(folder, 'nothing'))).rejects.toThrow('nothing');
  const state = model.stateDict();
  state.delete('cls.predictions.bias');
  await saveSafetensors(other, state, metadata);
  await expect(loadTextEncoder(other)).rejects.toThrow(/cls\.predictions/);
});
