import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Parameter } from '@selfsup/ssl-nn';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { BertModel } from '../bert/bert-model.js';
import { bertConfig } from '../bert/bert-config.js';
import { electraConfig, electraBase, electraLarge, electraMini, electraSmall } from '../electra/electra-config.js';
import { ElectraForMaskedLM } from '../electra/electra-for-masked-lm.js';
import { ElectraForPreTraining } from '../electra/electra-for-pre-training.js';
import '../../../../test/support/to-be-all-close.js';
import { type EmbeddingSharing, ReplacedTokenDetection } from './replaced-token-detection.js';

const sizes = {
  vocabSize: 12,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 8,
  maxPositionEmbeddings: 6,
};
const rates = { hiddenDropout: 0, attentionDropout: 0, initializerRange: 0.3 };
const config = electraConfig({ ...sizes, ...rates, hiddenSize: 8, embeddingSize: 4 });
const small = { ...config, hiddenSize: 6 };
const ints = (values: number[], shape: number[]): tf.Tensor => tf.tensor(values, shape, 'int32');
const batch = {
  inputIds: ints([2, 4, 7, 3, 2, 4, 3, 0], [2, 4]),
  attentionMask: ints([1, 1, 1, 1, 1, 1, 1, 0], [2, 4]),
  maskedPositions: ints([1, 5, 0], [3]),
  maskedLabels: ints([6, 9, 0], [3]),
  maskedWeights: tf.tensor1d([1, 1, 0]),
};
const ctx = { training: true, key: tf.tensor1d([5, 6], 'int32') };

function pair(sharing: EmbeddingSharing, discriminatorWeight = 50): ReplacedTokenDetection {
  const generator = new ElectraForMaskedLM(small, { key: randomKey(1) });
  const embeddings = sharing === 'tied' ? { embeddings: generator.electra.embeddings } : {};
  const discriminator = new ElectraForPreTraining(config, { key: randomKey(2), ...embeddings });
  return new ReplacedTokenDetection(generator, discriminator, { sharing, discriminatorWeight });
}

const wordsOf = (method: ReplacedTokenDetection, of: 'generator' | 'discriminator'): Parameter =>
  method.modules[of].encoder.wordEmbeddings!.weight;

/** Gradient of the generator's word embedding. */
function gradientOf(method: ReplacedTokenDetection, of: 'generator' | 'discriminator'): Float32Array {
  const { variable } = wordsOf(method, of);
  return tf.tidy(
    () =>
      tf
        .variableGrads(() => method.loss(batch as never, ctx).loss, [variable])
        .grads[variable.name]!.dataSync() as Float32Array,
  );
}

