import { foldIn, randomKey } from '@selfsup/ssl-core';
import { type MlmBatch, MlmLoader, type MlmLoaderOptions } from '@selfsup/ssl-text-mlm';
import type { BatchLoader } from '@selfsup/ssl-train';
import { pretrainingTexts, type TextData, textData } from '../data-of.js';
import { families } from '../encoders.js';
import type { EncoderName } from '../kinds.js';
import { pretrainingRates } from '../pretrained.js';
import type { Figures, TextJob } from '../rows.js';
import { train } from '../train.js';

/** Longest sequence, and the length of a block, tokens. */
const length = 128;
/** Sequences of a padded batch, and blocks, which are fuller. */
const [rows, blocks] = [32, 12];

/** Tokens of text per second: padded, in buckets, packed. */
export async function packing({ budget, threads, seed }: TextJob): Promise<Figures> {
  const given = await textData('addresses', budget);
  const data: TextData = { ...given, texts: { ...given.texts, maxLength: length } };
  const { tokenizer } = data;
  const dataset = pretrainingTexts(data, 'train');
  const speed = async (
    name: EncoderName,
    options: Pick<MlmLoaderOptions, 'bucketLengths' | 'packing' | 'batchSize'>,
  ): Promise<number> => {
    const key = foldIn(randomKey(seed), name);
    const { method } = await families[name].pretraining(data, key, () => Promise.reject(new TypeError('no teacher')));
    const loader = new CountedBatches(new MlmLoader({ dataset, tokenizer, key, unmaskable: 'skip', ...options }));
    const steps = data.budget.timedSteps;
    const schedule = pretrainingRates(steps, families[name].learningRate);
    const { timed } = await train(method, loader, { steps, schedule, seed, threads });
    return loader.tokensPerSecond(timed.all);
  };
  const padded = await speed('bert', { bucketLengths: [length], batchSize: rows });
  const buckets = await speed('bert', { bucketLengths: [32, 64, 96, length], batchSize: rows });
  const packed = await speed('modernbert', { bucketLengths: [length], packing: true, batchSize: blocks });
  return { padded, buckets, packed, ratio: packed / padded };
}

/** A loader that counts the tokens of text of its batches. */
class CountedBatches implements BatchLoader<MlmBatch> {
  readonly batchesPerEpoch: number;
  readonly #loader: MlmLoader;
  readonly #tokens: number[] = [];
  /** Whether a batch is the first of its length, for which a trace is made. */
  readonly #isFirst: boolean[] = [];
  readonly #lengths = new Set<number>();

  constructor(loader: MlmLoader) {
    this.#loader = loader;
    this.batchesPerEpoch = loader.batchesPerEpoch;
  }

  async *epoch(epoch: number, from?: number): AsyncGenerator<MlmBatch> {
    for await (const batch of this.#loader.epoch(epoch, from)) {
      const tokens = batch.inputIds.shape[1]!;
      this.#isFirst.push(!this.#lengths.has(tokens));
      this.#lengths.add(tokens);
      this.#tokens.push(batch.attentionMask.data.reduce((sum, one) => sum + one, 0));
      yield batch;
    }
  }

  close(): Promise<void> {
    return this.#loader.close();
  }

  /** Of the updates that made no trace. */
  tokensPerSecond(milliseconds: readonly number[]): number {
    const counted = milliseconds.flatMap((time, at) =>
      this.#isFirst[at] || at < 2 ? [] : [[this.#tokens[at]!, time]],
    );
    const sum = (which: 0 | 1): number => counted.reduce((total, pair) => total + pair[which]!, 0);
    return (1000 * sum(0)) / sum(1);
  }
}
