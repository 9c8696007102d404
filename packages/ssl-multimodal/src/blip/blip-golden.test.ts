import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type NdArray, randomKey } from '@selfsup/ssl-core';
import type { Module, StateDict } from '@selfsup/ssl-nn';
import { bertConfig, trainWordPiece } from '@selfsup/ssl-text-mlm';
import { type BatchLoader, Sgd, Trainer } from '@selfsup/ssl-train';
import { VisionTransformer } from '@selfsup/ssl-vision';
import { hashState, hashUniform } from '../../../../test/golden/vision/hash-fill.js';
import '../../../../test/support/to-be-all-close.js';
import type { ImageTextBatch } from '../data/image-text-batch.js';
import { Blip } from './blip.js';
import { BlipCaptioner } from './blip-captioner.js';
import { BlipMatcher } from './blip-matcher.js';
import { withBlipTokens } from './blip-tokens.js';
import { blipStateForTransformers } from './blip-vision-names.js';
import { generateIds, type GenerateOptions } from './generate/generate-ids.js';
import { BlipTextDecoder } from './text/blip-text-decoder.js';
import { BlipTextModel } from './text/blip-text-model.js';

type Shapes = Readonly<Record<string, number[]>>;
interface Golden {
  readonly captioner: {
    readonly shapes: Shapes;
    readonly logits: number[];
    readonly sharper: number;
    readonly likelierEnd: number;
    readonly captions: Readonly<Record<string, number[][]>>;
  };
  readonly matcher: { readonly shapes: Shapes; readonly match: number[]; readonly similarity: number[] };
  readonly updates: {
    readonly sgd: { readonly learningRate: number; readonly momentum: number; readonly weightDecay: number };
    readonly options: object;
    readonly history: readonly Readonly<Record<'loss' | 'contrastive' | 'matching' | 'captioning', number>>[];
    readonly gradients: Readonly<Record<string, number[]>>;
    readonly after: Readonly<Record<string, number[]>>;
    readonly queues: Readonly<Record<'imageQueue' | 'textQueue', number[]>>;
  };
}

const url = new URL('../../../../test/golden/multimodal/blip.json', import.meta.url);
const golden = JSON.parse(readFileSync(url, 'utf8')) as Golden;
const [side, batch, length, width, embedDim] = [8, 4, 7, 8, 6];
const [pad, cls, sep, dec] = [0, 2, 3, 22];
const normalize = { mean: 0.5, std: 0.25 };
const key = randomKey(1);
const near = { rtol: 1e-4, atol: 1e-4 };

const text = bertConfig({
  vocabSize: 24,
  hiddenSize: width,
  numHiddenLayers: 2,
  numAttentionHeads: 2,
  intermediateSize: 16,
  maxPositionEmbeddings: 12,
  hiddenDropout: 0,
  attentionDropout: 0,
});
const vision = (): VisionTransformer =>
  new VisionTransformer({
    key,
    imageSize: side,
    patchSize: 4,
    dim: width,
    depth: 1,
    heads: 2,
    mlpRatio: 2,
    epsilon: 1e-5,
  });
const captionerOf = (): BlipCaptioner =>
  new BlipCaptioner(vision(), new BlipTextDecoder(text, { key, memoryDim: width }));
const matcherOf = (): BlipMatcher =>
  new BlipMatcher(vision(), new BlipTextModel(text, { key, memoryDim: width }), { key, embedDim });

/** Weights as `fill` of hash_fill.py leaves them: of tied tensors the last name's. */
function filled(shapes: Shapes): Map<string, NdArray> {
  const state = hashState(new Map(Object.entries(shapes)));
  const head = 'text_decoder.cls.predictions.';
  const [matrix, bias] = [state.get(`${head}decoder.weight`), state.get(`${head}decoder.bias`)];
  if (matrix !== undefined) state.set('text_decoder.bert.embeddings.word_embeddings.weight', matrix);
  if (bias !== undefined) state.set(`${head}bias`, bias);
  return state;
}

