import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { type NdArray, randomKey } from '@selfsup/ssl-core';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor';
import { bertConfig } from '@selfsup/ssl-text-mlm';
import '../../../../test/support/to-be-all-close.js';
import { blipTokenizer, captions, smallBlip, text } from '../../test/blip-shapes.js';
import { drawn, tokenizer } from '../../test/shapes.js';
import type { Blip } from './blip.js';
import type { BlipOptions } from './blip-options.js';
import { withBlipTokens } from './blip-tokens.js';
import { MapTokens } from './map-tokens.js';
import { rerankedRetrieval } from './reranked-retrieval.js';
import { BlipTextDecoder } from './text/blip-text-decoder.js';
import { BlipTextModel } from './text/blip-text-model.js';

const ctx = {
  ...training,
  key: tf.tensor1d([1, 2], 'int32'),
  values: { alpha: tf.scalar(0.4) },
  phase: 'train',
} as const;
const { images } = drawn(12, 3);
/** Pictures with the texts given; no text: that of its class. */
const batchOf = (texts: readonly string[] = captions, count: number = texts.length) => {
  const { inputIds, attentionMask } = blipTokenizer.encodeBatch(texts);
  const pixels = images.data.subarray(0, (images.data.length / 12) * count);
  return {
    images: tf.tensor4d(Int32Array.from(pixels), [count, 12, 12, 3], 'int32'),
    inputIds: tf.tensor2d(inputIds.data, inputIds.shape as [number, number], 'int32'),
    attentionMask: tf.tensor2d(attentionMask.data, attentionMask.shape as [number, number], 'int32'),
  };
};
const numbersOf = (blip: Blip, batch = batchOf()): Record<string, number> =>
  Object.fromEntries(
    Object.entries(blip.loss(batch, ctx).metrics!).map(([name, value]) => [name, value.dataSync()[0]!]),
  );

