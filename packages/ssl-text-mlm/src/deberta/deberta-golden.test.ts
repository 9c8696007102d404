import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Module, training } from '@selfsup/ssl-nn';
import { compile, sparseSoftmaxCrossEntropy } from '@selfsup/ssl-tensor';
import { type NdArray, randomKey } from '@selfsup/ssl-tensor/host';
import { beforeAll, describe, expect, it } from 'vitest';
import { digest, hashArray, hashState } from '../../../../test/golden/vision/hash-fill.js';
import '../../../../test/support/to-be-all-close.js';
import { TextForSequenceClassification } from '../heads/text-for-sequence-classification.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import { readTextConfig, textConfigToJson } from '../models/text-families.js';
import { DebertaForMaskedLM } from './deberta-for-masked-lm.js';
import { DebertaModel } from './deberta-model.js';
import { DebertaV2ForMaskedLM } from './deberta-v2-for-masked-lm.js';
import { DebertaV2Model } from './deberta-v2-model.js';
import { logBucket } from './relative-positions.js';

type Digest = [number, number];
interface Trained {
  readonly logits: number[];
  readonly loss: number;
  readonly gradients: Record<string, Digest>;
}
interface Case extends Trained {
  readonly version: 1 | 2;
  readonly config: Record<string, unknown>;
  readonly shapes: Record<string, number[]>;
  readonly shape: [number, number];
  readonly inputIds: number[];
  readonly attentionMask: number[];
  readonly tokenTypeIds: number[];
  readonly positions: number[];
  readonly targets: number[];
  readonly hiddenStates: Digest[];
  readonly lastHidden: number[];
  /** Of the enhanced mask decoder; one, or none where the case has none. */
  readonly enhanced?: readonly [Trained];
  readonly classifier?: readonly [Trained & { readonly shapes: Record<string, number[]>; readonly classes: number[] }];
}
interface Golden {
  readonly digestSeed: number;
  readonly positionSeed: number;
  readonly buckets: {
    readonly buckets: number;
    readonly maxPosition: number;
    readonly offsets: number;
    readonly positions: number[];
  }[];
  readonly cases: Record<string, Case>;
}

const file = join(import.meta.dirname, '../../../../test/golden/text/deberta.json');
const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden;
const close = { rtol: 1e-4, atol: 1e-4 };
const key = randomKey(1);
const positionName = 'deberta.embeddings.position_embeddings.weight';

function maskedLm({ version, config: file }: Case, enhancedMaskDecoder = false) {
  const options = { key, enhancedMaskDecoder };
  const config = readTextConfig(file).config as never;
  return version === 1 ? new DebertaForMaskedLM(config, options) : new DebertaV2ForMaskedLM(config, options);
}

function classifierOf({ version, config: file }: Case): TextForSequenceClassification {
  const config = readTextConfig(file).config as never;
  const encoder = version === 1 ? new DebertaModel(config, { key }) : new DebertaV2Model(config, { key });
  return new TextForSequenceClassification(encoder, { key, numLabels: 3 });
}

const stateOf = (shapes: Record<string, number[]>): Map<string, NdArray> => hashState(new Map(Object.entries(shapes)));
const inputsOf = ({ inputIds, attentionMask, tokenTypeIds, shape }: Case) => ({
  inputIds: tf.tensor2d(inputIds, shape, 'int32'),
  attentionMask: tf.tensor2d(attentionMask, shape, 'int32'),
  tokenTypeIds: tf.tensor2d(tokenTypeIds, shape, 'int32'),
});

/** Digests of gradients by the state's name, in the state dict's layout. */
function digestsOf(model: Module, grads: tf.NamedTensorMap): Record<string, Digest> {
  return Object.fromEntries(
    [...model.namedParameters()].flatMap(([name, parameter]) => {
      const gradient = grads[parameter.variable.name];
      if (gradient === undefined) return [];
      const array = { data: gradient.dataSync() as Float32Array, shape: gradient.shape };
      return [[name, digest(parameter.layout?.toReference(array) ?? array, golden.digestSeed)]];
    }),
  );
}

