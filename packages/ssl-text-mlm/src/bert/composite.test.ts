import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { Linear, Module, withPrefix, type StateDict } from '@selfsup/ssl-nn';
import { CheckpointError, randomKey } from '@selfsup/ssl-tensor/host';
import { beforeAll, expect, it } from 'vitest';
import { bertConfig } from './bert-config.js';
import { BertForMaskedLM } from './bert-for-masked-lm.js';
import { BertLayer } from './bert-layer.js';
import { BertModel } from './bert-model.js';

const key = randomKey(3);
const sizes = { vocabSize: 7, hiddenSize: 4, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 5 };
const config = bertConfig({ ...sizes, maxPositionEmbeddings: 6 });

/** Two towers in a record, as of CLIP. */
class Towers extends Module {
  static override readonly fieldNames = { towers: 'model' };
  readonly projection = new Linear(4, 2, { key });
  constructor(readonly towers: Readonly<Record<string, Module>>) {
    super();
  }
}

/** As a file of an old BERT has its names. */
function aged(state: StateDict): StateDict {
  const old: StateDict = new Map();
  for (const [name, array] of state)
    old.set(name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta'), array);
  return old
    .set('embeddings.position_ids', { data: Int32Array.of(0, 1, 2, 3, 4, 5), shape: [1, 6] })
    .set('pooler.dense.bias', { data: new Float32Array(4), shape: [4] });
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it('a BERT inside a composite reads what one outside reads', () => {
  const source = new BertModel(config, { key: randomKey(8) });
  const file = aged(source.stateDict());
  const alone = new BertModel(config, { key });
  const { ignored } = alone.loadStateDict(file);
  const model = new Towers({ text: new BertModel(config, { key }), image: new Linear(3, 4, { key }) });
  const whole = new Map([
    ...withPrefix(file, 'model.text.'),
    ...withPrefix(model.towers['image']!.stateDict(), 'model.image.'),
    ...withPrefix(model.projection.stateDict(), 'projection.'),
  ]);
  const before = [...whole.keys()];
  const loaded = model.loadStateDict(whole);
  expect(loaded).toMatchObject({ missing: [], unexpected: [] });
  expect([...loaded.ignored]).toEqual([...ignored].map(([name, reason]) => [`model.text.${name}`, reason]));
  expect(loaded.ignored.size).toBe(2);
  expect(model.towers['text']!.stateDict()).toEqual(source.stateDict());
  expect([...whole.keys()]).toEqual(before);
});

it('so does one layer of it, and two names of one tensor must agree there too', () => {
  const model = new Towers({ layer: new BertLayer(config, key) });
  const state = model.stateDict();
  const name = 'model.layer.output.LayerNorm';
  state.set(`${name}.gamma`, { data: new Float32Array(4).fill(2), shape: [4] });
  expect(() => model.loadStateDict(state)).toThrow(CheckpointError);
  expect(() => model.loadStateDict(state)).toThrow(`'${name}.gamma' and '${name}.weight' name one tensor`);
  state.delete(`${name}.weight`);
  model.loadStateDict(state);
  expect([...model.stateDict().get(`${name}.weight`)!.data]).toEqual([2, 2, 2, 2]);
});

it('a masked language model inside a composite checks its ties and saves both names of its bias', () => {
  const tied = new Towers({ text: new BertForMaskedLM(config, { key }) });
  const state = tied.stateDict();
  state.set('model.text.cls.predictions.decoder.weight', { data: new Float32Array(28), shape: [7, 4] });
  expect(() => tied.loadStateDict(state)).toThrow(
    /^'model\.text\.cls\.predictions\.decoder\.weight' differs from .*tieWordEmbeddings: false/,
  );
  const untied = new Towers({
    text: new BertForMaskedLM(bertConfig({ ...config, tieWordEmbeddings: false }), { key }),
  });
  expect(untied.loadStateDict(state)).toMatchObject({ missing: [], unexpected: [] });
  expect(untied.stateDict().get('model.text.cls.predictions.decoder.bias')).toEqual(
    untied.stateDict().get('model.text.cls.predictions.bias'),
  );
});