describe('Blip', () => {
  it('has a decoder that shares all but self-attention with the encoder', () => {
    const { matcher, captioner } = smallBlip().modules;
    const shared = new Set(matcher.namedParameters().values());
    const own = [...captioner.namedParameters()]
      .filter(([, parameter]) => !shared.has(parameter))
      .map(([name]) => name);
    const parts = new Set(
      own.map((name) => name.replace(/^text_decoder\.(bert\.encoder\.layer\.\d+\.\w+|cls).*/, '$1')),
    );
    expect([...parts]).toEqual(['bert.encoder.layer.0.attention', 'bert.encoder.layer.1.attention', 'cls']);
  });

  it('adds three losses, and lets no gradient into the momentum encoders', () => {
    const blip = smallBlip();
    const { matcher, captioner, momentumMatcher, temperature } = blip.modules;
    expect(momentumMatcher.stateDict()).toEqual(matcher.stateDict());
    const of = (module: { namedParameters(): ReadonlyMap<string, { variable: tf.Variable }> }): tf.Variable[] =>
      [...module.namedParameters().values()].map(({ variable }) => variable);
    const variables = [...new Set([matcher, captioner, temperature, momentumMatcher].flatMap(of))];
    const { value, grads } = tf.variableGrads(() => blip.loss(batchOf(), ctx).loss, variables);
    const { contrastive, matching, captioning } = numbersOf(blip);
    expect(value.dataSync()[0]).toBeCloseTo(contrastive! + matching! + captioning!, 4);
    const found = (all: tf.Variable[]): number => all.filter(({ name }) => name in grads).length;
    expect(found(of(momentumMatcher))).toBe(0);
    expect(found([...blip.trainable().values()].map(({ variable }) => variable))).toBe(blip.trainable().size);
  });

  it('draws its negatives by explicit keys', () => {
    const blip = smallBlip();
    const matching = (key: readonly [number, number]): number =>
      blip.loss(batchOf(), { ...ctx, key: tf.tensor1d([...key], 'int32') }).metrics!['matching']!.dataSync()[0]!;
    expect(matching([1, 2])).toBe(matching([1, 2]));
    expect(matching([3, 4])).not.toBe(matching([1, 2]));
    expect(() => blip.loss(batchOf(), { training: true, values: ctx.values, phase: 'train' })).toThrow('ctx.key');
    expect(
      smallBlip({ negatives: 'hardest' }).loss(batchOf(), { ...training, values: ctx.values, phase: 'train' }),
    ).toBeDefined();
  });

  it('counts no pair of the same text as a negative', () => {
    const blip = smallBlip({ negatives: 'hardest' });
    const [one] = captions;
    const { matching, matchingAccuracy } = numbersOf(blip, batchOf([one!, one!, one!]));
    // Positives alone: all right or all wrong but for the picture.
    expect([0, 1, 2, 3].some((right) => Math.abs(matchingAccuracy! - right / 3) < 1e-6)).toBe(true);
    expect(Number.isFinite(matching)).toBe(true);
  });

  it('raises the share of soft targets over its epochs, and keeps the temperature in its range', () => {
    const run = { totalSteps: 100, stepsPerEpoch: 10 };
    const shares = (options: Partial<BlipOptions>) =>
      [0, 5, 10, 50].map((step) => smallBlip(options).schedules(run).alpha(step));
    expect(shares({})).toEqual([0, 0.2, 0.4, 0.4]);
    expect(shares({ alphaEpochs: 2, alpha: 0.8 })).toEqual([0, 0.2, 0.4, 0.8]);
    expect(shares({ alphaEpochs: 0 })).toEqual([0.4, 0.4, 0.4, 0.4]);
    const blip = smallBlip();
    const { value } = blip.modules.temperature;
    (value as tf.Variable).assign(tf.scalar(2));
    blip.afterUpdate(training, { images: tf.ones([12, 16]), texts: tf.zeros([12, 16]) });
    expect(value.dataSync()[0]).toBe(0.5);
    expect(
      blip.state.imageQueue.features
        .dataSync()
        .slice(0, 12 * 16)
        .every((x) => x === 1),
    ).toBe(true);
    expect(() => blip.afterUpdate(training, { images: tf.ones([7, 16]), texts: tf.zeros([7, 16]) })).toThrow(
      'a number of pairs an update that divides queueSize 96, got 7',
    );
  });

  it('padding changes nothing', () => {
    const blip = smallBlip({ negatives: 'hardest' });
    const plain = batchOf();
    const add = (x: tf.Tensor2D): tf.Tensor2D =>
      tf.pad(x, [
        [0, 0],
        [0, 3],
      ]);
    const padded = { ...plain, inputIds: add(plain.inputIds), attentionMask: add(plain.attentionMask) };
    const [a, b] = [numbersOf(blip, plain), numbersOf(blip, padded)];
    for (const [name, value] of Object.entries(a)) expect(b[name], `metric ${name}`).toBeCloseTo(value, 4);
  });

  it('refuses what does not fit', () => {
    const blip = smallBlip();
    expect(() => blip.loss(batchOf([captions[0]!]), ctx)).toThrow('Blip: batch must be of two pairs or more');
    expect(() => blip.loss(batchOf(captions, 6), ctx)).toThrow('a text for each of the 6 pictures, got 12 texts');
    const long = batchOf(captions.map((caption) => `${caption} and ${caption} and ${caption}`));
    expect(() => blip.loss(long, ctx)).toThrow('at most 10 tokens (encode with maxLength');
    const wrong: Partial<BlipOptions>[] = [
      { temperature: 0.9 },
      { momentum: 2 },
      { alpha: -1 },
      { alphaEpochs: -1 },
      { queueSize: 0 },
      { embedDim: 0 },
      { labelSmoothing: 1 },
      { negatives: 'easy' as 'drawn' },
      { image: {} as never },
      { tokenizer: {} as never },
    ];
    for (const options of wrong) expect(() => smallBlip(options)).toThrow(InvalidOptionError);
    expect(() => new MapTokens({} as never)).toThrow(InvalidOptionError);
    expect(() => blip.image.encode(tf.zeros([1, 12, 12, 3]), training, { keep: tf.zeros([1, 2], 'int32') })).toThrow(
      'keep',
    );
    const other = new BlipTextModel(bertConfig({ ...text, intermediateSize: 32 }), {
      key: randomKey(1),
      memoryDim: 32,
    });
    expect(() => new BlipTextDecoder(text, { key: randomKey(1), memoryDim: 32, shared: other })).toThrow(
      'shared must be a model of intermediateSize 64',
    );
  });

  it('its text model refuses rows of several texts, which it would read as one', () => {
    const { inputIds, attentionMask } = batchOf();
    const model = new BlipTextModel(bertConfig(text), { key: randomKey(1), memoryDim: 32 });
    const inputs = { inputIds, attentionMask, segments: tf.zerosLike(inputIds) };
    expect(() => model.forward(inputs)).toThrow(/without packing: true/);
    expect(model.forward({ inputIds, attentionMask }).shape[0]).toBe(inputIds.shape[0]);
  });

  it('tells how a vocabulary gets its tokens, and the advice works', () => {
    expect(() => smallBlip({ tokenizer })).toThrow(
      /tokenizer must be a vocabulary with \[DEC\], got .*\. Add it with tokenizer = withBlipTokens\(tokenizer\)/,
    );
    const added = withBlipTokens(tokenizer);
    expect(added.vocabSize).toBe(tokenizer.vocabSize + 2);
    expect(withBlipTokens(added)).toBe(added);
    expect(added.encode('a red ring')).toEqual(tokenizer.encode('a red ring'));
    expect(smallBlip({ tokenizer: added }).tokenIds).toEqual({
      decode: tokenizer.vocabSize,
      encode: tokenizer.vocabSize + 1,
    });
    const short = bertConfig({ ...text, vocabSize: tokenizer.vocabSize });
    expect(() => smallBlip({ text: short })).toThrow('the vocabulary has');
  });
});

