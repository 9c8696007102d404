import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { training, twinOf } from '@selfsup/ssl-nn';
import { compile, sparseSoftmaxCrossEntropy } from '@selfsup/ssl-tensor';
import { CheckpointError, randomKey } from '@selfsup/ssl-tensor/host';
import { beforeAll, describe, expect, it } from 'vitest';
import { familyGolden, familyInputs, gradientsOf } from '../../../../test/support/text-family-golden.js';
import '../../../../test/support/to-be-all-close.js';
import { DistilBertForMaskedLM } from '../distilbert/distilbert-for-masked-lm.js';
import { distilBertConfig } from '../distilbert/distilbert-config.js';
import { electraConfig } from '../electra/electra-config.js';
import { ElectraForMaskedLM } from '../electra/electra-for-masked-lm.js';
import { robertaConfig } from '../roberta/roberta-config.js';
import { RobertaForMaskedLM } from '../roberta/roberta-for-masked-lm.js';
import type { EncoderForMaskedLM } from './encoder-for-masked-lm.js';
import { readTextConfig } from './text-families.js';

const key = randomKey(1);
const close = { rtol: 1e-4, atol: 2e-5 };
const models = {
  roberta: (config: never) => new RobertaForMaskedLM(config, { key }),
  distilbert: (config: never) => new DistilBertForMaskedLM(config, { key }),
  electra: (config: never) => new ElectraForMaskedLM(config, { key }),
} as const;
const configs = { roberta: robertaConfig, distilbert: distilBertConfig, electra: electraConfig } as const;
const families = Object.keys(models) as (keyof typeof models)[];
const cases = families.flatMap((family) => (['small', 'wide'] as const).map((size) => [family, size] as const));

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(cases)('%s, %s, against transformers', (family, size) => {
  const { golden, part } = familyGolden(`${family}-${size}`);
  const file = part('mlm');
  const make = (): EncoderForMaskedLM => models[family](readTextConfig(golden.config).config as never);
  const loaded = (): EncoderForMaskedLM => {
    const model = make();
    model.loadStateDict(file);
    return model;
  };
  const model = loaded();
  const positions = (): tf.Tensor1D => tf.tensor1d(golden.positions, 'int32');
  const lossOf = (): tf.Scalar =>
    tf.mean(
      sparseSoftmaxCrossEntropy(
        model.forward(familyInputs(golden), positions(), training),
        tf.tensor1d(golden.targets, 'int32'),
      ),
    );

  it('saves the tensors of the file under its names', () => {
    const state = model.stateDict();
    expect([...state.keys()].toSorted()).toEqual([...file.keys()].toSorted());
    for (const [name, array] of state) expect([name, array]).toEqual([name, file.get(name)]);
  });

  it('gives the same hidden states, scores, loss and gradients', () => {
    tf.tidy(() => {
      const inputs = familyInputs(golden);
      const { depth, tokenDim } = model.encoder;
      const blocks = Array.from({ length: depth + 1 }, (_, block) => block);
      const mask = tf.reshape(inputs.attentionMask, [...golden.shape, 1]);
      model.encoder.encode(inputs, undefined, { blocks }).blocks.forEach((block, index) => {
        const expected = tf.tensor3d(golden.hiddenStates[index]!, [...golden.shape, tokenDim]);
        // Whatever stands at padding is read by nobody.
        expect(tf.mul(block, mask)).toBeAllClose(tf.mul(expected, mask), close);
      });
      expect(model.forward(inputs, positions()).dataSync()).toBeAllClose(golden.logits, close);
      const { value, gradients } = gradientsOf(model, lossOf);
      expect(value).toBeAllClose(golden.loss, close);
      const expected = part('mlm-gradients');
      expect([...gradients.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
      for (const [name, gradient] of gradients) expect(gradient).toBeAllClose(expected.get(name)!, close);
    });
  });

  it('gives the same scores compiled, and a twin gives them too', async () => {
    const step = compile((inputIds: tf.Tensor, attentionMask: tf.Tensor, at: tf.Tensor) =>
      twin.forward({ ...familyInputs(golden), inputIds, attentionMask }, at),
    );
    const twin = twinOf(model);
    const { inputIds, attentionMask } = familyInputs(golden);
    const scores = await step(inputIds, attentionMask, positions());
    expect(scores.dataSync()).toBeAllClose(golden.logits, close);
    expect(twin.head.decoderWeight).toBe(twin.encoder.wordEmbeddings!.weight);
    step.dispose();
  });

  it('says which layer a parameter is of', () => {
    const layers = new Set([...model.encoder.namedParameters().keys()].map((name) => model.encoder.layerOf(name)));
    expect([...layers].toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: model.encoder.depth + 1 }, (_, layer) => layer),
    );
  });

  it('refuses a decoder that is not the embedding unless the configuration unties them', () => {
    const names = { roberta: 'lm_head.decoder', distilbert: 'vocab_projector', electra: 'generator_lm_head' };
    const name = `${names[family]}.weight`;
    const words = file.get(`${family}.embeddings.word_embeddings.weight`)!;
    const other = { data: words.data.map((value) => value + 1) as Float32Array, shape: words.shape };
    const state = new Map(file).set(name, other);
    expect(() => make().loadStateDict(state)).toThrow(CheckpointError);
    const { config } = readTextConfig({ ...golden.config, tie_word_embeddings: false });
    const untied = models[family](config as never);
    untied.loadStateDict(state, { strict: false });
    expect(untied.stateDict().get(name)).toEqual(other);
  });
});

describe.each(families)('%s', (family) => {
  it('starts from normal(0, 0.02), zero biases and zero rows for padding', () => {
    const sizes = {
      vocabSize: 300,
      hiddenSize: 64,
      numHiddenLayers: 1,
      numAttentionHeads: 2,
      maxPositionEmbeddings: 20,
    };
    const config = configs[family]({ ...sizes, intermediateSize: 64 });
    const state = [...models[family](config as never).stateDict()];
    const of = (pattern: RegExp): number[][] =>
      state.flatMap(([name, { data }]) => (pattern.test(name) ? [Array.from(data)] : []));
    const deviation = (values: number[]): number =>
      Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    expect(
      of(/bias$/)
        .flat()
        .filter((value) => value !== 0),
    ).toEqual([]);
    expect(
      of(/layer_?norm\.weight$/i)
        .flat()
        .filter((value) => value !== 1),
    ).toEqual([]);
    const matrices = of(/(?<!layer_?norm)\.weight$/i).filter((values) => values.length > 3000);
    expect(matrices.length).toBeGreaterThan(5);
    for (const values of matrices) expect(Math.abs(deviation(values) - 0.02)).toBeLessThan(0.001);
    const padded = family === 'roberta' ? /(?:word|position)_embeddings\.weight$/ : /word_embeddings\.weight$/;
    for (const [, { data, shape }] of state.filter(([name]) => padded.test(name))) {
      const row = data.slice(config.padTokenId! * shape[1]!, (config.padTokenId! + 1) * shape[1]!);
      expect(Array.from(row).filter((value) => value !== 0)).toEqual([]);
    }
  });
});
