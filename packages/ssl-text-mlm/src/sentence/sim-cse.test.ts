import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError, type NdArray, randomKey, ShapeError } from '@selfsup/ssl-core';
import { ntXent } from '@selfsup/ssl-losses';
import { childContext, evaluation, type Module } from '@selfsup/ssl-nn';
import type { MethodLoss, StepContext, Tensors } from '@selfsup/ssl-train';
import { describe, expect, it } from 'vitest';
import {
  differentiated,
  golden,
  goldenConfig,
  goldenModel,
  goldenRows,
  sines,
  trainingContext,
} from '../../../../test/golden/text/sentence.js';
import { eagerly } from '../../../../test/conformance/entry.js';
import '../../../../test/support/to-be-all-close.js';
import { BertForMaskedLM } from '../bert/bert-for-masked-lm.js';
import { BertModel } from '../bert/bert-model.js';
import { BertTextEncoder } from '../bert/bert-text-encoder.js';
import type { EmbeddingObjective } from './embedding-objective.js';
import { Matryoshka } from './matryoshka.js';
import { matryoshkaLoss } from './matryoshka-loss.js';
import type { SentenceBatch } from './sentence-loader.js';
import { SimCse } from './sim-cse.js';
import type { SimCseOptions } from './sim-cse-options.js';

const key = randomKey(5);
type Batch = Tensors<SentenceBatch>;
const batchOf = (batch: object): Batch => eagerly(batch) as Batch;
const [sentences, positives, hardNegatives] = [goldenRows(0), goldenRows(1), goldenRows(2)];

function simCse(options: Partial<SimCseOptions>, pooling: 'cls' | 'mean', dropout = 0): SimCse {
  const model = goldenModel();
  const bert = new BertModel({ ...goldenConfig, hiddenDropout: dropout, attentionDropout: dropout }, { key });
  bert.loadStateDict(model.bert.stateDict());
  const method = new SimCse({ encoder: new BertTextEncoder(bert, { pooling }), key, ...options });
  method.modules.head?.loadStateDict(
    new Map([
      ['dense.weight', sines([32, 32], 1)],
      ['dense.bias', sines([32], 2)],
    ]),
  );
  return method;
}

/** Against the golden, where gradients of the encoder have the names of `BertForMaskedLM`. */
function expectGolden(name: string, modules: Readonly<Record<string, Module>>, loss: () => MethodLoss): void {
  const wanted = golden.cases[name]!;
  const found = differentiated(modules, loss);
  expect(found.loss).toBeAllClose(wanted.loss, { rtol: 1e-5 });
  for (const [path, values] of Object.entries(wanted.gradients)) {
    const own = found.gradients.get(path.startsWith('bert.') ? `encoder.${path}` : path)!;
    const size = Math.max(...values.map(Math.abs));
    expect(size).toBeGreaterThan(1e-4);
    expect(own.data).toBeAllClose(values, { rtol: 1e-4, atol: 1e-4 * size });
  }
}

describe('SimCse against the arithmetic of the authors in torch', () => {
  it('of sentences alone, with masked-language modelling beside', () => {
    const mlm = goldenModel();
    const method = simCse({ encoder: new BertTextEncoder(mlm.bert, { pooling: 'cls' }), mlm }, 'cls');
    const masked = {
      ...sentences,
      maskedPositions: { data: Int32Array.from(golden.maskedPositions), shape: [5] },
      maskedLabels: { data: Int32Array.from(golden.maskedLabels), shape: [5] },
      maskedWeights: { data: new Float32Array(5).fill(1), shape: [5] },
    };
    const batch = batchOf({ ...sentences, mlm: masked });
    expectGolden('unsupervised', method.modules as never, () => method.loss(batch, trainingContext()));
    const { metrics } = method.loss(batch, trainingContext());
    expect(metrics!['similarity']!.dataSync()[0]).toBeCloseTo(1, 5);
    expect(Object.keys(metrics!)).toContain('mlmLoss');
  });

  it('of triplets, with a weight of the hard negatives', () => {
    const method = simCse({ hardNegativeWeight: 0.7, head: 'always' }, 'cls');
    const batch = batchOf({ ...sentences, positives, hardNegatives });
    expectGolden('supervised', method.modules as never, () => method.loss(batch, trainingContext()));
  });

  it('of pairs, without a head', () => {
    const method = simCse({ temperature: 0.2, head: 'none' }, 'mean');
    const batch = batchOf({ ...sentences, positives });
    expectGolden('pairs', method.modules as never, () => method.loss(batch, trainingContext()));
  });
});