function expectGradients(actual: Record<string, Digest>, expected: Record<string, Digest>): void {
  // What attention never reads has no gradient here, and 0 there.
  const wanted = Object.entries(expected).filter(([name, [norm]]) => norm > 0 || name in actual);
  expect(Object.keys(actual).toSorted()).toEqual(wanted.map(([name]) => name).toSorted());
  for (const [name, value] of wanted) {
    // A projection is a sum of many terms that may cancel: its error goes by the norm.
    const [norm] = value;
    expect({ name, digest: actual[name] }).toEqual({
      name,
      digest: value.map((number) => expect.closeTo(number, -Math.log10(2 * (1e-4 * norm + 1e-5)))) as unknown,
    });
  }
}

const lossOf = (logits: tf.Tensor2D, targets: tf.Tensor): tf.Scalar =>
  tf.mean(sparseSoftmaxCrossEntropy(logits, targets as tf.Tensor1D));

/** Loss, logits and gradients at masked places. */
function trained(model: MaskedLmModel, example: Case): Trained {
  return tf.tidy(() => {
    const inputs = inputsOf(example);
    const positions = tf.tensor1d(example.positions, 'int32');
    const targets = tf.tensor1d(example.targets, 'int32');
    const variables = [...model.namedParameters().values()].map(({ variable }) => variable);
    const { value, grads } = tf.variableGrads(
      () => lossOf(model.forward(inputs, positions, training), targets),
      variables,
    );
    const logits = [...model.forward(inputs, positions).dataSync()];
    return { loss: value.dataSync()[0]!, logits, gradients: digestsOf(model, grads) };
  });
}

