import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors, type StateDict } from '@selfsup/ssl-nn';
import { CheckpointError, DataError, InvalidOptionError, randomKey, type NdArray } from '@selfsup/ssl-tensor/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { bertConfig } from './bert-config.js';
import { ignoredConfigFields, requiredConfigFields } from './bert-config-fields.js';
import { bertConfigFromJson, bertConfigReport, bertConfigToJson, loadBertConfig } from './bert-config-json.js';
import { BertForMaskedLM } from './bert-for-masked-lm.js';
import { BertForSequenceClassification } from './bert-for-sequence-classification.js';
import { BertModel } from './bert-model.js';

const key = randomKey(3);
const small = { vocabSize: 7, hiddenSize: 4, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 5 };
const sizes = { ...small, maxPositionEmbeddings: 6, hiddenDropout: 0, attentionDropout: 0 };
const folder = mkdtempSync(join(tmpdir(), 'ssl-bert-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  await tf.setBackend('cpu');
});

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../test/golden/text/bert-config-fields.json'), 'utf8'),
) as { readonly config: Record<string, Record<string, unknown>> };

describe('every field that transformers writes', () => {
  it.each(Object.entries(golden.config))('%s, with its defaults', (_, fields) => {
    const { config, unknown, ignored } = bertConfigReport(fields);
    expect(unknown).toEqual([]);
    expect(config).toEqual(bertConfig());
    expect(bertConfigFromJson(fields)).toEqual(config);
    // Each is in the configuration, or ignored with a reason, or has but one value.
    const held = new Set(Object.keys(bertConfigToJson(config, '')));
    for (const name of Object.keys(fields))
      expect([name, held.has(name) || requiredConfigFields.has(name) || ignored.has(name)]).toEqual([name, true]);
  });

  it('no field has two fates', () => {
    const held = new Set(Object.keys(bertConfigToJson(bertConfig(), '')));
    for (const name of ignoredConfigFields.keys())
      expect([name, requiredConfigFields.has(name)]).toEqual([name, false]);
    for (const name of ignoredConfigFields.keys())
      expect([name, name === 'architectures' || !held.has(name)]).toEqual([name, true]);
  });

  it.each<[string, unknown, RegExp]>([
    ['is_decoder', true, /'is_decoder' must be false, got true: this is a decoder/],
    ['add_cross_attention', true, /'add_cross_attention' must be false/],
    ['is_encoder_decoder', true, /'is_encoder_decoder' must be false/],
    ['tie_encoder_decoder', true, /'tie_encoder_decoder'/],
    ['pruned_heads', { 0: [1] }, /'pruned_heads' must be \{\}, got an object: layers with fewer heads/],
    ['per_layer_config', { 1: { hidden_act: 'relu' } }, /'per_layer_config'/],
    ['quantization_config', { load_in_8bit: true }, /'quantization_config'.*dequantize/],
    ['auto_map', { AutoModel: 'x.Y' }, /'auto_map'.*remove the field/],
    ['problem_type', 'ranking', /'problem_type'.*"ranking": .*remove the field/],
    ['hidden_act', 'gelu_new', /'hidden_act' must be "gelu" or "gelu_python", got "gelu_new"/],
    ['hidden_act', { relu: 1 }, /'hidden_act'/],
    ['position_embedding_type', 'relative_key', /'position_embedding_type' must be "absolute", got "relative_key"/],
    ['model_type', 'roberta', /'model_type' must be "bert"/],
    ['is_decoder', 1, /'is_decoder' must be false, got 1/],
    ['tie_word_embeddings', 'no', /'tie_word_embeddings' must be a boolean, got "no"/],
    ['tie_word_embeddings', null, /'tie_word_embeddings' must be a boolean, got null/],
    ['pad_token_id', 99_999, /'pad_token_id' must be null, or an id below 30522/],
    ['classifier_dropout', 1, /'classifier_dropout' must be null/],
    ['hidden_size', null, /'hidden_size' must be a number, got null/],
    ['rope_theta', 1e4, /'rope_theta': transformers writes no such field for BERT.*bertConfigReport/],
  ])('refuses %s %j', (name, value, message) => {
    const read = (): unknown => bertConfigFromJson({ model_type: 'bert', [name]: value }, 'config.json');
    expect(read).toThrow(CheckpointError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^config\.json: /);
  });

  it('lists what it does not know, and what it ignores with the reason', () => {
    const report = bertConfigReport({ rope_theta: 1e4, use_cache: false, vocab_size: 9, __proto__x: 1 });
    expect(report.unknown).toEqual(['rope_theta', '__proto__x']);
    expect(report.config.vocabSize).toBe(9);
    expect([...report.ignored]).toEqual([['use_cache', 'how the same result is computed']]);
  });

  it('is read from a file, in the encoding that is said', async () => {
    const path = join(folder, 'config.json');
    writeFileSync(path, `\ufeff${JSON.stringify({ vocab_size: 9 })}`);
    expect((await loadBertConfig(path)).config).toEqual(bertConfig({ vocabSize: 9 }));
    writeFileSync(path, Buffer.from('\ufeff{"vocab_size":9}', 'utf16le'));
    await expect(loadBertConfig(path)).rejects.toThrow(DataError);
    expect((await loadBertConfig(path, { encoding: 'utf-16le' })).config.vocabSize).toBe(9);
    writeFileSync(path, '{');
    await expect(loadBertConfig(path)).rejects.toThrow(CheckpointError);
    writeFileSync(path, '['.repeat(1e6));
    await expect(loadBertConfig(path)).rejects.toThrow(CheckpointError);
  });
});

