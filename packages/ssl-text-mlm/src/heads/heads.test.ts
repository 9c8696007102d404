import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { randomKey } from '@selfsup/ssl-tensor/host';
import { replacedTokenDetection } from '@selfsup/ssl-losses';
import { type Module, type StateDict, training, twinOf } from '@selfsup/ssl-nn';
import type { MethodLoss } from '@selfsup/ssl-train';
import { beforeAll, describe, expect, it } from 'vitest';
import { familyGolden, familyInputs, gradientsOf } from '../../../../test/support/text-family-golden.js';
import { DistilBertModel } from '../distilbert/distilbert-model.js';
import { ElectraForPreTraining } from '../electra/electra-for-pre-training.js';
import { ElectraModel } from '../electra/electra-model.js';
import { MultiLabelClassification } from '../methods/multi-label-classification.js';
import { QuestionAnswering } from '../methods/question-answering.js';
import { SequenceClassification } from '../methods/sequence-classification.js';
import { SequenceRegression } from '../methods/sequence-regression.js';
import { TokenClassification } from '../methods/token-classification.js';
import { readTextConfig } from '../models/text-families.js';
import type { TextModel } from '../models/text-model.js';
import { RobertaModel } from '../roberta/roberta-model.js';
import { TextForQuestionAnswering } from './text-for-question-answering.js';
import { TextForSequenceClassification } from './text-for-sequence-classification.js';
import { TextForTokenClassification } from './text-for-token-classification.js';

const key = randomKey(1);

/** Whether two lists are there and equal to 1e-4, or as told. */
function isClose(
  found: ArrayLike<number> | undefined,
  wanted: ArrayLike<number> | undefined,
  tolerance = 1e-4,
): boolean {
  if (found === undefined || wanted === undefined || found.length !== wanted.length) return false;
  return Array.from(found).every(
    (value, index) => Math.abs(value - wanted[index]!) <= tolerance * (0.2 + Math.abs(wanted[index]!)),
  );
}