describe('SimCse', () => {
  it.each(['training', 'always', 'none'] as const)('has its head where it is wanted: %s', (head) => {
    const method = simCse({ head }, 'cls');
    const texts = batchOf(sentences);
    const plain = method.modules.encoder.forward(texts);
    const through = method.modules.head?.forward(plain) ?? plain;
    const expected = { training: [plain, through], always: [through, through], none: [plain, plain] }[head];
    expect(method.embed(texts, evaluation)).toBeAllClose(expected[0]!);
    expect(method.embed(texts, trainingContext())).toBeAllClose(expected[1]!);
    expect(tf.max(tf.abs(tf.sub(plain, through))).dataSync()[0]! > 0.1).toBe(head !== 'none');
  });

  it('reads a sentence under two masks of dropout', () => {
    const method = simCse({}, 'cls', 0.2);
    const [first, second] = method.embeddings(batchOf(sentences), trainingContext()) as [tf.Tensor2D, tf.Tensor2D];
    const [again] = method.embeddings(batchOf(sentences), trainingContext());
    expect(again).toBeAllClose(first);
    expect(tf.max(tf.abs(tf.sub(first, second))).dataSync()[0]).toBeGreaterThan(0.05);
  });

  // Eight rows: both passes of four sentences.
  it.each([1, 3, 8])('has the gradient of the large batch from chunks of %d, without dropout', (chunkSize) => {
    const batch = batchOf({ ...sentences, positives });
    const of = (method: SimCse) => differentiated(method.modules as never, () => method.loss(batch, trainingContext()));
    const [whole, chunked] = [of(simCse({}, 'cls')), of(simCse({ chunkSize }, 'cls'))];
    expect(chunked.loss).toBeAllClose(whole.loss, { rtol: 1e-5 });
    expect(chunked.gradients.size).toBeGreaterThan(30);
    for (const [name, { data }] of whole.gradients) {
      const size = Math.max(...data.map(Math.abs));
      expect(chunked.gradients.get(name)!.data).toBeAllClose([...data], { rtol: 1e-4, atol: 1e-5 * (size + 1) });
    }
  });

  it('draws the same dropout again when a chunk is computed for its gradient', () => {
    const batch = batchOf(sentences);
    const chunked = simCse({ chunkSize: 4 }, 'cls', 0.2);
    const found = differentiated(chunked.modules as never, () => chunked.loss(batch, trainingContext()));
    // Both passes as chunks of four rows each, every one with the context of its number.
    const plain = simCse({}, 'cls', 0.2);
    const own = (ctx: StepContext, chunk: number): tf.Tensor2D => plain.embed(batch, childContext(ctx, chunk));
    const wanted = differentiated(plain.modules as never, () =>
      plain.embeddingLoss([own(trainingContext(), 0), own(trainingContext(), 1)]),
    );
    expect(found.loss).toBeAllClose(wanted.loss, { rtol: 1e-5 });
    for (const [name, { data }] of wanted.gradients) {
      const size = Math.max(...data.map(Math.abs));
      expect(found.gradients.get(name)!.data).toBeAllClose([...data], { rtol: 1e-4, atol: 1e-5 * (size + 1) });
    }
  });

  it('names what is wrong, with a way out that works', () => {
    const { bert } = goldenModel();
    const encoder = new BertTextEncoder(bert);
    expect(() => new SimCse({ encoder: bert as never, key })).toThrow(InvalidOptionError);
    expect(() => new SimCse({ encoder, key, temperature: 0 })).toThrow('temperature');
    expect(() => new SimCse({ encoder, key, head: 'test' as 'none' })).toThrow('head');
    const other = new BertForMaskedLM(goldenConfig, { key });
    expect(() => new SimCse({ encoder, key, mlm: other })).toThrow('new BertTextEncoder(mlm.bert)');
    const method = new SimCse({ encoder: new BertTextEncoder(other.bert), key, mlm: other });
    expect(() => method.loss(batchOf(sentences), trainingContext())).toThrow('new SentenceLoader({ ..., mlm');
    const plain = new SimCse({ encoder, key });
    expect(() => plain.loss(batchOf({ ...sentences, hardNegatives }), trainingContext())).toThrow('batch.positives');
    const short = { data: new Int32Array(8).fill(1), shape: [4, 2] };
    const uneven = batchOf({ ...sentences, positives: { inputIds: short, attentionMask: short } });
    expect(() => plain.loss(uneven, trainingContext())).toThrow(ShapeError);
  });
});