/** As `pictures` and `texts` of generate_blip.py. */
function batchOf(step: number): ImageTextBatch {
  const pixels = side * side * 3;
  const colours = hashUniform(batch * 3, 5000 + step);
  const noise = hashUniform(batch * pixels, 3000 + step);
  const data = Uint8Array.from(noise, (value, at) =>
    Math.floor((0.6 * colours[3 * Math.floor(at / pixels) + (at % 3)]! + 0.4 * value + 1) * 127.5),
  );
  const words = hashUniform(batch * length, 7000 + step);
  const inputIds = Int32Array.from(words, (value, at) => {
    const [place, end] = [at % length, length - 1 - (Math.floor(at / length) % 3)];
    if (place === 0) return cls;
    if (place >= end) return place === end ? sep : pad;
    return Math.floor(((value + 1) / 2) * 17 + 5);
  });
  return {
    images: { data, shape: [batch, side, side, 3] },
    inputIds: { data: inputIds, shape: [batch, length] },
    attentionMask: { data: inputIds.map((id) => (id === pad ? 0 : 1)), shape: [batch, length] },
  };
}
const tensorsOf = ({ images, inputIds, attentionMask }: ImageTextBatch) => ({
  images: tf.tensor(Int32Array.from(images.data), [...images.shape], 'int32'),
  inputIds: tf.tensor(inputIds.data, [...inputIds.shape], 'int32'),
  attentionMask: tf.tensor(attentionMask.data, [...attentionMask.shape], 'int32'),
});
const normalised = (images: tf.Tensor): tf.Tensor4D => tf.div(tf.sub(tf.div(images, 255), 0.5), 0.25);
const beginningWith = (first: number, { inputIds, ...rest }: ImageTextBatch): ImageTextBatch => ({
  ...rest,
  inputIds: { ...inputIds, data: inputIds.data.map((id, at) => (at % length === 0 ? first : id)) },
});

/** What is loaded goes back under the same names with the same values; of tied tensors once. */
function expectSameBack(model: Module, loaded: ReadonlyMap<string, NdArray>): void {
  const tied = ['text_decoder.cls.predictions.decoder.weight', 'text_decoder.cls.predictions.decoder.bias'];
  expect(blipStateForTransformers(model.stateDict())).toEqual(
    new Map([...loaded].filter(([name]) => !tied.includes(name))),
  );
}

it("has the outputs of transformers' BlipForConditionalGeneration from its weights", () => {
  const model = captionerOf();
  const loaded = filled(golden.captioner.shapes);
  expect(model.loadStateDict(loaded)).toMatchObject({ missing: [], unexpected: [] });
  expectSameBack(model, loaded);
  const { images, ...inputs } = tensorsOf(beginningWith(dec, batchOf(9)));
  const logits = model.forward(normalised(images), inputs).arraySync();
  const mask = inputs.attentionMask.dataSync();
  expect(logits.filter((_, at) => mask[at] === 1).flat()).toBeAllClose(golden.captioner.logits, near);
});

it("has the outputs of transformers' BlipForImageTextRetrieval from its weights", () => {
  const model = matcherOf();
  const loaded = filled(golden.matcher.shapes);
  expect(model.loadStateDict(loaded)).toMatchObject({ missing: [], unexpected: [] });
  expectSameBack(model, loaded);
  const { images, ...inputs } = tensorsOf(batchOf(9));
  const { tokens, embeddings } = model.encodeImages(normalised(images));
  expect(model.match(inputs, tokens).dataSync()).toBeAllClose(golden.matcher.match, near);
  const similarity = tf.matMul(embeddings, model.embedTexts(inputs), false, true);
  expect(similarity.dataSync()).toBeAllClose(golden.matcher.similarity, near);
});

it.each<[string, GenerateOptions]>([
  ['greedy', { maxLength: 9 }],
  ['least', { maxLength: 10, minLength: 6 }],
  ['beams', { search: 'beam', maxLength: 9 }],
  ['penalty', { search: 'beam', beams: 4, lengthPenalty: -1, maxLength: 10 }],
])("writes what transformers' generate writes: %s", async (name, options) => {
  const model = captionerOf();
  const state = filled(golden.captioner.shapes);
  const change = (entry: string, by: (value: number, at: number) => number): void => {
    const array = state.get(entry)!;
    state.set(entry, { ...array, data: (array.data as Float32Array).map(by) });
  };
  const head = 'text_decoder.cls.predictions.';
  change(`${head}transform.LayerNorm.weight`, (value) => golden.captioner.sharper * value);
  for (const bias of [`${head}bias`, `${head}decoder.bias`])
    change(bias, (value, at) => (at === sep ? value + golden.captioner.likelierEnd : value));
  model.loadStateDict(state);
  const frame = { begin: [dec], end: sep, pad };
  const { images } = batchOf(9);
  const found = await generateIds(model, images, normalize, frame, { ...options, batchSize: 3 });
  expect(found).toEqual(golden.captioner.captions[name]);
});

