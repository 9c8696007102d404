import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomKey } from '@selfsup/ssl-core';
import { loadRuntime, type Tensor as RuntimeTensor } from '@selfsup/ssl-runtime';
import {
  BertForSequenceClassification,
  bertConfig,
  BertForMaskedLM,
  debertaV2Config,
  DebertaV2ForMaskedLM,
  exportPipeline,
  loadTokenizer,
  type MaskedLmModel,
  modernBertConfig,
  ModernBertForMaskedLM,
  robertaConfig,
  RobertaForMaskedLM,
  trainWordPiece,
} from '@selfsup/ssl-text-mlm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, it } from 'vitest';

const { InferenceSession, Tensor } = loadRuntime();
const lines = ['a cat eats fish', 'a dog chews a bone', 'birds pick seeds', 'fish'];
const maxLength = 20;
const tokenizer = await trainWordPiece({ lines, vocabSize: 90 });
const { vocabSize } = tokenizer;
const sizes = { vocabSize, hiddenSize: 8, numHiddenLayers: 2, numAttentionHeads: 2, intermediateSize: 16 };
const own = { ...sizes, maxPositionEmbeddings: maxLength, initializerRange: 0.3 };
const key = randomKey(3);
const pad = tokenizer.specialIds.pad;
const folder = mkdtempSync(join(tmpdir(), 'ssl-pipeline-'));
afterAll(() => rmSync(folder, { recursive: true }));

const int64 = ({ data, shape }: { readonly data: Int32Array; readonly shape: readonly number[] }): RuntimeTensor =>
  new Tensor('int64', BigInt64Array.from(data, BigInt), shape);

/** As transformers.js computes a batch: padded to its longest text. */
async function run(path: string, texts: readonly string[]): Promise<readonly [string, RuntimeTensor][]> {
  const session = await InferenceSession.create(readFileSync(join(path, 'onnx/model.onnx')), { logSeverityLevel: 3 });
  const { inputIds, attentionMask } = (await loadTokenizer(path)).encodeBatch(texts);
  const outputs = await session.run({ input_ids: int64(inputIds), attention_mask: int64(attentionMask) });
  await session.release();
  return Object.entries(outputs);
}

const alone = (text: string): { inputIds: tf.Tensor } => {
  const ids = tokenizer.encode(text);
  return { inputIds: tf.tensor2d(ids, [1, ids.length], 'int32') };
};

const families: readonly (readonly [string, MaskedLmModel])[] = [
  ['bert', new BertForMaskedLM(bertConfig(own), { key })],
  [
    'roberta',
    new RobertaForMaskedLM(robertaConfig({ ...own, maxPositionEmbeddings: maxLength + pad + 1, padTokenId: pad }), {
      key,
    }),
  ],
  ['deberta-v2', new DebertaV2ForMaskedLM(debertaV2Config({ ...own, positionBuckets: 4 }), { key })],
  ['modernbert', new ModernBertForMaskedLM(modernBertConfig({ ...own, localAttention: 4 }), { key })],
];

it.each(families)('%s: texts of any length up to the longest, alone and in batches', async (name, model) => {
  for (const task of ['feature-extraction', 'fill-mask'] as const) {
    const path = join(folder, `${name}-${task}`);
    const isFill = task === 'fill-mask';
    await exportPipeline({ folder: path, task, model: isFill ? model : model.encoder, tokenizer, maxLength });
    expect(readdirSync(path).toSorted()).toEqual(['config.json', 'onnx', 'tokenizer.json', 'tokenizer_config.json']);
    expect(JSON.parse(readFileSync(join(path, 'config.json'), 'utf8'))).toMatchObject({ model_type: name });
    const width = isFill ? vocabSize : 8;
    for (const texts of [lines, lines.slice(0, 1), ['fish']]) {
      const [[output, { data, dims }]] = (await run(path, texts)) as [[string, RuntimeTensor]];
      const longest = Math.max(...texts.map((text) => tokenizer.encode(text).length));
      expect([output, [...dims]]).toEqual([isFill ? 'logits' : 'last_hidden_state', [texts.length, longest, width]]);
      for (const [row, text] of texts.entries()) {
        const expected = tf.tidy(() =>
          (isFill ? model.forward(alone(text)) : model.encoder.forward(alone(text))).dataSync(),
        );
        const start = row * longest * width;
        expected.forEach((value, at) => expect(data[start + at]).toBeCloseTo(value, 4));
      }
    }
  }
});

it('a classifier has the names of its classes', async () => {
  const model = new BertForSequenceClassification(bertConfig(own), { key, numLabels: 3 });
  const path = join(folder, 'classes');
  const labels = ['cats', 'dogs', 'birds'];
  await exportPipeline({ folder: path, task: 'text-classification', model, tokenizer, labels });
  const config = JSON.parse(readFileSync(join(path, 'config.json'), 'utf8')) as Record<string, unknown>;
  expect(config).toMatchObject({ id2label: { 0: 'cats', 2: 'birds' }, label2id: { dogs: 1 } });
  expect(config['architectures']).toEqual(['BertForSequenceClassification']);
  const [[, { data, dims }]] = (await run(path, lines)) as [[string, RuntimeTensor]];
  expect([...dims]).toEqual([4, 3]);
  lines.forEach((text, row) => {
    const expected = tf.tidy(() => model.forward(alone(text)).dataSync());
    expected.forEach((value, at) => expect(data[row * 3 + at]).toBeCloseTo(value, 4));
  });
  model.dispose();
});

it('refuses what does not fit the task, and writes nothing', async () => {
  const [, model] = families[0]!;
  const path = join(folder, 'refused');
  const given = { folder: path, task: 'fill-mask', model, tokenizer } as const;
  for (const [options, message] of [
    [{ ...given, task: 'translation' as never }, /task must be 'feature-extraction' or 'fill-mask'/],
    [{ ...given, model: model.encoder }, /a masked language model, such as a BertForMaskedLM/],
    [{ ...given, task: 'text-classification' }, /a classifier of sequences/],
    [{ ...given, task: 'feature-extraction' }, /an encoder of texts/],
    [{ ...given, maxLength: 21 }, /maxLength must be an integer in \[3, 20\]/],
    [{ ...given, labels: ['a'] }, /labels must be left out but for task/],
    [{ ...given, tokenizer: await trainWordPiece({ lines, vocabSize: 40 }) }, /vocabulary has \d+ tokens/],
  ] as const)
    await expect(exportPipeline(options)).rejects.toThrow(message);
  expect(() => readdirSync(path)).toThrow('ENOENT');
});
