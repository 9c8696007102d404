import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { training, type Module } from '@selfsup/ssl-nn';
import { compile, sparseSoftmaxCrossEntropy } from '@selfsup/ssl-tensor';
import { InvalidOptionError, randomKey, RandomStream, type NdArray } from '@selfsup/ssl-tensor/host';
import { beforeAll, describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { bertConfig } from '../bert/bert-config.js';
import { BertForMaskedLM } from '../bert/bert-for-masked-lm.js';
import { debertaConfig } from '../deberta/deberta-config.js';
import { DebertaForMaskedLM } from '../deberta/deberta-for-masked-lm.js';
import { debertaV2Config } from '../deberta/deberta-v2-config.js';
import { DebertaV2ForMaskedLM } from '../deberta/deberta-v2-for-masked-lm.js';
import { DebertaV2Model } from '../deberta/deberta-v2-model.js';
import { modernBertConfig } from '../modern-bert/modern-bert-config.js';
import { ModernBertForMaskedLM } from '../modern-bert/modern-bert-for-masked-lm.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import { robertaConfig } from '../roberta/roberta-config.js';
import { RobertaForMaskedLM } from '../roberta/roberta-for-masked-lm.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import type { WordPieceTokenizer } from '../tokenizer/word-piece-tokenizer.js';
import { MlmLoader, type MlmBatch, type MlmLoaderOptions } from './mlm-loader.js';
import { fillBlocks, planBlocks } from './pack-blocks.js';
import { packRows } from './pack-rows.js';
import { padRows } from './pad-rows.js';
import { TokenDataset } from './token-dataset.js';

const key = randomKey(5);
const stream = new RandomStream(randomKey(8));
const words = 'the a small large dog cat river stone runs sleeps under over again quickly light dark'.split(' ');
const texts = Array.from({ length: 300 }, () =>
  Array.from({ length: 1 + stream.integer(20) }, () => words[stream.integer(words.length)]!).join(' '),
);
let tokenizer: WordPieceTokenizer;
let dataset: TokenDataset;

beforeAll(async () => {
  await tf.setBackend('cpu');
  tokenizer = await trainWordPiece({ lines: texts, vocabSize: 80 });
  dataset = TokenDataset.fromTexts(tokenizer, texts, { maxLength: 24 });
});

describe('planBlocks and fillBlocks', () => {
  it('each text has a slot of its length, blocks are full to a few places, and the key draws which texts', () => {
    const lengths = Int32Array.from({ length: 5000 }, () => 3 + stream.integer(90));
    const pattern = planBlocks(lengths, 128);
    const { starts, slotLengths } = pattern;
    for (let block = 0; block + 1 < starts.length; block++) {
      const used = slotLengths.subarray(starts[block], starts[block + 1]).reduce((a, b) => a + b, 0);
      expect(used > 0 && used <= 128).toBe(true);
    }
    const total = lengths.reduce((a, b) => a + b, 0);
    expect(starts.length - 1).toBeLessThanOrEqual(Math.ceil(total / 128) + 1);
    const [first, again, other] = [1, 1, 2].map((seed) => fillBlocks(pattern, lengths, randomKey(seed)));
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    for (const filled of [first!, other!, fillBlocks(pattern, lengths)]) {
      expect(filled.slice().sort()).toEqual(Int32Array.from(lengths.keys()));
      filled.forEach((text, slot) => expect(lengths[text]).toBe(slotLengths[slot]));
    }
  });

  it('names the text that is too long', () => {
    expect(() => planBlocks([3, 9, 4], 8)).toThrow(InvalidOptionError);
    expect(() => planBlocks([3, 9, 4], 8)).toThrow(/text 1 has 9.*smaller maxLength/s);
    expect(() => planBlocks([3, 0], 8)).toThrow(/text 1 has 0/);
  });
});

const make = (options: Partial<MlmLoaderOptions> = {}): MlmLoader =>
  new MlmLoader({ dataset, tokenizer, batchSize: 4, key, bucketLengths: [64], packing: true, ...options });

async function all(batches: AsyncIterable<MlmBatch>): Promise<MlmBatch[]> {
  const found: MlmBatch[] = [];
  for await (const batch of batches) found.push(batch);
  return found;
}

/** The texts of a batch as they were before masking, by their segments. */
function restored({ inputIds, segments, positionIds, ...masked }: MlmBatch): string[] {
  const ids = inputIds.data.slice();
  masked.maskedPositions.data.forEach((at, index) => {
    if (masked.maskedWeights.data[index] === 1) ids[at] = masked.maskedLabels.data[index]!;
  });
  const found: number[][] = [];
  segments!.data.forEach((text, at) => {
    if (text < 0) return;
    const own = (found[text] ??= []);
    expect(positionIds!.data[at]).toBe(own.length);
    own.push(ids[at]!);
  });
  return found.map((text) => text.join(' '));
}

describe('MlmLoader with packing', () => {
  it('gives every text once an epoch in one shape, full blocks, in other company each epoch', async () => {
    const loader = make();
    const originals = Array.from({ length: dataset.length }, (_, at) => dataset.get(at).ids.join(' ')).toSorted();
    const shapes = new Set<string>();
    const orders: string[] = [];
    for (const epoch of [0, 1]) {
      const batches = await all(loader.epoch(epoch));
      expect(batches.length).toBe(loader.batchesPerEpoch);
      for (const batch of batches) shapes.add(JSON.stringify(Object.values(batch).map(({ shape }) => shape)));
      const found = batches.flatMap(restored);
      expect(found.toSorted()).toEqual(originals);
      orders.push(found.join('\n'));
      for (const batch of batches) {
        // At least one of each text is masked, and the share is met.
        const masked = new Set(
          [...batch.maskedPositions.data]
            .filter((_, index) => batch.maskedWeights.data[index] === 1)
            .map((at) => batch.segments!.data[at]),
        );
        expect(masked.size).toBe(Math.max(...batch.segments!.data) + 1);
      }
      const tokens = batches.reduce((sum, { attentionMask }) => sum + attentionMask.data.reduce((a, b) => a + b, 0), 0);
      expect(tokens / (batches.length * 4 * 64)).toBeCloseTo(loader.fillRate, 10);
    }
    expect(shapes.size).toBe(1);
    expect(orders[0]).not.toBe(orders[1]);
    // Only the last batch may have room to spare.
    expect(loader.fillRate).toBeGreaterThan(1 - 4 / (4 * loader.batchesPerEpoch) - 0.02);
    expect(make({ packing: false, bucketLengths: [64] }).fillRate).toBeLessThan(0.3);
  });

  it('goes on at any batch bit by bit, and evaluates alike each time', async () => {
    const whole = await all(make().epoch(3));
    expect(await all(make().epoch(3, 2))).toEqual(whole.slice(2));
    const held = make({ mode: 'evaluation' });
    expect(await all(held.epoch(0))).toEqual(await all(held.epoch(7)));
    expect((await all(held.epoch(0))).flatMap(restored).length).toBe(dataset.length);
  });

  it('masks whole words of one text, never across two', async () => {
    const batches = await all(make({ masking: { wholeWords: true, maskProbability: 0.3 } }).epoch(0));
    expect(batches.flatMap(restored).length).toBe(dataset.length);
  });

  it('wants one length that holds every text', () => {
    expect(() => make({ bucketLengths: [32, 64] })).toThrow(/one length with packing/);
    expect(() => make({ bucketLengths: [12] })).toThrow(/at least the length of every text/);
    expect(make({ bucketLengths: undefined as never }).batchesPerEpoch).toBeGreaterThan(1);
  });
});

const sizes = { vocabSize: 80, hiddenSize: 16, numHiddenLayers: 3, numAttentionHeads: 2, intermediateSize: 24 };
const models: Record<string, () => MaskedLmModel> = {
  BERT: () =>
    new BertForMaskedLM(
      // Shorter than a block: places start anew with each text.
      bertConfig({ ...sizes, maxPositionEmbeddings: 24, hiddenDropout: 0, attentionDropout: 0 }),
      { key },
    ),
  // Counts its places from the id of the padding.
  RoBERTa: () =>
    new RobertaForMaskedLM(
      robertaConfig({ ...sizes, maxPositionEmbeddings: 25, padTokenId: 0, hiddenDropout: 0, attentionDropout: 0 }),
      { key },
    ),
  ModernBERT: () =>
    new ModernBertForMaskedLM(modernBertConfig({ ...sizes, maxPositionEmbeddings: 24, localAttention: 6 }), { key }),
  // Relative positions, and absolute ones in the sum of the embeddings.
  DeBERTa: () =>
    new DebertaForMaskedLM(
      debertaConfig({
        ...sizes,
        maxPositionEmbeddings: 24,
        relativeAttention: true,
        posAttType: ['c2p', 'p2c'],
        positionBiasedInput: true,
        hiddenDropout: 0,
        attentionDropout: 0,
      }),
      { key },
    ),
  // The decoder adds absolute positions.
  'DeBERTa-v3': () =>
    new DebertaV2ForMaskedLM(
      debertaV2Config({
        ...sizes,
        maxPositionEmbeddings: 24,
        positionBuckets: 8,
        hiddenDropout: 0,
        attentionDropout: 0,
      }),
      { key, enhancedMaskDecoder: true },
    ),
};

it('a DeBERTa with a convolution refuses texts that share a row', () => {
  const model = new DebertaV2Model(debertaV2Config({ ...sizes, positionBuckets: 8, convKernelSize: 3 }), { key });
  const inputIds = tf.zeros([1, 4], 'int32');
  expect(() => model.forward({ inputIds, segments: inputIds })).toThrow(/inputs.segments must be left out/);
});

describe.each(Object.entries(models))('%s on packed rows', (_, build) => {
  const blocks = [
    [0, 1, 2],
    [3, 4],
  ];
  const rows = blocks.flat();
  const int32 = (data: readonly number[]): NdArray<Int32Array> => ({
    data: Int32Array.from(data),
    shape: [data.length],
  });

  /** Larger weights than a start has, so that attention is sharp and a leak shows. */
  const model = (): MaskedLmModel => {
    const made = build();
    const state = made.stateDict();
    let seed = 0;
    for (const array of state.values()) {
      const draws = new RandomStream(randomKey(++seed));
      const values = array.data as Float32Array;
      for (let at = 0; at < values.length; at++) values[at]! += 0.3 * draws.normal();
    }
    made.loadStateDict(state);
    return made;
  };

  it.each([false, true])('gives the scores and gradients of a row for each text, compiled: %s', async (isCompiled) => {
    const own = model();
    const variables = [...(own as Module).namedParameters().values()].map(({ variable }) => variable);
    const step = ({
      positions,
      labels,
      ...inputs
    }: Record<string, tf.Tensor>): { logits: tf.Tensor; value: tf.Scalar; grads: tf.NamedTensorMap } => {
      const logits = own.forward(inputs as never, positions, training);
      const { value, grads } = tf.variableGrads(
        () =>
          tf.mean(
            sparseSoftmaxCrossEntropy(own.forward(inputs as never, positions, training), labels as tf.Tensor1D),
          ) as tf.Scalar,
        variables,
      );
      return { logits, value, grads };
    };
    const packed = packRows(dataset, blocks, 2, 64, tokenizer.specialIds.pad);
    const padded = padRows(dataset, rows, rows.length, 24, tokenizer.specialIds.pad);
    const places = (mask: NdArray<Int32Array>): number[] => [...mask.data.keys()].filter((at) => mask.data[at] === 1);
    const labels = places(padded.attentionMask).map((at) => (at * 7) % 80);
    const run = async (inputs: object, mask: NdArray<Int32Array>) => {
      const batch = { ...inputs, positions: int32(places(mask)), labels: int32(labels) } as Record<string, NdArray>;
      if (isCompiled) return compile(step as never)(batch as never) as Promise<ReturnType<typeof step>>;
      return step(
        Object.fromEntries(
          Object.entries(batch).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape], 'int32')]),
        ),
      );
    };
    const separate = await run(padded, padded.attentionMask);
    const { attentionMask, ...withoutMask } = packed;
    for (const inputs of [packed, withoutMask]) {
      const together = await run(inputs, attentionMask);
      const close = { rtol: 1e-5, atol: 1e-5 };
      expect(together.logits).toBeAllClose(separate.logits, close);
      expect(together.value).toBeAllClose(separate.value, close);
      for (const [name, gradient] of Object.entries(separate.grads))
        expect(together.grads[name]!).toBeAllClose(gradient, close);
    }
    // Without segments the texts of a row see each other.
    const { segments, ...mixed } = packed;
    expect(segments.shape).toEqual([2, 64]);
    expect((await run(mixed, attentionMask)).logits).not.toBeAllClose(separate.logits, { rtol: 1e-2, atol: 1e-2 });
  });
});
