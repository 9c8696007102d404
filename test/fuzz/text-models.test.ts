/** `config.json` of every family from strangers, by itself and beside the weights of a small model. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { saveSafetensors } from '@selfsup/ssl-nn';
import {
  BertForMaskedLM,
  bertConfig,
  DebertaForMaskedLM,
  debertaConfig,
  DebertaV2ForMaskedLM,
  debertaV2Config,
  DistilBertForMaskedLM,
  distilBertConfig,
  ElectraForMaskedLM,
  electraConfig,
  loadMaskedLm,
  loadTextModel,
  type MaskedLmModel,
  ModernBertForMaskedLM,
  modernBertConfig,
  readTextConfig,
  RobertaForMaskedLM,
  robertaConfig,
  textConfigToJson,
} from '@selfsup/ssl-text-mlm';
import { randomKey, SslError } from '@selfsup/ssl-tensor/host';
import { afterAll, expect } from 'vitest';
import { describeFuzz } from './describe-fuzz.js';
import { describeMutations } from './describe-mutations.js';
import { folderWith } from './folder-with.js';

const parent = mkdtempSync(join(tmpdir(), 'fuzz-models-'));
afterAll(() => rmSync(parent, { recursive: true }));
const key = randomKey(0);
const sizes = {
  vocabSize: 24,
  hiddenSize: 8,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 12,
  maxPositionEmbeddings: 10,
  padTokenId: 0,
};
const models: Record<string, MaskedLmModel> = {
  bert: new BertForMaskedLM(bertConfig(sizes), { key }),
  roberta: new RobertaForMaskedLM(robertaConfig(sizes), { key }),
  distilbert: new DistilBertForMaskedLM(distilBertConfig(sizes), { key }),
  electra: new ElectraForMaskedLM(electraConfig({ ...sizes, embeddingSize: 4 }), { key }),
  deberta: new DebertaForMaskedLM(debertaConfig(sizes), { key }),
  'deberta-v2': new DebertaV2ForMaskedLM(debertaV2Config(sizes), { key }),
  modernbert: new ModernBertForMaskedLM(modernBertConfig({ ...sizes, layerTypes: ['full_attention'], padTokenId: 0 }), {
    key,
  }),
};
const configs = new Map<string, Record<string, unknown>>();
for (const [name, model] of Object.entries(models)) {
  const folder = join(parent, name);
  mkdirSync(folder);
  const config = textConfigToJson(model.encoder, 'ForMaskedLM');
  configs.set(name, config);
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  await saveSafetensors(join(folder, 'model.safetensors'), model.stateDict());
}
// Those of transformers, with all that it writes.
const ofOthers = ['roberta', 'distilbert', 'electra'].map(
  (name) =>
    (
      JSON.parse(readFileSync(new URL(`../golden/text/families/${name}-small.json`, import.meta.url), 'utf8')) as {
        config: unknown;
      }
    ).config,
);

describeMutations(
  'config.json of every family',
  [...configs.values(), ...ofOthers],
  (document) => {
    const { config, family } = readTextConfig(document, 'config.json');
    const { hiddenSize, numAttentionHeads } = config as { hiddenSize: number; numAttentionHeads: number };
    expect(hiddenSize % numAttentionHeads).toBe(0);
    expect(family.baseName).not.toBe('');
  },
  2 ** 20,
);

/** Loads a folder both ways, and computes a text. */
async function useFolder(folder: string): Promise<void> {
  const before = tf.memory().numTensors;
  try {
    const { model } = await loadTextModel(folder);
    try {
      const states = tf.tidy(() =>
        model.forward({ inputIds: tf.tensor2d([[2, 5, 6, 3]], [1, 4], 'int32') }).dataSync(),
      );
      expect(states.length % 4).toBe(0);
    } finally {
      model.dispose();
    }
    (await loadMaskedLm(folder)).model.dispose();
  } finally {
    // A model that is refused leaves nothing behind either.
    expect(tf.memory().numTensors).toBe(before);
  }
}

describeMutations(
  'config.json beside its weights',
  [...configs].map(([name, config]) => ({ name, config })),
  async (document) => {
    // The name is damaged as well.
    const { name, config } = (document ?? {}) as { name?: unknown; config?: unknown };
    const family = typeof name === 'string' && configs.has(name) ? name : 'bert';
    const path = join(parent, 'config.json');
    writeFileSync(path, JSON.stringify(config) ?? '');
    await useFolder(folderWith(path, join(parent, family)));
  },
  2 ** 24,
);

describeFuzz(
  'files of a small model',
  ['bert', 'deberta-v2', 'modernbert'].flatMap((name) =>
    ['config.json', 'model.safetensors'].map((file) => ({
      name: `${name}-${file}`,
      bytes: readFileSync(join(parent, name, file)),
    })),
  ),
  async (path) => {
    const [, name, file] = /([a-z\d-]+)-((?:config|model)\.\w+)$/.exec(path)!;
    const own = join(path, '..', file!);
    writeFileSync(own, readFileSync(path));
    await useFolder(folderWith(own, join(parent, name!)));
  },
  { maxAllocation: 2 ** 25, headerBytes: 1500, refusal: SslError },
);
