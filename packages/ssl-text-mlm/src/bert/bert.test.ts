import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSafetensors, training, type Module } from '@selfsup/ssl-nn';
import { compile, sparseSoftmaxCrossEntropy } from '@selfsup/ssl-tensor';
import { CheckpointError, InvalidOptionError, randomKey, ShapeError, type NdArray } from '@selfsup/ssl-tensor/host';
import { beforeAll, describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { bertConfig } from './bert-config.js';
import { BertForMaskedLM } from './bert-for-masked-lm.js';
import { BertForSequenceClassification } from './bert-for-sequence-classification.js';

interface Pooled {
  readonly logits: number[];
  readonly loss: number;
  readonly gradients: Record<string, number[]>;
}
interface Golden {
  readonly shape: [number, number];
  readonly inputIds: number[];
  readonly attentionMask: number[];
  readonly maskedPositions: number[];
  readonly maskedLabels: number[];
  readonly embeddings: number[];
  readonly lastHidden: number[];
  readonly maskedLogits: number[];
  readonly loss: number;
  readonly classes: number[];
  readonly pooled: Pooled;
  readonly mean: Pooled;
  readonly mlmShapes: Record<string, number[]>;
  readonly classifierShapes: Record<string, number[]>;
}

const folder = join(import.meta.dirname, '../../../../test/golden/text');
const golden = JSON.parse(readFileSync(join(folder, 'bert.json'), 'utf8')) as Golden;
const tensorsOf = (name: string): Map<string, NdArray> =>
  decodeSafetensors(Uint8Array.from(readFileSync(join(folder, name)))).tensors;
const config = bertConfig({
  vocabSize: 48,
  hiddenSize: 32,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  intermediateSize: 64,
  maxPositionEmbeddings: 16,
  hiddenDropout: 0,
  attentionDropout: 0,
});
const key = randomKey(1);
const close = { rtol: 1e-5, atol: 1e-5 };

const inputs = () => ({
  inputIds: tf.tensor2d(golden.inputIds, golden.shape, 'int32'),
  attentionMask: tf.tensor2d(golden.attentionMask, golden.shape, 'int32'),
});

/** Value and gradients by the state's name, in the state dict's layout. */
function differentiate(model: Module, loss: () => tf.Scalar): { value: number; gradients: Map<string, NdArray> } {
  const parameters = [...model.namedParameters()];
  const { value, grads } = tf.variableGrads(
    loss,
    parameters.map(([, parameter]) => parameter.variable),
  );
  const gradients = new Map(
    parameters.map(([name, parameter]): [string, NdArray] => {
      const gradient = grads[parameter.variable.name]!;
      const array = { data: gradient.dataSync() as Float32Array, shape: gradient.shape };
      return [name, parameter.layout?.toReference(array) ?? array];
    }),
  );
  return { value: value.dataSync()[0]!, gradients };
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('BertForMaskedLM against Hugging Face', () => {
  const model = new BertForMaskedLM(config, { key });
  model.loadStateDict(tensorsOf('bert-mlm.safetensors'));

  it('has the names and shapes of a saved BertForMaskedLM', () => {
    const shapes = Object.fromEntries([...model.stateDict()].map(([name, { shape }]) => [name, shape]));
    expect(shapes).toEqual(golden.mlmShapes);
  });

  it('gives the same embeddings, hidden states and scores', () => {
    tf.tidy(() => {
      expect(model.bert.embeddings.forward(inputs()).dataSync()).toBeAllClose(golden.embeddings, close);
      expect(model.bert.forward(inputs())).toBeAllClose(
        { data: golden.lastHidden, shape: [...golden.shape, 32] },
        close,
      );
      const positions = tf.tensor1d(golden.maskedPositions, 'int32');
      expect(model.forward(inputs(), positions)).toBeAllClose({ data: golden.maskedLogits, shape: [6, 48] }, close);
      const all = model.forward(inputs());
      expect(tf.gather(all, positions)).toBeAllClose({ data: golden.maskedLogits, shape: [6, 48] }, close);
    });
  });

  it('gives the same loss and gradients', () => {
    tf.tidy(() => {
      const expected = tensorsOf('bert-mlm-gradients.safetensors');
      const batch = inputs();
      const [positions, labels] = [
        tf.tensor1d(golden.maskedPositions, 'int32'),
        tf.tensor1d(golden.maskedLabels, 'int32'),
      ];
      const { value, gradients } = differentiate(model, () =>
        tf.mean(sparseSoftmaxCrossEntropy(model.forward(batch, positions, training), labels)),
      );
      expect(value).toBeAllClose(golden.loss, close);
      expect([...gradients.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
      for (const [name, gradient] of gradients) expect(gradient).toBeAllClose(expected.get(name)!, close);
    });
  });

  it('gives the same loss and gradients compiled', async () => {
    const parameters = [...model.namedParameters()];
    const step = compile(
      (batch: { inputIds: tf.Tensor; attentionMask: tf.Tensor; positions: tf.Tensor; labels: tf.Tensor }) =>
        tf.variableGrads(
          () =>
            tf.mean(
              sparseSoftmaxCrossEntropy(model.forward(batch, batch.positions, training), batch.labels as tf.Tensor1D),
            ),
          parameters.map(([, parameter]) => parameter.variable),
        ),
    );
    const int32 = (values: number[], shape: number[]): NdArray => ({ data: Int32Array.from(values), shape });
    const { value, grads } = await step({
      inputIds: int32(golden.inputIds, golden.shape),
      attentionMask: int32(golden.attentionMask, golden.shape),
      positions: int32(golden.maskedPositions, [6]),
      labels: int32(golden.maskedLabels, [6]),
    });
    expect(value.dataSync()[0]).toBeAllClose(golden.loss, close);
    const expected = tensorsOf('bert-mlm-gradients.safetensors');
    for (const [name, parameter] of parameters) {
      const gradient = grads[parameter.variable.name]!;
      const array = { data: gradient.dataSync() as Float32Array, shape: gradient.shape };
      expect(parameter.layout?.toReference(array) ?? array).toBeAllClose(expected.get(name)!, close);
    }
    tf.dispose([value, grads]);
    step.dispose();
  });

  it('reads files with the tied decoder, a pooler and names from TensorFlow, and reports a misfit', () => {
    const state = tensorsOf('bert-mlm.safetensors');
    state.set('cls.predictions.decoder.weight', state.get('bert.embeddings.word_embeddings.weight')!);
    state.set('cls.predictions.decoder.bias', state.get('cls.predictions.bias')!);
    state.set('bert.pooler.dense.bias', { data: new Float32Array(32), shape: [32] });
    state.set('bert.embeddings.position_ids', { data: new Int32Array(16), shape: [1, 16] });
    state.set('bert.embeddings.LayerNorm.gamma', state.get('bert.embeddings.LayerNorm.weight')!);
    state.delete('bert.embeddings.LayerNorm.weight');
    const other = new BertForMaskedLM(config, { key });
    other.loadStateDict(state);
    for (const [name, array] of model.stateDict()) expect(other.stateDict().get(name)).toEqual(array);
    const larger = new BertForMaskedLM({ ...config, vocabSize: 49 }, { key });
    expect(() => larger.loadStateDict(state)).toThrow(CheckpointError);
  });
});

describe('BertForSequenceClassification against Hugging Face', () => {
  const encoder = tensorsOf('bert-mlm.safetensors');
  const head = tensorsOf('bert-classifier-head.safetensors');

  it.each(['cls', 'mean'] as const)('pooling %s', (pooling) => {
    const model = new BertForSequenceClassification(config, { key, numLabels: 5, pooling });
    const state = new Map([...encoder].filter(([name]) => name.startsWith('bert.')));
    for (const [name, array] of head) state.set(name, array);
    model.loadStateDict(state);
    const expected = pooling === 'cls' ? golden.pooled : golden.mean;
    tf.tidy(() => {
      expect(model.forward(inputs())).toBeAllClose({ data: expected.logits, shape: [3, 5] }, close);
      const batch = inputs();
      const labels = tf.tensor1d(golden.classes, 'int32');
      const { value, gradients } = differentiate(model, () =>
        tf.mean(sparseSoftmaxCrossEntropy(model.forward(batch, training), labels)),
      );
      expect(value).toBeAllClose(expected.loss, close);
      for (const [name, gradient] of Object.entries(expected.gradients))
        expect(gradients.get(name)!.data).toBeAllClose(gradient, close);
    });
    const shapes = Object.fromEntries([...model.stateDict()].map(([name, { shape }]) => [name, shape]));
    const wanted = Object.fromEntries(
      Object.entries(golden.classifierShapes).filter(([name]) => pooling === 'cls' || !name.includes('pooler')),
    );
    expect(shapes).toEqual(wanted);
  });

  it.each(['cls', 'mean'] as const)('takes the encoder of a pretrained model, pooling %s', (pooling) => {
    const model = new BertForSequenceClassification(config, { key, numLabels: 5, pooling });
    const before = model.stateDict();
    model.loadEncoder(encoder);
    for (const [name, array] of model.stateDict())
      expect([name, array]).toEqual([name, encoder.get(name) ?? before.get(name)]);
    expect(() => model.loadEncoder(new Map([...encoder].slice(3)))).toThrow(CheckpointError);
  });
});

describe('BertModel', () => {
  it('does not see padding: ids and length behind the mask change nothing', () => {
    const model = new BertForMaskedLM(config, { key }).bert;
    tf.tidy(() => {
      const ids = tf.tensor2d([[2, 9, 10, 3]], [1, 4], 'int32');
      const padded = tf.tensor2d([[2, 9, 10, 3, 7, 8]], [1, 6], 'int32');
      const attentionMask = tf.tensor2d([[1, 1, 1, 1, 0, 0]], [1, 6], 'int32');
      const plain = model.forward({ inputIds: ids });
      const masked = tf.slice(model.forward({ inputIds: padded, attentionMask }), [0, 0, 0], [1, 4, 32]);
      expect(masked).toBeAllClose(plain, close);
    });
  });

  it('starts from normal(0, 0.02), zero bias and a zero row for padding, and the key decides', () => {
    const state = (seed: number) => new BertForMaskedLM(config, { key: randomKey(seed) }).stateDict();
    const [a, b, c] = [state(1), state(1), state(2)];
    const name = 'bert.encoder.layer.1.intermediate.dense.weight';
    expect(a.get(name)).toEqual(b.get(name));
    expect(a.get(name)).not.toEqual(c.get(name));
    const values = Array.from(a.get(name)!.data);
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    expect(Math.abs(deviation - 0.02)).toBeLessThan(0.002);
    expect(a.get('bert.encoder.layer.1.intermediate.dense.bias')!.data.every((value) => value === 0)).toBe(true);
    expect(
      a
        .get('bert.embeddings.word_embeddings.weight')!
        .data.slice(0, 32)
        .every((value) => value === 0),
    ).toBe(true);
    expect(a.get('bert.embeddings.word_embeddings.weight')!.data[32]).not.toBe(0);
  });

  it('uses segments', () => {
    const model = new BertForMaskedLM(config, { key }).bert;
    tf.tidy(() => {
      const inputIds = tf.tensor2d([[2, 9, 3]], [1, 3], 'int32');
      const first = model.forward({ inputIds, tokenTypeIds: tf.zeros([1, 3], 'int32') });
      const second = model.forward({ inputIds, tokenTypeIds: tf.ones([1, 3], 'int32') });
      expect(first).toBeAllClose(model.forward({ inputIds }), close);
      expect(tf.max(tf.abs(tf.sub(first, second))).dataSync()[0]).toBeGreaterThan(1e-3);
    });
  });

  it('drops at random while training, by the key, and not otherwise', () => {
    const model = new BertForMaskedLM({ ...config, hiddenDropout: 0.2, attentionDropout: 0.2 }, { key }).bert;
    tf.tidy(() => {
      const inputIds = tf.tensor2d([[2, 9, 3]], [1, 3], 'int32');
      const run = (word: number) =>
        model.forward({ inputIds }, { training: true, key: tf.tensor1d([word, 0], 'int32') }).dataSync();
      expect(run(1)).toEqual(run(1));
      expect(run(1)).not.toEqual(run(2));
      expect(model.forward({ inputIds }).dataSync()).not.toEqual(run(1));
      expect(() => model.forward({ inputIds }, training)).toThrow(InvalidOptionError);
    });
  });

  it('names a wrong input', () => {
    const model = new BertForMaskedLM(config, { key }).bert;
    tf.tidy(() => {
      expect(() => model.forward({ inputIds: tf.zeros([2, 17], 'int32') })).toThrow(ShapeError);
      expect(() => model.forward({ inputIds: tf.zeros([3], 'int32') })).toThrow(ShapeError);
      expect(() =>
        model.forward({ inputIds: tf.zeros([2, 5], 'int32'), attentionMask: tf.zeros([2, 4], 'int32') }),
      ).toThrow(/attentionMask/);
    });
  });
});