/** A contrast of views that knows nothing of texts. */
class Contrast implements EmbeddingObjective<{ readonly views: readonly NdArray<Float32Array>[] }> {
  readonly name = 'contrast';
  readonly settings = {};
  readonly modules = {};
  trainable() {
    return new Map();
  }
  embeddings({ views }: { readonly views: readonly tf.Tensor[] }): readonly tf.Tensor2D[] {
    return views as readonly tf.Tensor2D[];
  }
  embeddingLoss(embeddings: readonly tf.Tensor2D[]): MethodLoss {
    return { loss: ntXent(embeddings, { temperature: 0.5 }) };
  }
  loss(batch: { readonly views: readonly tf.Tensor[] }): MethodLoss {
    return this.embeddingLoss(this.embeddings(batch));
  }
}

describe('Matryoshka', () => {
  it('of SimCse is the weighted sum over prefixes, in torch', () => {
    const method = new Matryoshka({
      method: simCse({ hardNegativeWeight: 0.7, head: 'none' }, 'mean'),
      widths: [8, 16, 32],
      weights: [1, 0.5, 2],
    });
    const batch = batchOf({ ...sentences, positives, hardNegatives });
    expectGolden('matryoshka', method.modules, () => method.loss(batch, trainingContext()));
    const { loss, metrics } = method.loss(batch, trainingContext());
    const of = (name: string): number => metrics![name]!.dataSync()[0]!;
    expect(of('loss8') + 0.5 * of('loss16') + 2 * of('loss32')).toBeAllClose(loss.dataSync()[0]!, { rtol: 1e-5 });
    expect(Object.keys(metrics!)).toContain('similarity');
    expect(method.settings).toMatchObject({ widths: [8, 16, 32], simcse: { hardNegativeWeight: 0.7 } });
  });

  it('of a plain contrast, by loops', () => {
    const views = [1, 2].map((shift) => tf.tensor(sines([6, 8], shift).data, [6, 8]));
    const method = new Matryoshka({ method: new Contrast(), widths: [2, 8] });
    const alone = (width: number): number => {
      const rows = views.map((view) => (view.arraySync() as number[][]).map((row) => row.slice(0, width)));
      const unit = rows.map((view) => view.map((row) => row.map((value) => value / Math.hypot(...row))));
      return ntXent(
        unit.map((view) => tf.tensor2d(view)),
        { temperature: 0.5 },
      ).dataSync()[0]!;
    };
    const loss = method.loss({ views } as never, trainingContext()).loss.dataSync()[0]!;
    expect(loss).toBeAllClose(alone(2) + alone(8), { rtol: 1e-5 });
    expect(Math.abs(alone(2) - alone(8))).toBeGreaterThan(0.01);
  });

  it('names what is wrong', () => {
    const method = new Contrast();
    for (const widths of [[], [0], [2, 2], [1.5], 4 as never])
      expect(() => new Matryoshka({ method, widths })).toThrow('widths must be one or more integers');
    expect(() => new Matryoshka({ method, widths: [2, 4], weights: [1] })).toThrow('2 numbers');
    expect(() => new Matryoshka({ method, widths: [2], weights: [0] })).toThrow('not all 0');
    expect(() => new Matryoshka({ method: {} as never, widths: [2] })).toThrow('new SimCse');
    const moving = Object.assign(new Contrast(), { afterUpdate: () => {} });
    expect(() => new Matryoshka({ method: moving, widths: [2] })).toThrow('a method without afterUpdate');
    const z = tf.ones([3, 4]) as tf.Tensor2D;
    expect(() => matryoshkaLoss([z], () => tf.scalar(0), { widths: [5] })).toThrow(ShapeError);
  });
});