describe('fields that are honoured', () => {
  it('the padding starts at zero, where there is any', () => {
    const zeroRows = (padTokenId: number | null): number[] => {
      const { data } = new BertModel(bertConfig({ ...sizes, padTokenId }), { key })
        .stateDict()
        .get('embeddings.word_embeddings.weight')!;
      return [0, 1, 2, 3, 4, 5, 6].filter((row) => data.slice(4 * row, 4 * row + 4).every((value) => value === 0));
    };
    expect([zeroRows(0), zeroRows(5), zeroRows(null)]).toEqual([[0], [5], []]);
  });

  it('the dropout before the classifier', () => {
    const outputs = (classifierDropout: number | null): boolean => {
      const model = new BertForSequenceClassification(bertConfig({ ...sizes, classifierDropout }), {
        key,
        numLabels: 2,
      });
      return tf.tidy(() => {
        const run = (word: number): string =>
          model
            .forward(
              { inputIds: tf.tensor2d([[1, 2, 3]], [1, 3], 'int32') },
              { training: true, key: tf.tensor1d([word, 0], 'int32') },
            )
            .dataSync()
            .join();
        return new Set([1, 2, 3, 4, 5, 6].map(run)).size > 1;
      });
    };
    expect([outputs(null), outputs(0.5)]).toEqual([false, true]);
    expect(() => bertConfig({ classifierDropout: -1 })).toThrow(InvalidOptionError);
  });
});

describe('a decoder that is not tied', () => {
  const tied = bertConfig(sizes);
  const untied = bertConfigFromJson({ ...bertConfigToJson(tied, 'BertForMaskedLM'), tie_word_embeddings: false });
  const matrix: NdArray = { data: Float32Array.from({ length: 28 }, (_, at) => Math.sin(at)), shape: [7, 4] };
  const file = (): StateDict => {
    const state = new BertForMaskedLM(tied, { key }).stateDict();
    state.set('cls.predictions.bias', { data: Float32Array.from({ length: 7 }, (_, at) => at / 7), shape: [7] });
    return state.set('cls.predictions.decoder.weight', matrix);
  };
  const inputs = (): { inputIds: tf.Tensor } => ({ inputIds: tf.tensor2d([[1, 4, 2]], [1, 3], 'int32') });

  it('is refused by a model that ties it, and computed as the message advises', () => {
    const model = new BertForMaskedLM(tied, { key });
    const load = (): unknown => model.loadStateDict(file());
    expect(load).toThrow(CheckpointError);
    expect(load).toThrow(/'cls.predictions.decoder.weight' differs from .*tieWordEmbeddings: false/);
    expect(() => model.loadStateDict(file(), { strict: false })).toThrow(CheckpointError);
    const own = new BertForMaskedLM(bertConfig({ ...sizes, tieWordEmbeddings: false }), { key });
    expect(own.loadStateDict(file())).toMatchObject({ missing: [], unexpected: [] });
    const state = file();
    state.delete('cls.predictions.decoder.weight');
    model.loadStateDict(state);
    tf.tidy(() => {
      // The same but for the last product: row by row, transformed . matrix + bias.
      const zero = file().set('cls.predictions.decoder.weight', { data: new Float32Array(28), shape: [7, 4] });
      own.loadStateDict(zero);
      const bias = file().get('cls.predictions.bias')!.data;
      expect(own.forward(inputs())).toBeAllClose({ data: [...bias, ...bias, ...bias] as number[], shape: [3, 7] });
      const columns: number[][] = [];
      for (let dim = 0; dim < 4; dim++) {
        const unit = { data: Float32Array.from({ length: 28 }, (_, at) => Number(at === dim)), shape: [7, 4] };
        own.loadStateDict(file().set('cls.predictions.decoder.weight', unit));
        const scores = own.forward(inputs()).dataSync();
        columns.push([0, 7, 14].map((row) => scores[row]! - bias[0]!));
      }
      own.loadStateDict(file());
      const expected = [0, 1, 2].flatMap((row) =>
        Array.from(
          { length: 7 },
          (_, word) =>
            bias[word]! + columns.reduce((sum, column, dim) => sum + column[row]! * matrix.data[4 * word + dim]!, 0),
        ),
      );
      expect(own.forward(inputs())).toBeAllClose({ data: expected, shape: [3, 7] }, { rtol: 1e-5, atol: 1e-5 });
      const words = model.stateDict().get('bert.embeddings.word_embeddings.weight')!;
      own.loadStateDict(file().set('cls.predictions.decoder.weight', words));
      expect(own.forward(inputs())).toBeAllClose(model.forward(inputs()).dataSync(), { rtol: 1e-6, atol: 1e-6 });
    });
  });

  it('is trained, saved and read by itself', () => {
    const model = new BertForMaskedLM(untied, { key });
    expect(model.namedParameters().has('cls.predictions.decoder.weight')).toBe(true);
    expect(new BertForMaskedLM(tied, { key }).namedParameters().has('cls.predictions.decoder.weight')).toBe(false);
    model.loadStateDict(file());
    const { tensors } = decodeSafetensors(encodeSafetensors(model.stateDict()));
    expect(tensors.get('cls.predictions.decoder.weight')).toEqual(matrix);
    // transformers computes with the decoder's bias.
    expect(tensors.get('cls.predictions.decoder.bias')).toEqual(tensors.get('cls.predictions.bias'));
    const other = new BertForMaskedLM(untied, { key: randomKey(9) });
    other.loadStateDict(tensors);
    expect(other.stateDict()).toEqual(model.stateDict());
    const missing = file();
    missing.delete('cls.predictions.decoder.weight');
    expect(() => other.loadStateDict(missing)).toThrow(/missing 'cls.predictions.decoder.weight'/);
  });

  it("has the decoder's bias where the file has two", () => {
    const own = { data: Float32Array.from([9, 8, 7, 6, 5, 4, 3]), shape: [7] };
    const model = new BertForMaskedLM(untied, { key });
    const { ignored } = model.loadStateDict(file().set('cls.predictions.decoder.bias', own));
    expect(model.stateDict().get('cls.predictions.bias')).toEqual(own);
    expect([...ignored.keys()]).toEqual(['cls.predictions.bias']);
    const tiedState = file().set('cls.predictions.decoder.bias', own);
    tiedState.delete('cls.predictions.decoder.weight');
    expect(() => new BertForMaskedLM(tied, { key }).loadStateDict(tiedState)).toThrow(
      /'cls.predictions.bias' and 'cls.predictions.decoder.bias' have different values/,
    );
  });
});