describe('ReplacedTokenDetection', () => {
  it('is the sum of both losses, and counts tokens and not padding', () => {
    const { loss, weight, metrics } = pair('none', 20).loss(batch as never, ctx);
    const numbers = Object.fromEntries(Object.entries(metrics!).map(([name, value]) => [name, value.dataSync()[0]!]));
    expect(loss.dataSync()[0]).toBeCloseTo(numbers['generatorLoss']! + 20 * numbers['discriminatorLoss']!, 4);
    expect(weight!.dataSync()[0]).toBe(2);
    // At most two of the seven tokens are replaced.
    expect([0, 1 / 7, 2 / 7].some((share) => Math.abs(share - numbers['replaced']!) < 1e-6)).toBe(true);
    expect(numbers['detectionAccuracy']! * 7).toBeCloseTo(Math.round(numbers['detectionAccuracy']! * 7), 4);
  });

  it.each(['none', 'gradient-disentangled'] as const)('keeps the texts of a packed row apart, %s', (sharing) => {
    const nothing = {
      maskedPositions: ints([0, 0], [2]),
      maskedLabels: ints([2, 2], [2]),
      maskedWeights: tf.tensor1d([0, 0]),
    };
    const ids = [2, 4, 3, 2, 7, 3];
    const shape = [1, 6];
    const packed = { ...nothing, inputIds: ints(ids, shape), attentionMask: ints([1, 1, 1, 1, 1, 1], shape) };
    const places = { segments: ints([0, 0, 0, 1, 1, 1], shape), positionIds: ints([0, 1, 2, 0, 1, 2], shape) };
    const rows = { ...nothing, inputIds: ints(ids, [2, 3]), attentionMask: ints([1, 1, 1, 1, 1, 1], [2, 3]) };
    const method = pair(sharing);
    const lossOf = (given: object): number =>
      method.loss(given as never, ctx).metrics!['discriminatorLoss']!.dataSync()[0]!;
    expect(lossOf({ ...packed, ...places })).toBeCloseTo(lossOf(rows), 5);
    expect(Math.abs(lossOf(packed) - lossOf(rows))).toBeGreaterThan(1e-3);
  });

  it('tied embeddings train by both losses, and are one parameter', () => {
    const tied = pair('tied');
    expect(wordsOf(tied, 'discriminator')).toBe(wordsOf(tied, 'generator'));
    const names = [...tied.trainable().keys()];
    expect(names.filter((name) => name.endsWith('embeddings.word_embeddings.weight'))).toHaveLength(1);
    expect(gradientOf(pair('tied', 50), 'generator')).not.toEqual(gradientOf(pair('tied', 0), 'generator'));
  });

  it.each(['none', 'gradient-disentangled'] as const)('%s: the discriminator leaves the generator alone', (sharing) => {
    expect(gradientOf(pair(sharing, 50), 'generator')).toBeAllClose(gradientOf(pair(sharing, 0), 'generator'), {
      atol: 1e-7,
    });
    expect(gradientOf(pair(sharing, 50), 'discriminator').some((value) => Math.abs(value) > 1e-3)).toBe(true);
  });

  it('disentangled, the discriminator reads the sum, and its state has it', () => {
    const method = pair('gradient-disentangled');
    const { generator, discriminator } = method.modules;
    const delta = wordsOf(method, 'discriminator').variable;
    expect(delta.dataSync().every((value) => value === 0)).toBe(true);
    // What has been trained stays with a second method.
    delta.assign(tf.mul(tf.sin(tf.reshape(tf.range(0, delta.size), delta.shape)), 0.2) as never);
    const trained = delta.dataSync().slice();
    const again = new ReplacedTokenDetection(generator, discriminator, { sharing: 'gradient-disentangled' });
    expect(delta.dataSync()).toEqual(trained);
    const file = again.discriminatorState();
    const sum = wordsOf(method, 'generator')
      .read()
      .data.map((value, index) => value + trained[index]!);
    expect(file.get('electra.embeddings.word_embeddings.weight')!.data).toEqual(sum);
    // Alone, with that state, it says what it says in the method.
    const alone = new ElectraForPreTraining(config, { key: randomKey(9) });
    alone.loadStateDict(file);
    const undrawn = { ...batch, maskedWeights: tf.tensor1d([0, 0, 1]), maskedLabels: ints([0, 0, 2], [3]) };
    const seen: tf.Tensor[] = [];
    const forward = discriminator.forward.bind(discriminator);
    discriminator.forward = (inputs, context) => {
      seen.push(inputs.inputIds, forward(inputs, context));
      return seen[1] as tf.Tensor2D;
    };
    again.loss(undrawn as never, ctx);
    const [inputIds, scores] = seen as [tf.Tensor, tf.Tensor];
    expect(alone.forward({ inputIds, attentionMask: batch.attentionMask }).dataSync()).toBeAllClose(scores.dataSync(), {
      atol: 1e-5,
    });
  });

  it('refuses models that do not go together, and its advice works', () => {
    const generator = new ElectraForMaskedLM(small, { key: randomKey(1) });
    const apart = new ElectraForPreTraining(config, { key: randomKey(2) });
    expect(() => new ReplacedTokenDetection(generator, apart)).toThrow(
      /with the generator's word embedding .*new ElectraForPreTraining\(config, \{ key, embeddings: generator\.electra\.embeddings \}\)/,
    );
    const { embeddings } = generator.electra;
    const together = new ElectraForPreTraining(config, { key: randomKey(2), embeddings });
    expect(new ReplacedTokenDetection(generator, together).settings).toEqual({
      sharing: 'tied',
      discriminatorWeight: 50,
      temperature: 1,
    });
    const disentangled = { sharing: 'gradient-disentangled' } as const;
    expect(() => new ReplacedTokenDetection(generator, together, disentangled)).toThrow(/Make it without embeddings/);
    const wide = new ElectraForPreTraining({ ...config, embeddingSize: 8 }, { key: randomKey(2) });
    expect(() => new ReplacedTokenDetection(generator, wide, disentangled)).toThrow(InvalidOptionError);
    const deaf = new ElectraForPreTraining(config, { key: randomKey(2) });
    Object.defineProperty(deaf.electra, 'readsInputsEmbeds', { value: false });
    expect(() => new ReplacedTokenDetection(generator, deaf, disentangled)).toThrow(/does not read inputsEmbeds/);
    const words = new ElectraForPreTraining({ ...config, vocabSize: 13 }, { key: randomKey(2) });
    expect(() => new ReplacedTokenDetection(generator, words, { sharing: 'none' })).toThrow(/vocabulary of 12/);
    expect(() => new ReplacedTokenDetection(generator, apart, { sharing: 'some' as 'none' })).toThrow(/sharing/);
    const bert = new BertModel(bertConfig({ ...sizes, hiddenSize: 8 }), { key: randomKey(1) });
    expect(() => new ReplacedTokenDetection(bert as never, apart, { sharing: 'none' })).toThrow(/generator must be/);
    const other = { ...config, embeddingSize: 8 };
    expect(() => new ElectraForPreTraining(other, { key: randomKey(2), embeddings })).toThrow(/embeddings must be/);
  });
});

it('presets have the sizes of the paper, and heads that divide', () => {
  const widths = ({ generator, discriminator }: typeof electraSmall) =>
    [discriminator, generator].map((each) => [each.hiddenSize, each.intermediateSize, each.numAttentionHeads]);
  expect(widths(electraSmall)).toEqual([
    [256, 1024, 4],
    [64, 256, 1],
  ]);
  expect(widths(electraBase)).toEqual([
    [768, 3072, 12],
    [256, 1024, 4],
  ]);
  expect(widths(electraLarge)).toEqual([
    [1024, 4096, 16],
    [256, 1024, 4],
  ]);
  for (const { generator, discriminator } of [electraSmall, electraBase, electraLarge, electraMini])
    for (const each of [generator, discriminator]) expect(electraConfig(each)).toEqual(each);
});