const encoders = {
  roberta: (config: never): TextModel => new RobertaModel(config, { key }),
  distilbert: (config: never): TextModel => new DistilBertModel(config, { key }),
  electra: (config: never): TextModel => new ElectraModel(config, { key }),
} as const;
const families = Object.keys(encoders) as (keyof typeof encoders)[];
const cases = families.flatMap((family) => (['small', 'wide'] as const).map((size) => [family, size] as const));

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(cases)('heads of %s, %s, against transformers', (family, size) => {
  const { golden, part } = familyGolden(`${family}-${size}`);
  const inputs = (): Record<string, tf.Tensor> => ({ ...familyInputs(golden) });
  const encoder = (): TextModel => encoders[family](readTextConfig(golden.config).config as never);
  const own = [...part('mlm')].filter(([name]) => name.startsWith(`${family}.`));
  const file = (head: string): StateDict => new Map([...own, ...part(head)]);
  const [batch] = golden.shape;
  const ints = (values: number[], shape: number[] = [values.length]): tf.Tensor => tf.tensor(values, shape, 'int32');
  const ones = (): tf.Tensor => tf.ones([batch]);
  const { labels } = golden;

  /** What differs of a model with the file's weights: names, values, scores, loss, gradients. */
  function differences<M extends Module>(
    head: 'classes' | 'many' | 'numbers' | 'tags' | 'spans' | 'replaced',
    model: M,
    scores: (model: M) => tf.Tensor[],
    loss: (model: M) => MethodLoss['loss'],
  ): string[] {
    const state = file(head);
    model.loadStateDict(state);
    const saved = model.stateDict();
    const found = [...new Set([...state.keys(), ...saved.keys()])].filter(
      (name) => !isClose(saved.get(name)?.data, state.get(name)?.data, 0),
    );
    return tf.tidy(() => {
      for (const [of, each] of Object.entries({ model, twin: twinOf(model) }))
        scores(each).forEach((score, index) => {
          if (!isClose(score.dataSync(), golden[head].logits[index])) found.push(`scores ${index} of the ${of}`);
        });
      const { value, gradients } = gradientsOf(model, () => loss(model));
      if (!isClose([value], [golden[head].loss])) found.push(`loss ${value}`);
      const expected = part(`${head}-gradients`);
      for (const name of new Set([...gradients.keys(), ...expected.keys()]))
        if (!isClose(gradients.get(name)?.data, expected.get(name)?.data)) found.push(`gradient of ${name}`);
      return found;
    });
  }

  it('a class of each text, with class weights', () => {
    const model = new TextForSequenceClassification(encoder(), { key, numLabels: 3 });
    const method = new SequenceClassification(model, { classWeights: labels.classWeights });
    const row = () => ({ ...inputs(), labels: ints(labels.classes), weights: ones() });
    const found = differences(
      'classes',
      model,
      (m) => [m.forward(inputs() as never)],
      () => method.loss(row() as never, training).loss,
    );
    expect(found).toEqual([]);
  });

  it('several labels of each text', () => {
    const model = new TextForSequenceClassification(encoder(), { key, numLabels: 3 });
    const method = new MultiLabelClassification(model);
    const row = () => ({ ...inputs(), labels: tf.tensor2d(labels.many, [batch, 3]), weights: ones() });
    const found = differences(
      'many',
      model,
      (m) => [m.forward(inputs() as never)],
      () => method.loss(row() as never, training).loss,
    );
    expect(found).toEqual([]);
  });

  it('a number of each text', () => {
    const model = new TextForSequenceClassification(encoder(), { key, numLabels: 1 });
    const method = new SequenceRegression(model);
    const row = () => ({ ...inputs(), targets: tf.tensor2d(labels.numbers, [batch, 1]), weights: ones() });
    const found = differences(
      'numbers',
      model,
      (m) => [m.forward(inputs() as never)],
      () => method.loss(row() as never, training).loss,
    );
    expect(found).toEqual([]);
  });

  it('a class of each token, with class weights and labels that do not count', () => {
    const model = new TextForTokenClassification(encoder(), { key, numLabels: 3 });
    const method = new TokenClassification(model, { classWeights: labels.classWeights });
    const row = () => ({ ...inputs(), labels: ints(labels.tags, golden.shape) });
    const mask = tf.reshape(familyInputs(golden).attentionMask, [...golden.shape, 1]);
    const expected = tf.mul(tf.tensor(golden.tags.logits[0]!, [...golden.shape, 3]), mask);
    golden.tags.logits[0] = [...expected.dataSync()];
    const found = differences(
      'tags',
      model,
      (m) => [tf.mul(m.forward(inputs() as never), mask)],
      () => method.loss(row() as never, training).loss,
    );
    expect(found).toEqual([]);
  });

  it('where an answer begins and ends', () => {
    const model = new TextForQuestionAnswering(encoder(), { key });
    const method = new QuestionAnswering(model);
    const row = () => ({ ...inputs(), startPositions: ints(labels.starts), endPositions: ints(labels.ends) });
    const found = differences(
      'spans',
      model,
      (m) => {
        const { start, end } = m.forward(inputs() as never);
        return [start, end];
      },
      () => method.loss(row() as never, training).loss,
    );
    expect(found).toEqual([]);
  });

  it.runIf(family === 'electra')('which tokens were replaced', () => {
    const model = new ElectraForPreTraining(readTextConfig(golden.config).config as never, { key });
    const tokenMask = familyInputs(golden).attentionMask;
    const mask = tf.cast(tokenMask, 'float32') as tf.Tensor2D;
    golden.replaced.logits[0] = [...tf.mul(tf.tensor(golden.replaced.logits[0]!, golden.shape), mask).dataSync()];
    const found = differences(
      'replaced',
      model,
      (m) => [tf.mul(m.forward(inputs() as never), mask)],
      (m) =>
        replacedTokenDetection(m.forward(inputs() as never, training), tf.tensor2d(labels.replaced, golden.shape), {
          tokenMask: mask,
        }),
    );
    expect(found).toEqual([]);
  });
});
