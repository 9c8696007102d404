import { setTimeout } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';
import { randomKey } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import { MlmLoader } from './mlm-loader.js';
import type { TokenSource } from './token-source.js';

/** So many texts on a disk, as a view of a `TokenStore`. */
class Stored implements TokenSource {
  readonly isMaskable = true;
  readonly largestId = 9;

  constructor(readonly length: number) {}

  get(index: number): { ids: Int32Array } {
    return { ids: new Int32Array(this.#size(index)).fill(7) };
  }

  lengths(): Int32Array {
    return new Int32Array(this.length).map((_, index) => this.#size(index));
  }

  subset(): TokenSource {
    return this;
  }

  #size(index: number): number {
    return 5 + ((index * 7919) % 60);
  }
}

it('of two million texts takes some bytes for each', async () => {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  const held = async (): Promise<number> => {
    // What the first finds unused is given back after it.
    for (let round = 0; round < 3; round++) {
      collect();
      await setTimeout(20);
    }
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return arrayBuffers + heapUsed;
  };
  const tokenizer = await trainWordPiece({ lines: ['the dog sleeps', 'the cat sleeps'], vocabSize: 40 });
  const dataset = new Stored(2_000_000);
  const before = await held();
  const loader = new MlmLoader({
    dataset,
    tokenizer,
    batchSize: 32,
    key: randomKey(0),
    bucketLengths: [16, 32, 64],
  });
  expect(((await held()) - before) / dataset.length).toBeLessThan(6);
  const epoch = loader.epoch(0);
  const { value } = await epoch.next();
  expect((value as { inputIds: { shape: number[] } }).inputIds.shape[0]).toBe(32);
  // Lengths and the order of the epoch.
  expect(((await held()) - before) / dataset.length).toBeLessThan(14);
  await epoch.return(undefined);
  expect(loader.batchesPerEpoch).toBe(62_500);
});