function expectTrained(actual: Trained, expected: Trained): void {
  expect(actual.logits).toBeAllClose(expected.logits, close);
  expect(actual.loss).toBeAllClose(expected.loss, close);
  expectGradients(actual.gradients, expected.gradients);
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it('puts offsets into the buckets that transformers puts them into', () => {
  for (const { buckets, maxPosition, offsets, positions } of golden.buckets)
    expect(positions.map((_, index) => logBucket(index - offsets + 1, buckets, maxPosition))).toEqual(positions);
});

describe.each(Object.keys(golden.cases))('%s against transformers', (name) => {
  const example = golden.cases[name]!;
  const model = maskedLm(example);
  const state = stateOf(example.shapes);
  model.loadStateDict(state);

  it('has its names, shapes and values, saved as loaded', () => {
    expect(Object.fromEntries([...model.stateDict()].map(([at, { shape }]) => [at, [...shape]]))).toEqual(
      example.shapes,
    );
    for (const [at, { data }] of model.stateDict()) expect(data).toEqual(state.get(at)!.data);
  });

  it('gives the same hidden states, at padding too', () => {
    tf.tidy(() => {
      const encoder = model.encoder;
      const blocks = example.hiddenStates.map((_, index) => index);
      const encoded = encoder.encode(inputsOf(example), undefined, { blocks });
      encoded.blocks.forEach((block, index) => {
        const actual = digest({ data: block.dataSync() as Float32Array, shape: block.shape }, golden.digestSeed);
        expect(actual).toBeAllClose(example.hiddenStates[index]!, { rtol: 1e-4, atol: 2e-3 });
      });
      const expected = { data: example.lastHidden, shape: [...example.shape, encoder.tokenDim] };
      expect(encoded.tokens).toBeAllClose(expected, close);
      expect(encoder.forward(inputsOf(example))).toBeAllClose(expected, close);
    });
  });

  it('gives the same scores, loss and gradients', () => {
    expectTrained(trained(model, example), example);
  });

  it.each(example.enhanced ?? [])('gives those of the enhanced mask decoder', (expected) => {
    const own = maskedLm(example, true);
    const { data, shape } = hashArray(own.stateDict().get(positionName)!.shape, golden.positionSeed);
    own.loadStateDict(new Map([...state, [positionName, { data, shape }]]));
    expectTrained(trained(own, example), expected);
    const { ignored } = model.loadStateDict(new Map([...state, [positionName, { data, shape }]]));
    expect([...ignored.keys()]).toEqual([positionName]);
    own.dispose();
  });

  it.each(example.classifier ?? [])('gives those of the classifier', ({ shapes, classes, logits, loss, gradients }) => {
    const classifier = classifierOf(example);
    classifier.loadStateDict(stateOf(shapes));
    expect(Object.fromEntries([...classifier.stateDict()].map(([at, { shape }]) => [at, [...shape]]))).toEqual(shapes);
    tf.tidy(() => {
      const inputs = inputsOf(example);
      const variables = [...classifier.namedParameters().values()].map(({ variable }) => variable);
      const { value, grads } = tf.variableGrads(
        () => lossOf(classifier.forward(inputs, training), tf.tensor1d(classes, 'int32')),
        variables,
      );
      expect(classifier.forward(inputs)).toBeAllClose({ data: logits, shape: [2, 3] }, close);
      expect(value.dataSync()[0]).toBeAllClose(loss, close);
      expectGradients(digestsOf(classifier, grads), gradients);
    });
    classifier.dispose();
  });

  it('writes the config.json that it reads', () => {
    const read = readTextConfig(example.config);
    const json = textConfigToJson(model.encoder, 'ForMaskedLM');
    const own = readTextConfig(json);
    expect(json['architectures']).toEqual(example.config['architectures']);
    expect(own.config).toEqual(model.config);
    expect([own.unknown, read.unknown]).toEqual([[], []]);
  });
});

it.each(['v1', 'v2-xlarge', 'v3'])('%s compiled, on traces of several lengths, equals eager', async (name) => {
  const example = golden.cases[name]!;
  const model = maskedLm(example);
  model.loadStateDict(stateOf(example.shapes));
  const variables = [...model.namedParameters().values()].map(({ variable }) => variable);
  const step = compile(
    (batch: { inputIds: tf.Tensor; attentionMask: tf.Tensor; positions: tf.Tensor; targets: tf.Tensor }) =>
      tf.variableGrads(() => lossOf(model.forward(batch, batch.positions, training), batch.targets), variables),
  );
  const whole = (data: readonly number[], shape: readonly number[]): NdArray => ({
    data: Int32Array.from(data),
    shape,
  });
  const cut = (data: readonly number[], tokens: number): number[] =>
    [0, 1].flatMap((row) => data.slice(row * example.shape[1], row * example.shape[1] + tokens));
  const atFullLength: Omit<Trained, 'logits'>[] = [];
  for (const tokens of [example.shape[1], 5, example.shape[1], 1]) {
    const positions = tokens === example.shape[1] ? example.positions : [0, 0, 0, 1, 1];
    const batch = {
      inputIds: whole(cut(example.inputIds, tokens), [2, tokens]),
      attentionMask: whole(cut(example.attentionMask, tokens), [2, tokens]),
      positions: whole(positions, [5]),
      targets: whole(example.targets, [5]),
    };
    const { value, grads } = await step(batch);
    tf.tidy(() => {
      const tensors = Object.fromEntries(
        Object.entries(batch).map(([at, { data, shape }]) => [at, tf.tensor(data as Int32Array, [...shape], 'int32')]),
      ) as Record<keyof typeof batch, tf.Tensor>;
      const eager = tf.variableGrads(
        () => lossOf(model.forward(tensors, tensors.positions, training), tensors.targets),
        variables,
      );
      expect(value).toBeAllClose(eager.value, { rtol: 1e-5, atol: 1e-5 });
      const norms = digestsOf(model, eager.grads);
      const own = digestsOf(model, grads);
      expectGradients(own, norms);
    });
    if (tokens === example.shape[1])
      atFullLength.push({ loss: value.dataSync()[0]!, gradients: digestsOf(model, grads) });
    tf.dispose([value, grads]);
  }
  expect(atFullLength).toHaveLength(2);
  for (const { loss, gradients } of atFullLength) {
    expect(loss).toBeAllClose(example.loss, close);
    expectGradients(gradients, example.gradients);
  }
  step.dispose();
});
