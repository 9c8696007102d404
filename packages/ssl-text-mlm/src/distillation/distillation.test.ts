import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { randomKey } from '@selfsup/ssl-core';
import { twinOf } from '@selfsup/ssl-nn';
import type { MethodLoss, Tensors } from '@selfsup/ssl-train';
import { describe, expect, it } from 'vitest';
import { eagerly } from '../../../../test/conformance/entry.js';
import {
  differentiated,
  golden as texts,
  goldenConfig,
  goldenModel,
  goldenRows,
  trainingContext,
} from '../../../../test/golden/text/sentence.js';
import '../../../../test/support/to-be-all-close.js';
import { BertForMaskedLM } from '../bert/bert-for-masked-lm.js';
import { BertTextEncoder } from '../bert/bert-text-encoder.js';
import type { MlmBatch } from '../data/mlm-loader.js';
import { distilBertConfig } from '../distilbert/distilbert-config.js';
import { DistilBertForMaskedLM } from '../distilbert/distilbert-for-masked-lm.js';
import { modernBertConfig } from '../modern-bert/modern-bert-config.js';
import { ModernBertForMaskedLM } from '../modern-bert/modern-bert-for-masked-lm.js';
import type { SentenceBatch } from '../sentence/sentence-loader.js';
import { StaticEmbedding } from '../static/static-embedding.js';
import { MlmDistillation } from './mlm-distillation.js';
import { SentenceDistillation } from './sentence-distillation.js';

const key = randomKey(6);
const golden = JSON.parse(
  readFileSync(new URL('../../../../test/golden/text/distillation.json', import.meta.url), 'utf8'),
) as {
  readonly cases: Readonly<
    Record<
      string,
      { readonly loss: number; readonly parts: Record<string, number>; readonly gradients: Record<string, number[]> }
    >
  >;
};

/** The model of the goldens, all weights times 0.7. */
function student(): BertForMaskedLM {
  const model = goldenModel();
  for (const { variable } of new Set(model.namedParameters().values())) variable.assign(tf.mul(variable, 0.7));
  return model;
}
const sentences = eagerly(goldenRows(0)) as Tensors<SentenceBatch>;
const masked = eagerly({
  ...goldenRows(0),
  maskedPositions: { data: Int32Array.from([...texts.maskedPositions, 0]), shape: [6] },
  maskedLabels: { data: Int32Array.from([...texts.maskedLabels, 0]), shape: [6] },
  // The last place is unused.
  maskedWeights: { data: Float32Array.of(1, 1, 1, 1, 1, 0), shape: [6] },
}) as Tensors<MlmBatch>;

function expectGolden(name: string, modules: object, loss: () => MethodLoss): void {
  const wanted = golden.cases[name]!;
  const found = differentiated(modules as never, loss);
  expect(found.loss).toBeAllClose(wanted.loss, { rtol: 1e-5 });
  for (const [path, values] of Object.entries(wanted.gradients)) {
    const size = Math.max(...values.map(Math.abs));
    expect(size).toBeGreaterThan(1e-6);
    expect(found.gradients.get(`student.${path}`)!.data).toBeAllClose(values, { rtol: 1e-4, atol: 1e-4 * size });
  }
}