describe('use of a Blip', () => {
  const blip = smallBlip();

  it('writes one caption for each picture, the same in batches of any size, drawn by its key', async () => {
    const greedy = await blip.caption(images, { maxLength: 6 });
    expect(greedy).toHaveLength(12);
    expect(await blip.caption(images, { maxLength: 6, batchSize: 5 })).toEqual(greedy);
    const drawnBy = (seed: number, batchSize = 16): Promise<string[]> =>
      blip.caption(images, { search: 'nucleus', key: randomKey(seed), maxLength: 6, batchSize });
    const texts = await drawnBy(1);
    expect(await drawnBy(1, 5)).toEqual(texts);
    expect(await drawnBy(2)).not.toEqual(texts);
    const begun = await blip.caption(images, { prompt: 'this is', maxLength: 6 });
    expect(begun.every((caption) => caption.startsWith('this is'))).toBe(true);
  });

  it('scores pairs alike alone and with others', async () => {
    const scores = await blip.matchScore({ images, texts: captions });
    expect(scores).toHaveLength(12);
    const one: NdArray<Uint8Array> = { data: images.data.subarray(0, images.data.length / 12), shape: [1, 12, 12, 3] };
    const alone = await blip.matchScore({ images: one, texts: [captions[0]!] });
    expect([...alone]).toBeAllClose([scores[0]!], { rtol: 1e-4, atol: 1e-5 });
  });

  it('ranks the nearest anew by similarity and matching score', async () => {
    const { texts, pictures, imageToText } = await rerankedRetrieval(blip, images, captions, { k: 4, ks: [1, 4] });
    expect([texts.shape, pictures.shape, imageToText.length]).toEqual([[12, 4], [12, 4], 2]);
    const { matcher } = blip.modules;
    const batch = batchOf();
    const pixels = tf.div(tf.sub(tf.div(batch.images, 255), 0.4), 0.25) as tf.Tensor4D;
    const { tokens, embeddings } = matcher.encodeImages(pixels);
    const near = tf.matMul(embeddings, matcher.embedTexts(batch), false, true).arraySync() as number[][];
    const grounded = tf.concat([tf.fill([12, 1], blip.tokenIds.encode, 'int32'), tf.slice(batch.inputIds, [0, 1])], 1);
    for (const picture of [0, 7]) {
      const memory = tf.gather(tokens, tf.fill([12], picture, 'int32') as tf.Tensor1D);
      const match = matcher.match({ ...batch, inputIds: grounded }, memory).arraySync();
      const own = near[picture]!;
      const first = own
        .map((_, at) => at)
        .sort((a, b) => own[b]! - own[a]!)
        .slice(0, 4);
      const order = first.sort((a, b) => own[b]! + match[b]![1]! - own[a]! - match[a]![1]!);
      expect([...texts.data.subarray(4 * picture, 4 * picture + 4)]).toEqual(order);
    }
  });

  it('refuses what does not fit', async () => {
    await expect(blip.caption({ data: new Float32Array(3), shape: [1, 3] } as never)).rejects.toThrow(ShapeError);
    await expect(blip.caption(images, { search: 'nucleus' })).rejects.toThrow("given with search 'nucleus'");
    await expect(blip.caption(images, { maxLength: 11 })).rejects.toThrow('an integer in [2, 10]');
    await expect(blip.caption(images, { minLength: 12 })).rejects.toThrow(InvalidOptionError);
    await expect(blip.caption(images, { topP: 0 })).rejects.toThrow('above 0 and at most 1');
    await expect(blip.matchScore({ images, texts: captions.slice(1) })).rejects.toThrow(
      'one for each of the 12 pictures',
    );
    const long = captions.map((caption, at) => (at === 3 ? 'a red ring '.repeat(5) : caption));
    await expect(blip.matchScore({ images, texts: long })).rejects.toThrow('texts[3] must be at most the 10 tokens');
    await expect(rerankedRetrieval(blip, images, captions.slice(1))).rejects.toThrow('a multiple of the 12 pictures');
    await expect(rerankedRetrieval(blip, images, captions, { k: 2, ks: [5] })).rejects.toThrow('at most k');
  });
});
