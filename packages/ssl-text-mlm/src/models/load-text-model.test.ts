import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { saveSafetensors, type StateDict } from '@selfsup/ssl-nn';
import {
  CheckpointError,
  DataError,
  InvalidOptionError,
  randomKey,
  RandomStream,
  SslError,
} from '@selfsup/ssl-tensor/host';
import { afterAll, describe, expect, it } from 'vitest';
import { familyGolden, familyInputs } from '../../../../test/support/text-family-golden.js';
import '../../../../test/support/to-be-all-close.js';
import { bertConfig } from '../bert/bert-config.js';
import { BertForMaskedLM } from '../bert/bert-for-masked-lm.js';
import { BertModel } from '../bert/bert-model.js';
import { loadMaskedLm, loadTextModel } from './load-text-model.js';
import { readTextConfig, textConfigToJson, textFamilies } from './text-families.js';

const parent = mkdtempSync(join(tmpdir(), 'ssl-text-models-'));
afterAll(() => rmSync(parent, { recursive: true }));
const close = { rtol: 1e-4, atol: 2e-5 };

async function folderOf(config: unknown, tensors: StateDict): Promise<string> {
  const folder = mkdtempSync(join(parent, 'model-'));
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  await saveSafetensors(join(folder, 'model.safetensors'), tensors, { format: 'pt' });
  return folder;
}

describe.each(['roberta', 'distilbert', 'electra'])('%s', (family) => {
  const { golden, part } = familyGolden(`${family}-small`);

  it('a folder of transformers loads, with the head and without', async () => {
    const folder = await folderOf(golden.config, part('mlm'));
    const { model, ignored } = await loadMaskedLm(folder);
    const positions = tf.tensor1d(golden.positions, 'int32');
    expect(model.forward(familyInputs(golden), positions).dataSync()).toBeAllClose(golden.logits, close);
    expect(ignored.get('transformers_version')).toBe('where the file came from');
    const encoder = await loadTextModel(folder);
    expect(encoder.model.baseName).toBe(family);
    expect(encoder.model.forward(familyInputs(golden)).dataSync()).toBeAllClose(golden.hiddenStates.at(-1)!, close);
    expect([...encoder.ignored.values()].filter((reason) => reason === 'not in the encoder').length).toBeGreaterThan(3);
    // An encoder saved alone has no prefix, and comes back.
    const alone = await folderOf(textConfigToJson(encoder.model, 'Model'), encoder.model.stateDict());
    expect((await loadTextModel(alone)).model.stateDict()).toEqual(encoder.model.stateDict());
  });

  it("writes what transformers' configuration has", () => {
    const { config, unknown, ignored } = readTextConfig(golden.config);
    expect(unknown).toEqual([]);
    const encoder = textFamilies.get(family)!.encoder(config as never, randomKey(0), false);
    const written = textConfigToJson(encoder, 'ForMaskedLM');
    const optional = new Set([...ignored.keys(), 'add_cross_attention', 'is_decoder']);
    const wanted = Object.entries(golden.config).filter(([name]) => !optional.has(name) || name in written);
    expect(written).toMatchObject(Object.fromEntries(wanted));
    expect(readTextConfig(written).config).toEqual(config);
  });

  it.each([
    [{ is_decoder: true }, /'is_decoder' must be false/],
    [{ quantization_config: { bits: 4 } }, /'quantization_config' must be/],
    [{ rope_theta: 1e4 }, /'rope_theta': transformers writes no such field/],
    [{ vocab_size: 41 }, /_embeddings\.weight' is \[41, .*and has \[40/],
    [{ [family === 'distilbert' ? 'n_layers' : 'num_hidden_layers']: 3 }, /\.2\..*weight' is .*and does not have it/],
    [{ [family === 'distilbert' ? 'n_heads' : 'num_attention_heads']: 5 }, /divisor/],
    [{ [family === 'distilbert' ? 'activation' : 'hidden_act']: 'relu' }, /only exact GELU/],
    [{ [family === 'distilbert' ? 'dim' : 'hidden_size']: 0 }, /'(?:dim|hidden_size)' must be/],
    [{ model_type: 'gpt2' }, /'model_type' must be one of 'bert'.*got 'gpt2'/],
  ])('refuses %o', async (change, message) => {
    const folder = await folderOf({ ...golden.config, ...change }, part('mlm'));
    await expect(loadTextModel(folder)).rejects.toThrow(CheckpointError);
    await expect(loadTextModel(folder)).rejects.toThrow(message);
    await expect(loadMaskedLm(folder)).rejects.toThrow(message);
  });

  it('hostile configurations end in typed errors', () => {
    const stream = new RandomStream(randomKey(4));
    const values = [null, -1, 0, 1.5, 2 ** 40, NaN, '16', true, [], {}, { a: 1 }, 1e300];
    const names = Object.keys(golden.config);
    const errors: unknown[] = [];
    for (let round = 0; round < 2000; round++) {
      const json: Record<string, unknown> = { ...golden.config };
      for (let change = 0; change < 3; change++)
        json[names[stream.integer(names.length)]!] = values[stream.integer(values.length)];
      try {
        readTextConfig(json);
      } catch (error) {
        errors.push(error);
      }
    }
    expect(errors.length).toBeGreaterThan(500);
    expect(errors.filter((error) => !SslError.isInstance(error))).toEqual([]);
  });
});

it('BERT with its pooler comes back, and what is no folder of a model is told', async () => {
  const config = bertConfig({
    vocabSize: 9,
    hiddenSize: 8,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    intermediateSize: 8,
  });
  const bert = new BertModel(config, { key: randomKey(3), pooler: true });
  const folder = await folderOf(textConfigToJson(bert, 'Model'), bert.stateDict());
  expect((await loadTextModel(folder)).model.stateDict()).toEqual(bert.stateDict());
  const mlm = new BertForMaskedLM(config, { key: randomKey(4) });
  const whole = await folderOf(textConfigToJson(mlm.encoder, 'ForMaskedLM'), mlm.stateDict());
  expect((await loadMaskedLm(whole)).model.stateDict()).toEqual(mlm.stateDict());
  await expect(loadMaskedLm(folder)).rejects.toThrow(CheckpointError);
  await expect(loadTextModel(join(parent, 'nowhere'))).rejects.toThrow(DataError);
  writeFileSync(join(folder, 'config.json'), '{');
  await expect(loadTextModel(folder)).rejects.toThrow(/not valid JSON/);
  expect(() => textConfigToJson({} as never, 'Model')).toThrow(InvalidOptionError);
  for (const json of [null, [], {}, { model_type: 3 }, 'bert'])
    expect(() => readTextConfig(json)).toThrow(/'model_type' must be one of/);
});
