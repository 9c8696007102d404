import '@tensorflow/tfjs-backend-cpu';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { CheckpointError, randomKey } from '@selfsup/ssl-tensor/host';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, it } from 'vitest';
import { BertTextEncoder } from '../bert/bert-text-encoder.js';
import { textConfigToJson } from '../models/text-families.js';
import { robertaConfig } from '../roberta/roberta-config.js';
import { RobertaModel } from '../roberta/roberta-model.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import { loadTextEncoder } from './load-text-encoder.js';

const texts = ['a cat eats fish', 'a dog chews a bone', 'birds pick seeds in the garden', ''];
const tokenizer = await trainWordPiece({ lines: texts, vocabSize: 90 });
const model = new RobertaModel(
  robertaConfig({
    // As published models have it: more rows than tokens.
    vocabSize: tokenizer.vocabSize + 9,
    hiddenSize: 8,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    intermediateSize: 16,
    maxPositionEmbeddings: 31,
    padTokenId: 0,
    initializerRange: 0.3,
  }),
  { key: randomKey(2) },
);
const root = mkdtempSync(join(tmpdir(), 'encoder-folder-'));
afterAll(() => rmSync(root, { recursive: true }));

const kinds = ['Transformer', 'Pooling', 'Normalize'] as const;
const modules = (...names: readonly string[]): object[] =>
  names.map((kind, idx) => ({
    idx,
    path: idx === 0 ? '' : `${idx}_${kind}`,
    type: `sentence_transformers.models.${kind}`,
  }));

/** A folder of the model, with further files. */
async function folderWith(name: string, files: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = join(root, name);
  const all = { 'config.json': textConfigToJson(model, 'Model'), ...files };
  for (const [file, value] of Object.entries(all)) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  }
  await saveSafetensors(join(folder, 'model.safetensors'), model.stateDict());
  await tokenizer.save(join(folder, 'tokenizer.json'));
  return folder;
}

function rowsOf(pooling: 'mean' | 'cls', maxLength: number): number[][] {
  return texts.map((text) =>
    tf.tidy(() => {
      const ids = tokenizer.encode(text, { maxLength });
      const encoder = new BertTextEncoder(model, { pooling });
      return [...encoder.forward({ inputIds: tf.tensor2d(ids, [1, ids.length], 'int32') }).dataSync()];
    }),
  );
}

it('reads pooling, normalisation and the longest text of sentence-transformers', async () => {
  for (const [name, files, pooling, normalize, maxLength] of [
    ['plain', {}, 'mean', false, 30],
    [
      'first',
      {
        'modules.json': modules('Transformer', 'Pooling'),
        '1_Pooling/config.json': { word_embedding_dimension: 8, pooling_mode_cls_token: true },
        'sentence_bert_config.json': { max_seq_length: 9, do_lower_case: false },
      },
      'cls',
      false,
      9,
    ],
    [
      'mean',
      {
        'modules.json': modules(...kinds),
        '1_Pooling/config.json': { pooling_mode_mean_tokens: true, pooling_mode_max_tokens: false },
        'sentence_bert_config.json': { max_seq_length: null },
      },
      'mean',
      true,
      30,
    ],
    [
      'newer',
      { 'modules.json': modules(...kinds), '1_Pooling/config.json': { pooling_mode: 'mean' } },
      'mean',
      true,
      30,
    ],
  ] as const) {
    const encoder = await loadTextEncoder(await folderWith(name, files));
    expect(encoder.description).toMatchObject({ pooling, normalize, maxLength, head: 'none' });
    const { data, shape } = await encoder.embed(texts);
    expect(shape).toEqual([4, 8]);
    const expected = rowsOf(pooling, maxLength).flatMap((row) => {
      const norm = normalize ? Math.hypot(...row) : 1;
      return row.map((value) => value / norm);
    });
    data.forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 5));
    // A call may say otherwise.
    const other = await encoder.embed(texts, { normalize: !normalize });
    expect(Math.abs(Math.hypot(...other.data.subarray(0, 8)) - 1) < 1e-5).toBe(!normalize);
    await expect(encoder.fillMask('a [MASK]')).rejects.toThrow(/a head that scores words/);
    encoder.dispose();
  }
});

it('refuses what is not computed here, naming file and reason', async () => {
  const pooling = { 'modules.json': modules(...kinds) };
  for (const [name, files, message] of [
    [
      'dense',
      { 'modules.json': modules('Transformer', 'Pooling', 'Dense') },
      /modules\.json.*got Transformer, Pooling, Dense/,
    ],
    ['no list', { 'modules.json': {} }, /modules\.json.*a list of modules/],
    ['no types', { 'modules.json': [{ path: '' }] }, /modules\.json.*'type' and the folder/],
    [
      'outside',
      { 'modules.json': [...modules('Transformer'), { path: '../../etc', type: 'x.Pooling' }] },
      /modules\.json.*'type' and the folder/,
    ],
    ['no pooling', pooling, /1_Pooling/],
    [
      'max',
      { ...pooling, '1_Pooling/config.json': { pooling_mode_max_tokens: true } },
      /one pooling mode.*got max_tokens/,
    ],
    [
      'both',
      { ...pooling, '1_Pooling/config.json': { pooling_mode_cls_token: true, pooling_mode_mean_tokens: true } },
      /got cls_token, mean_tokens/,
    ],
    [
      'length',
      {
        ...pooling,
        '1_Pooling/config.json': { pooling_mode: 'mean' },
        'sentence_bert_config.json': { max_seq_length: 'long' },
      },
      /'max_seq_length' must be an integer/,
    ],
    ['damaged', { 'modules.json': '{' }, /modules\.json: not valid JSON/],
    ['another family', { 'config.json': { model_type: 'gpt2' } }, /'model_type' must be one of/],
    [
      'another vocabulary',
      { 'config.json': textConfigToJson(model, 'Model', { vocab_size: 400 }) },
      /word_embeddings\.weight' is \[400, 8\]/,
    ],
  ] as const) {
    const folder = await folderWith(`refused ${name}`, files);
    const before = tf.memory().numTensors;
    const error: unknown = await loadTextEncoder(folder).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(message);
    expect(String(error)).toContain(`refused ${name}`);
    expect(name === 'no pooling' || CheckpointError.isInstance(error)).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
  }
});