describe('every tensor is used or reported', () => {
  const config = bertConfig(sizes);
  const extra = (shape: number[]): NdArray => ({ data: new Float32Array(shape.reduce((a, b) => a * b)), shape });

  it('what a model has no use for comes back with the reason', () => {
    const model = new BertForMaskedLM(config, { key });
    const state = model.stateDict();
    const words = state.get('bert.embeddings.word_embeddings.weight')!;
    state.set('cls.predictions.decoder.weight', { data: words.data.slice(), shape: words.shape });
    state.set('bert.pooler.dense.weight', extra([4, 4]));
    state.set('cls.seq_relationship.bias', extra([2]));
    state.set('bert.embeddings.position_ids', { data: Int32Array.of(0, 1, 2, 3, 4, 5), shape: [1, 6] });
    state.set('bert.embeddings.token_type_ids', { data: new Int32Array(6), shape: [1, 6] });
    const result = model.loadStateDict(state);
    expect([...result.ignored.keys()].toSorted()).toEqual([
      'bert.embeddings.position_ids',
      'bert.embeddings.token_type_ids',
      'bert.pooler.dense.weight',
      'cls.seq_relationship.bias',
    ]);
    expect(result.ignored.get('bert.pooler.dense.weight')).toMatch(/pooler/);
    expect([result.missing, result.unexpected]).toEqual([[], []]);
    state.set('bert.adapter.weight', extra([1]));
    expect(() => model.loadStateDict(state)).toThrow(/unexpected 'bert.adapter.weight'/);
    expect(model.loadStateDict(state, { strict: false }).unexpected).toEqual(['bert.adapter.weight']);
  });

  it('names of TensorFlow beside ours must agree', () => {
    const model = new BertForMaskedLM(config, { key });
    const name = 'bert.embeddings.LayerNorm';
    const twice = (value: number): StateDict => {
      const state = model.stateDict();
      return state.set(`${name}.gamma`, { data: new Float32Array(4).fill(value), shape: [4] });
    };
    expect(() => model.loadStateDict(twice(1))).not.toThrow();
    expect(() => model.loadStateDict(twice(2))).toThrow(/LayerNorm.gamma' and '.*LayerNorm.weight' name one tensor/);
  });

  it('an encoder says what of a pretrained model it leaves', () => {
    const classifier = new BertForSequenceClassification(config, { key, numLabels: 3 });
    const state = new BertForMaskedLM(config, { key }).stateDict().set('bert.pooler.dense.bias', extra([4]));
    const { ignored } = classifier.loadEncoder(state);
    expect(ignored.get('bert.pooler.dense.bias')).toMatch(/pooler/);
    expect(ignored.get('cls.predictions.bias')).toBe('not in the encoder');
    expect([...ignored.keys()].every((name) => name.startsWith('cls.') || name.startsWith('bert.pooler.'))).toBe(true);
  });
});
