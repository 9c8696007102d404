import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors, type Module, training, twinOf } from '@selfsup/ssl-nn';
import { compile, sparseSoftmaxCrossEntropy } from '@selfsup/ssl-tensor';
import { CheckpointError, InvalidOptionError, randomKey, ShapeError, type NdArray } from '@selfsup/ssl-tensor/host';
import { beforeAll, describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { modernBertConfig } from './modern-bert-config.js';
import { modernBertConfigFromJson, modernBertConfigToJson } from './modern-bert-config-json.js';
import { ModernBertForMaskedLM } from './modern-bert-for-masked-lm.js';
import { ModernBertForSequenceClassification } from './modern-bert-for-sequence-classification.js';
import { ModernBertModel } from './modern-bert-model.js';

interface Golden {
  readonly config: Record<string, unknown>;
  readonly shape: [number, number];
  readonly inputIds: number[];
  readonly attentionMask: number[];
  readonly positions: number[];
  readonly labels: number[];
  readonly hiddenStates: number[][];
  readonly logits: number[];
  readonly loss: number;
  readonly classes: number[];
  readonly classifier: { readonly logits: number[]; readonly loss: number };
  readonly classifierShapes: Record<string, number[]>;
}

const folder = join(import.meta.dirname, '../../../../test/golden/text');
const { models } = JSON.parse(readFileSync(join(folder, 'modern-bert.json'), 'utf8')) as {
  readonly models: Readonly<Record<string, Golden>>;
};
const bytesOf = (name: string): Uint8Array =>
  Uint8Array.from(readFileSync(join(folder, `modern-bert-${name}.safetensors`)));
const tensorsOf = (name: string): Map<string, NdArray> => decodeSafetensors(bytesOf(name)).tensors;
const key = randomKey(1);
const close = { rtol: 1e-4, atol: 1e-5 };

const inputsOf = ({ inputIds, attentionMask, shape }: Golden) => ({
  inputIds: tf.tensor2d(inputIds, shape, 'int32'),
  attentionMask: tf.tensor2d(attentionMask, shape, 'int32'),
});

const variablesOf = (model: Module): tf.Variable[] =>
  [...model.namedParameters().values()].map(({ variable }) => variable);

/** Gradients by the state's name, in the state dict's layout. */
function named(model: Module, grads: tf.NamedTensorMap): Map<string, NdArray> {
  return new Map(
    [...model.namedParameters()].map(([name, { variable, layout }]): [string, NdArray] => {
      const gradient = grads[variable.name]!;
      const array = { data: gradient.dataSync() as Float32Array, shape: gradient.shape };
      return [name, layout?.toReference(array) ?? array];
    }),
  );
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(Object.entries(models))('against transformers, %s', (name, golden) => {
  const config = modernBertConfigFromJson(golden.config);
  const model = new ModernBertForMaskedLM(config, { key });
  model.loadStateDict(tensorsOf(name));
  const visible = golden.attentionMask.flatMap((value, at) => (value === 1 ? [at] : []));

  it('reads its checkpoint, and saves the same tensors and configuration', () => {
    expect(decodeSafetensors(encodeSafetensors(model.stateDict())).tensors).toEqual(tensorsOf(name));
    const again = modernBertConfigToJson(config, 'ModernBertForMaskedLM');
    // The older names, which version 5 does not write.
    const older = new Set(['global_rope_theta', 'local_rope_theta', 'global_attn_every_n_layers']);
    const fields = Object.entries(again).filter(([field]) => !older.has(field));
    expect(Object.fromEntries(fields)).toEqual(
      Object.fromEntries(fields.map(([field]) => [field, golden.config[field]])),
    );
    expect(modernBertConfigFromJson(again)).toEqual(config);
  });

  it('gives the same hidden states of every layer, and scores', () => {
    tf.tidy(() => {
      const inputs = inputsOf(golden);
      const all = Array.from({ length: model.model.depth + 1 }, (_, at) => at);
      const ours = [
        ...model.model.encode(inputs, undefined, { blocks: all.slice(0, -1), norm: false }).blocks,
        model.model.encode(inputs).tokens,
      ];
      // What padding computes is read by nobody, and differs: a window of padding alone.
      const seen = (flat: ArrayLike<number>): number[] =>
        visible.flatMap((at) => Array.from(flat).slice(at * config.hiddenSize, (at + 1) * config.hiddenSize));
      golden.hiddenStates.forEach((expected, at) =>
        expect(seen(ours[at]!.dataSync())).toBeAllClose(seen(expected), close),
      );
      const positions = tf.tensor1d(golden.positions, 'int32');
      const expected = { data: golden.logits, shape: [golden.positions.length, config.vocabSize] };
      expect(model.forward(inputs, positions)).toBeAllClose(expected, close);
      expect(tf.gather(model.forward(inputs), positions)).toBeAllClose(expected, close);
    });
  });

  it.each([false, true])('gives the same loss and gradients, compiled: %s', async (isCompiled) => {
    const { positions, labels } = golden;
    const step = (batch: ReturnType<typeof inputsOf> & { positions: tf.Tensor; labels: tf.Tensor }) =>
      tf.variableGrads(
        () =>
          tf.mean(
            sparseSoftmaxCrossEntropy(model.forward(batch, batch.positions, training), batch.labels as tf.Tensor1D),
          ),
        variablesOf(model),
      );
    const compiled = compile(step);
    const batch = {
      ...inputsOf(golden),
      positions: tf.tensor1d(positions, 'int32'),
      labels: tf.tensor1d(labels, 'int32'),
    };
    const { value, grads } = isCompiled ? await compiled(batch) : step(batch);
    expect(value.dataSync()[0]).toBeAllClose(golden.loss, close);
    const expected = tensorsOf(`${name}-gradients`);
    const ours = named(model, grads);
    expect([...ours.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
    for (const [parameter, gradient] of ours) expect(gradient).toBeAllClose(expected.get(parameter)!, close);
    tf.dispose([value, grads, batch]);
    compiled.dispose();
  });

  it('classifies alike, with gradients, from the encoder of the pretrained model', () => {
    const stored = tensorsOf(`${name}-classifier`);
    const classifier = new ModernBertForSequenceClassification(config, { key, numLabels: 3 });
    const loaded = classifier.loadEncoder(tensorsOf(name));
    expect([...loaded.ignored.keys()].every((entry) => !entry.startsWith('model.'))).toBe(true);
    const state = classifier.stateDict();
    for (const entry of state.keys()) if (stored.has(entry)) state.set(entry, stored.get(entry)!);
    classifier.loadStateDict(state);
    const shapes = Object.fromEntries([...classifier.stateDict()].map(([entry, { shape }]) => [entry, shape]));
    expect(shapes).toEqual(golden.classifierShapes);
    tf.tidy(() => {
      const inputs = inputsOf(golden);
      expect(classifier.forward(inputs)).toBeAllClose({ data: golden.classifier.logits, shape: [3, 3] }, close);
      const labels = tf.tensor1d(golden.classes, 'int32');
      const { value, grads } = tf.variableGrads(
        () => tf.mean(sparseSoftmaxCrossEntropy(classifier.forward(inputs, training), labels)),
        variablesOf(classifier),
      );
      expect(value.dataSync()[0]).toBeAllClose(golden.classifier.loss, close);
      const ours = named(classifier, grads);
      const gradients = [...stored].filter(([entry]) => entry.startsWith('gradients.'));
      expect(gradients.length).toBeGreaterThan(4);
      for (const [entry, gradient] of gradients)
        expect(ours.get(entry.slice('gradients.'.length))!).toBeAllClose(gradient, close);
    });
  });
});

describe('ModernBertModel', () => {
  const golden = models['small']!;
  const config = modernBertConfigFromJson(golden.config);
  const model = new ModernBertForMaskedLM(config, { key });
  model.loadStateDict(tensorsOf('small'));

  it('sees within windows as far as its layers reach, and not through padding', () => {
    tf.tidy(() => {
      const local = new ModernBertModel({ ...config, numHiddenLayers: 1, layerTypes: ['sliding_attention'] }, { key });
      const run = (ids: number[], attentionMask?: number[]): Float32Array =>
        local
          .forward({
            inputIds: tf.tensor2d(ids, [1, ids.length], 'int32'),
            ...(attentionMask && { attentionMask: tf.tensor2d(attentionMask, [1, ids.length], 'int32') }),
          })
          .dataSync() as Float32Array;
      const ids = [2, 9, 10, 11, 12, 13, 14, 3];
      const row = (states: Float32Array, at: number): number[] => Array.from(states.slice(16 * at, 16 * at + 16));
      const [plain, changed] = [run(ids), run([...ids.slice(0, 7), 20])];
      // Windows of 4: two places to each side.
      for (const at of [0, 1, 2, 3, 4]) expect(row(changed, at)).toEqual(row(plain, at));
      expect(row(changed, 5)).not.toEqual(row(plain, 5));
      const padded = run([...ids, 30, 31], [1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
      expect(padded.slice(0, 8 * 16)).toBeAllClose(plain, close);
    });
  });

  it('takes positions as they are given', () => {
    tf.tidy(() => {
      const inputIds = tf.tensor2d([2, 9, 10, 3], [1, 4], 'int32');
      const at = (positions: number[]): tf.Tensor =>
        model.model.forward({ inputIds, positionIds: tf.tensor2d(positions, [1, 4], 'int32') });
      const plain = model.model.forward({ inputIds });
      expect(at([0, 1, 2, 3])).toBeAllClose(plain, close);
      // Only distances count.
      expect(at([7, 8, 9, 10])).toBeAllClose(plain, { rtol: 1e-3, atol: 1e-4 });
      expect(at([0, 2, 4, 6])).not.toBeAllClose(plain, { rtol: 1e-3, atol: 1e-4 });
    });
  });

  it('says the layer of every parameter', () => {
    const { model: encoder } = model;
    expect([encoder.depth, encoder.layerCount, encoder.tokenDim]).toEqual([4, 6, 16]);
    expect(
      ['embeddings.norm.weight', 'layers.0.attn.Wqkv.weight', 'layers.3.mlp.Wo.weight', 'final_norm.weight'].map(
        (name) => encoder.layerOf(name),
      ),
    ).toEqual([0, 1, 4, 5]);
    expect(() => encoder.layerOf('model.final_norm.weight')).toThrow(InvalidOptionError);
  });

  it('drops at random while training, by the key, and not otherwise', () => {
    const rates = { attentionDropout: 0.2, embeddingDropout: 0.2, mlpDropout: 0.2 };
    const dropping = new ModernBertModel({ ...config, ...rates }, { key });
    tf.tidy(() => {
      const inputIds = tf.tensor2d([[2, 9, 3]], [1, 3], 'int32');
      const run = (word: number) =>
        dropping.forward({ inputIds }, { training: true, key: tf.tensor1d([word, 0], 'int32') }).dataSync();
      expect(run(1)).toEqual(run(1));
      expect(run(1)).not.toEqual(run(2));
      expect(dropping.forward({ inputIds }).dataSync()).not.toEqual(run(1));
      expect(() => dropping.forward({ inputIds }, training)).toThrow(InvalidOptionError);
    });
  });

  it('starts from cut Gaussians whose deviation is smaller where they add to the stream, and can be copied', () => {
    const fresh = new ModernBertForMaskedLM(modernBertConfig({ ...config, hiddenSize: 64 }), { key });
    const deviation = (name: string): number => {
      const values = Array.from(fresh.stateDict().get(name)!.data);
      expect(values.every((value) => Math.abs(value) <= 0.04 + 1e-6)).toBe(true);
      return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    };
    // A Gaussian cut at two deviations has 0.88 of its deviation.
    expect(deviation('model.layers.1.attn.Wqkv.weight')).toBeCloseTo(0.0176, 3);
    expect(deviation('model.layers.1.attn.Wo.weight')).toBeCloseTo(0.0176 / Math.sqrt(8), 3);
    const twin = twinOf(fresh);
    expect(twin.decoderWeight).toBe(twin.model.embeddings.tokenEmbeddings.weight);
    expect(twin.stateDict()).toEqual(fresh.stateDict());
  });

  it('names a wrong input, and what to do', () => {
    tf.tidy(() => {
      const ids = tf.zeros([2, 5], 'int32');
      expect(() => model.forward({ inputIds: tf.zeros([2, 33], 'int32') })).toThrow(ShapeError);
      expect(() => model.forward({ inputIds: ids, segments: tf.zeros([2, 4], 'int32') })).toThrow(/segments/);
      expect(() => model.forward({ inputIds: ids, tokenTypeIds: ids } as never)).toThrow(/no embedding of token types/);
      expect(() => model.forward(ids as never)).toThrow(/inputIds: tf.tensor2d/);
    });
  });

  it('refuses a file whose decoder is not tied, and reads it as the message says', () => {
    const state = model.stateDict();
    const matrix = { data: Float32Array.from({ length: 640 }, (_, at) => Math.sin(at)), shape: [40, 16] };
    state.set('decoder.weight', matrix);
    expect(() => model.loadStateDict(state)).toThrow(CheckpointError);
    expect(() => model.loadStateDict(state)).toThrow(/tieWordEmbeddings: false/);
    const own = new ModernBertForMaskedLM(modernBertConfig({ ...config, tieWordEmbeddings: false }), { key });
    expect(own.loadStateDict(state)).toMatchObject({ missing: [], unexpected: [] });
    expect(own.stateDict().get('decoder.weight')).toEqual(matrix);
  });
});