const words = Array.from({ length: 17 }, (_, at) => String.fromCodePoint(97 + at));
const tokenizer = withBlipTokens(await trainWordPiece({ lines: words, vocabSize: 22, minFrequency: 1 }));

function method(): Blip {
  const { options } = golden.updates;
  const blip = new Blip({ image: vision(), text, tokenizer, key, normalize, negatives: 'hardest', ...options });
  const { matcher, captioner, momentumMatcher } = blip.modules;
  captioner.loadStateDict(filled(golden.captioner.shapes));
  matcher.loadStateDict(filled(golden.matcher.shapes));
  momentumMatcher.loadStateDict(filled(golden.matcher.shapes));
  for (const [name, seed] of [
    ['imageQueue', 4001],
    ['textQueue', 4002],
  ] as const) {
    const { features } = blip.state[name].buffers;
    const rows = tf.tensor2d(hashUniform(features.size, seed), features.shape);
    features.assign(tf.div(rows, tf.norm(rows, 2, 1, true)));
  }
  return blip;
}

/** Values of the reference by our names: those of a module that they are loaded into. */
function ours(values: Readonly<Record<string, number[]>>, prefix: string, shapes: Shapes, module: Module): StateDict {
  const own = Object.entries(values).filter(([name]) => name.startsWith(`${prefix}.`));
  const state = new Map(
    own.map(([name, data]) => {
      const entry = name.slice(prefix.length + 1);
      return [entry, { data: Float32Array.from(data), shape: shapes[entry]! }] as const;
    }),
  );
  const { missing, unexpected } = module.loadStateDict(state, { strict: false });
  expect(unexpected).toEqual([]);
  const all = module.stateDict();
  for (const name of missing) all.delete(name);
  return all;
}

it("gradients and three updates equal those of the authors' arithmetic with transformers' modules", async () => {
  const { sgd, history, gradients, after, queues } = golden.updates;
  const blip = method();
  const trained = [...blip.trainable()];
  const context = { training: true, values: { alpha: tf.scalar(0) }, phase: 'train' } as const;
  const { grads } = tf.variableGrads(
    () => blip.loss(tensorsOf(batchOf(0)), context).loss,
    trained.map(([, { variable }]) => variable),
  );
  expect(trained).toHaveLength(Object.keys(gradients).length);
  const gradientsOf = method();
  const other = [...gradientsOf.trainable().values()];
  trained.forEach(([, { variable }], at) => other[at]!.variable.assign(grads[variable.name]!));
  const cases = [
    ['matcher', golden.matcher.shapes, matcherOf],
    ['captioner', golden.captioner.shapes, captionerOf],
  ] as const;
  for (const [name, shapes, make] of cases) {
    const found = gradientsOf.modules[name].stateDict();
    for (const [entry, { data }] of ours(gradients, name, shapes, make()))
      expect(found.get(entry)!.data, `gradient of ${name}.${entry}`).toBeAllClose(data as Float32Array, near);
  }

  const run = method();
  const { learningRate, ...options } = sgd;
  const loader: BatchLoader<ImageTextBatch> = {
    batchesPerEpoch: history.length,
    async *epoch() {
      for (let step = 0; step < history.length; step++) yield batchOf(step);
    },
    close: async () => {},
  };
  const result = await new Trainer({
    method: run,
    loader,
    optimizer: new Sgd([{ parameters: run.trainable() }], options),
    schedule: learningRate,
    steps: history.length,
    seed: 0,
    logEvery: 1,
    progress: 'silent',
    handleSignals: false,
    threads: 1,
  }).fit();
  for (const name of ['loss', 'contrastive', 'matching', 'captioning'] as const)
    expect(
      result.history.map((step) => (name === 'loss' ? step.loss : step.metrics[name]!)),
      `${name} of each update`,
    ).toBeAllClose(
      history.map((step) => step[name]),
      near,
    );
  for (const [name, shapes, make] of [...cases, ['momentumMatcher', golden.matcher.shapes, matcherOf] as const]) {
    const found = run.modules[name].stateDict();
    for (const [entry, { data }] of ours(after, name, shapes, make()))
      expect(found.get(entry)!.data, `${name}.${entry} after the updates`).toBeAllClose(data as Float32Array, near);
  }
  expect(run.modules.temperature.value.dataSync()).toBeAllClose(after['temperature.temp']!, near);
  for (const name of ['imageQueue', 'textQueue'] as const)
    expect(run.state[name].features.dataSync(), `${name} after the updates`).toBeAllClose(queues[name], near);
});