describe("MlmDistillation against DistilBERT's arithmetic in torch", () => {
  it('has its loss, parts and gradients', () => {
    const method = new MlmDistillation({ student: student(), teacher: goldenModel(), key });
    expectGolden('mlm', method.modules, () => method.loss(masked, trainingContext()));
    const { metrics } = method.loss(masked, trainingContext());
    for (const [name, value] of Object.entries(golden.cases['mlm']!.parts))
      expect(metrics![name]!.dataSync()[0]!).toBeAllClose(value, { rtol: 1e-4 });
  });

  it('brings a narrower student to the width of the teacher, which stays as it is', () => {
    const narrow = new BertForMaskedLM({ ...goldenConfig, hiddenSize: 16, numHiddenLayers: 1 }, { key });
    const teacher = goldenModel();
    const method = new MlmDistillation({ student: narrow, teacher, key });
    expect(method.trainable().get('projection.weight')!.variable.shape).toEqual([16, 32]);
    const { grads } = tf.variableGrads(() => method.loss(masked, trainingContext()).loss);
    for (const { variable } of teacher.namedParameters().values())
      expect(Math.max(...Array.from(grads[variable.name]?.dataSync() ?? [0], Math.abs))).toBe(0);
    expect([...method.trainable().keys()].every((name) => !name.startsWith('teacher'))).toBe(true);
    const other = new MlmDistillation({ student: narrow, teacher: student(), key });
    expect(other.settings['teacher']).not.toBe(method.settings['teacher']);
  });

  const { layerNormEps: _, typeVocabSize: __, classifierDropout: ___, ...sizes } = goldenConfig;
  const modernSizes = { vocabSize: 48, hiddenSize: 32, intermediateSize: 48, numAttentionHeads: 4, padTokenId: 0 };
  it.each([
    ['DistilBERT', new DistilBertForMaskedLM(distilBertConfig({ ...sizes, numHiddenLayers: 1 }), { key })],
    ['ModernBERT', new ModernBertForMaskedLM(modernBertConfig({ ...modernSizes, numHiddenLayers: 1 }), { key })],
  ] as const)('teaches a %s', (_name, student) => {
    const method = new MlmDistillation({ student, teacher: goldenModel(), key });
    const optimizer = tf.train.adam(0.01);
    const similarity = (): number => 1 - method.loss(masked, trainingContext()).metrics!['cosineLoss']!.dataSync()[0]!;
    const variables = [...method.trainable().values()].map(({ variable }) => variable);
    const before = similarity();
    for (let step = 0; step < 30; step++)
      optimizer.minimize(() => method.loss(masked, trainingContext()).loss, false, variables);
    expect(before).toBeLessThan(0.4);
    expect(similarity()).toBeGreaterThan(0.9);
  });

  it('names what is wrong', () => {
    const teacher = goldenModel();
    expect(() => new MlmDistillation({ student: teacher, teacher, key })).toThrow('twinOf(student)');
    expect(() => new MlmDistillation({ student: twinOf(teacher), teacher, key })).not.toThrow();
    expect(() => new MlmDistillation({ student: teacher.bert as never, teacher, key })).toThrow('new BertForMaskedLM');
    const none = { distillationWeight: 0, mlmWeight: 0, cosineWeight: 0 };
    expect(() => new MlmDistillation({ student: student(), teacher, key, ...none })).toThrow('above 0');
  });
});

describe('SentenceDistillation', () => {
  it.each(['mse', 'cosine'] as const)('has the loss and gradients of torch, %s', (distance) => {
    const [own, teacher] = [student(), goldenModel()].map(({ bert }) => new BertTextEncoder(bert));
    const method = new SentenceDistillation({ student: own!, teacher: teacher!, key, distance });
    expectGolden(distance, method.modules, () => method.loss(sentences, trainingContext()));
  });

  it('teaches a static embedding, also by positives', () => {
    const teacher = new BertTextEncoder(goldenModel().bert);
    const own = new StaticEmbedding(48, 8, { key });
    const method = new SentenceDistillation({ student: own, teacher, key, distance: 'cosine' });
    const batch = eagerly({ ...goldenRows(0), positives: goldenRows(1) }) as Tensors<SentenceBatch>;
    const optimizer = tf.train.adam(0.05);
    const similarity = (): number => method.loss(batch, trainingContext()).metrics!['similarity']!.dataSync()[0]!;
    const before = similarity();
    const variables = [...method.trainable().values()].map(({ variable }) => variable);
    for (let step = 0; step < 40; step++)
      optimizer.minimize(() => method.loss(batch, trainingContext()).loss, false, variables);
    expect(before).toBeLessThan(0.6);
    expect(similarity()).toBeGreaterThan(0.95);
  });

  it('names what is wrong', () => {
    const encoder = new BertTextEncoder(goldenModel().bert);
    expect(() => new SentenceDistillation({ student: encoder, teacher: encoder, key })).toThrow('twinOf(student)');
    expect(() => new SentenceDistillation({ student: {} as never, teacher: encoder, key })).toThrow('student');
  });
});
