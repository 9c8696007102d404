import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { loadMaskedLm, loadTextModel } from '../models/load-text-model.js';

const golden = join(import.meta.dirname, '../../../../test/golden/text');
const { models } = JSON.parse(readFileSync(join(golden, 'modern-bert.json'), 'utf8')) as {
  readonly models: Readonly<
    Record<
      string,
      {
        readonly config: { readonly vocab_size: number };
        readonly shape: [number, number];
        readonly inputIds: number[];
        readonly attentionMask: number[];
        readonly positions: number[];
        readonly logits: number[];
      }
    >
  >;
};
const folder = mkdtempSync(join(tmpdir(), 'ssl-modern-bert-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  await tf.setBackend('cpu');
});

it.each(Object.entries(models))('a folder of transformers loads as every family does, %s', async (name, given) => {
  copyFileSync(join(golden, `modern-bert-${name}.safetensors`), join(folder, 'model.safetensors'));
  writeFileSync(join(folder, 'config.json'), JSON.stringify(given.config));
  const { model } = await loadMaskedLm(folder);
  const inputs = {
    inputIds: tf.tensor2d(given.inputIds, given.shape, 'int32'),
    attentionMask: tf.tensor2d(given.attentionMask, given.shape, 'int32'),
  };
  const scores = model.forward(inputs, tf.tensor1d(given.positions, 'int32'));
  const expected = { data: given.logits, shape: [given.positions.length, given.config.vocab_size] };
  expect(scores).toBeAllClose(expected, { rtol: 1e-4, atol: 1e-5 });
  const { model: encoder, ignored } = await loadTextModel(folder);
  expect(encoder.forward(inputs)).toBeAllClose(model.encoder.forward(inputs));
  expect(ignored.get('head.dense.weight')).toBe('not in the encoder');
  // Vectors in place of those of the words.
  const inputsEmbeds = encoder.wordEmbeddings!.forward(inputs.inputIds);
  expect(encoder.forward({ ...inputs, inputsEmbeds })).toBeAllClose(encoder.forward(inputs));
});
