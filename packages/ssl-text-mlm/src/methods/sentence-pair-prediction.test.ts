import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSafetensors, type StateDict, training, twinOf } from '@selfsup/ssl-nn';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { beforeAll, describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { gradientsOf } from '../../../../test/support/text-family-golden.js';
import { bertConfigFromJson } from '../bert/bert-config-json.js';
import { bertConfig } from '../bert/bert-config.js';
import { BertForMaskedLM } from '../bert/bert-for-masked-lm.js';
import { BertForPreTraining } from '../bert/bert-for-pre-training.js';
import { debertaV2Config } from '../deberta/deberta-v2-config.js';
import { DebertaV2ForMaskedLM } from '../deberta/deberta-v2-for-masked-lm.js';
import { TextForPreTraining } from '../heads/text-for-pre-training.js';
import { modernBertConfig } from '../modern-bert/modern-bert-config.js';
import { ModernBertForMaskedLM } from '../modern-bert/modern-bert-for-masked-lm.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import { robertaConfig } from '../roberta/roberta-config.js';
import { RobertaForMaskedLM } from '../roberta/roberta-for-masked-lm.js';
import { SentencePairPrediction } from './sentence-pair-prediction.js';

interface Golden {
  readonly config: Record<string, unknown>;
  readonly shape: [number, number];
  readonly inputIds: number[];
  readonly attentionMask: number[];
  readonly tokenTypeIds: number[];
  readonly maskedPositions: number[];
  readonly maskedLabels: number[];
  readonly pairLabels: number[];
  readonly tokens: number[];
  readonly pairs: number[];
  readonly loss: number;
}

const key = randomKey(1);
const close = { rtol: 1e-4, atol: 1e-5 };
const folder = join(import.meta.dirname, '../../../../test/golden/text');

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function goldenOf(size: string): { golden: Golden; state: StateDict; gradients: StateDict } {
  const golden = JSON.parse(readFileSync(join(folder, `pre-training-${size}.json`), 'utf8')) as Golden;
  const { tensors } = decodeSafetensors(
    Uint8Array.from(readFileSync(join(folder, `pre-training-${size}.safetensors`))),
  );
  const part = (start: string): StateDict =>
    new Map(
      [...tensors].filter(([name]) => name.startsWith(start)).map(([name, array]) => [name.slice(start.length), array]),
    );
  return { golden, state: part('state|'), gradients: part('gradients|') };
}

const ints = (values: number[], shape: number[] = [values.length]): tf.Tensor => tf.tensor(values, shape, 'int32');

function batchOf(golden: Golden): Record<string, tf.Tensor> {
  return {
    inputIds: ints(golden.inputIds, golden.shape),
    attentionMask: ints(golden.attentionMask, golden.shape),
    tokenTypeIds: ints(golden.tokenTypeIds, golden.shape),
    maskedPositions: ints(golden.maskedPositions),
    maskedLabels: ints(golden.maskedLabels),
    maskedWeights: tf.ones([golden.maskedLabels.length]),
    pairLabels: ints(golden.pairLabels),
  };
}

describe.each(['small', 'wide'])('BertForPreTraining against transformers, %s', (size) => {
  const { golden, state, gradients } = goldenOf(size);
  const model = new BertForPreTraining(bertConfigFromJson(golden.config), { key });
  model.loadStateDict(state);
  const method = new SentencePairPrediction(model);

  it('reads and saves the names and values of its file', () => {
    const saved = model.stateDict();
    expect([...saved.keys()].toSorted()).toEqual([...state.keys()].toSorted());
    for (const [name, array] of saved) expect(array).toEqual(state.get(name));
    expect(saved.has('cls.seq_relationship.weight') && saved.has('bert.pooler.dense.bias')).toBe(true);
  });

  it('has the same scores, and a twin has them too', () => {
    tf.tidy(() => {
      const batch = batchOf(golden);
      for (const each of [model, twinOf(model)]) {
        const { tokens, pairs } = each.pairScores(batch as never, batch['maskedPositions']!);
        expect(tokens.dataSync()).toBeAllClose(golden.tokens, close);
        expect(pairs.dataSync()).toBeAllClose(golden.pairs, close);
        expect(each.forward(batch as never, batch['maskedPositions']).dataSync()).toBeAllClose(golden.tokens, close);
      }
    });
  });

  it('has the same loss and every gradient', () => {
    tf.tidy(() => {
      const batch = batchOf(golden);
      const found = gradientsOf(model, () => method.loss(batch as never, training).loss);
      expect(found.value).toBeAllClose(golden.loss, close);
      expect([...found.gradients.keys()].toSorted()).toEqual([...gradients.keys()].toSorted());
      for (const [name, gradient] of found.gradients) expect(gradient).toBeAllClose(gradients.get(name)!, close);
    });
  });

  it('rows without a label count in nothing', () => {
    tf.tidy(() => {
      const batch = batchOf(golden);
      const told = method.loss(batch as never, training).metrics!;
      const one = method.loss(
        { ...batch, pairLabels: ints(golden.pairLabels.map((label, row) => (row === 0 ? label : -100))) } as never,
        training,
      );
      const [first, second] = golden.pairs as [number, number];
      const alone = Math.log1p(Math.exp(second - first));
      expect(one.metrics!['pairLoss']!.dataSync()[0]).toBeAllClose(alone, close);
      expect(one.metrics!['pairAccuracy']!.dataSync()[0]).toBe(first >= second ? 1 : 0);
      expect(told['pairLoss']!.dataSync()[0]).not.toBeCloseTo(alone, 4);
    });
  });
});

const sizes = { vocabSize: 20, hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 8 };
const models: Record<string, () => MaskedLmModel> = {
  BERT: () => new BertForMaskedLM(bertConfig({ ...sizes, maxPositionEmbeddings: 8 }), { key }),
  RoBERTa: () => new RobertaForMaskedLM(robertaConfig({ ...sizes, maxPositionEmbeddings: 10 }), { key }),
  'DeBERTa-v3': () =>
    new DebertaV2ForMaskedLM(debertaV2Config({ ...sizes, maxPositionEmbeddings: 8, positionBuckets: 4 }), { key }),
  ModernBERT: () => new ModernBertForMaskedLM(modernBertConfig({ ...sizes, maxPositionEmbeddings: 8 }), { key }),
};
const inputs = {
  inputIds: ints([2, 7, 3, 9, 3, 2, 8, 9, 3, 6], [2, 5]),
  attentionMask: ints([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [2, 5]),
};

describe.each(Object.keys(models))('TextForPreTraining of %s', (family) => {
  it('scores words as the model does, trains the encoder by pairs, and saves under the names of both', () => {
    const model = new TextForPreTraining(models[family]!(), { key: randomKey(2) });
    const places = ints([1, 8]);
    const { tokens, pairs } = model.pairScores(inputs, places);
    expect(tokens.dataSync()).toBeAllClose(model.model.forward(inputs, places).dataSync(), close);
    expect(pairs.shape).toEqual([2, 2]);
    const names = [...model.stateDict().keys()];
    expect(names.filter((name) => name.startsWith('seq_relationship.')).toSorted()).toEqual(
      ['bias', 'dense.bias', 'dense.weight', 'weight'].map((name) => `seq_relationship.${name}`),
    );
    const copy = new TextForPreTraining(models[family]!(), { key: randomKey(3) });
    copy.loadStateDict(model.stateDict());
    expect(copy.pairScores(inputs, places).pairs.dataSync()).toBeAllClose(pairs.dataSync(), close);
    const { gradients } = gradientsOf(
      model,
      () => tf.sum(tf.slice(model.pairScores(inputs, places).pairs, [0, 0], [2, 1])) as tf.Scalar,
    );
    const words = [...gradients].find(([name]) => /(word|tok)_embeddings/.test(name))![1];
    expect(words.data.some((value) => value !== 0)).toBe(true);
  });
});

it('refuses what it cannot do, with advice that works', () => {
  const model = new BertForPreTraining(bertConfig({ ...sizes, maxPositionEmbeddings: 8 }), { key });
  const batch = { ...inputs, maskedPositions: ints([1]), maskedLabels: ints([5]), maskedWeights: tf.ones([1]) };
  expect(() => new SentencePairPrediction(model).loss(batch as never, training)).toThrow(
    /sentencePairs\(\{ pairs, task, key \}\)/,
  );
  expect(() => new SentencePairPrediction(models['BERT']!() as never)).toThrow(
    /new TextForPreTraining\(maskedLm, \{ key \}\)/,
  );
  expect(() => new SentencePairPrediction(model, { task: 'order' as never })).toThrow(InvalidOptionError);
  expect(() => new TextForPreTraining(model.bert as never, { key })).toThrow(/masked language model/);
  const packed = { ...batch, segments: ints([0, 0, 0, 1, 1, 2, 2, 2, 2, 2], [2, 5]), pairLabels: ints([0, 1]) };
  expect(() => new SentencePairPrediction(model).loss(packed as never, training)).toThrow(InvalidOptionError);
  const enhanced = new DebertaV2ForMaskedLM(
    debertaV2Config({ ...sizes, maxPositionEmbeddings: 8, positionBuckets: 4, positionBiasedInput: false }),
    { key, enhancedMaskDecoder: true },
  );
  expect(() => new TextForPreTraining(enhanced, { key }).pairScores(inputs, ints([1]))).toThrow(InvalidOptionError);
});

it('a file without the head for pairs is refused, and a BertForMaskedLM reads one with it', () => {
  const config = bertConfig({ ...sizes, maxPositionEmbeddings: 8 });
  const model = new BertForPreTraining(config, { key });
  const alone = new BertForMaskedLM(config, { key });
  const { ignored } = alone.loadStateDict(model.stateDict());
  expect([...ignored.keys()].toSorted()).toEqual([
    'bert.pooler.dense.bias',
    'bert.pooler.dense.weight',
    'cls.seq_relationship.bias',
    'cls.seq_relationship.weight',
  ]);
  expect(() => model.loadStateDict(alone.stateDict())).toThrow(/cls\.seq_relationship/);
});
