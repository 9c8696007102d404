import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { MlmBatch } from '@selfsup/ssl-text-mlm';

/**
 * Writes batches of masked texts for both sides of a comparison: int32 `[rows, tokens, places]`, then ids and attention masks
 * `[rows, tokens]`, positions and labels `[places]` of each; the label of an unused place is -1.
 *
 * @param count so many, of as many epochs as it takes. Default: one epoch
 */
export async function writeBatches(
  path: string,
  loader: { epoch(epoch: number): AsyncIterable<MlmBatch> },
  count?: number,
): Promise<void> {
  const file = await open(path, 'w');
  try {
    let left = count ?? Infinity;
    const epochs = count === undefined ? 1 : Infinity;
    for (let epoch = 0; epoch < epochs && left > 0; epoch++)
      for await (const batch of loader.epoch(epoch)) {
        if (left-- === 0) return;
        const { inputIds, attentionMask, maskedPositions, maskedLabels, maskedWeights } = batch;
        const labels = maskedLabels.data.map((label, at) => (maskedWeights.data[at] === 0 ? -1 : label));
        const header = Int32Array.of(...inputIds.shape, labels.length);
        for (const part of [header, inputIds.data, attentionMask.data, maskedPositions.data, labels])
          await file.write(part);
      }
  } finally {
    await file.close();
  }
}

/** The batches of a file, one in memory at a time. */
export function* readBatches(path: string): Generator<MlmBatch> {
  const file = openSync(path, 'r');
  let at = 0;
  const next = (length: number): Int32Array => {
    const part = new Int32Array(length);
    const read = readSync(file, part, 0, part.byteLength, at);
    at += read;
    return part.subarray(0, read / 4);
  };
  try {
    for (let header = next(3); header.length > 0; header = next(3)) {
      const [rows, tokens, places] = header as unknown as [number, number, number];
      const shape = [rows, tokens];
      const [ids, mask, positions, labels] = [next(rows * tokens), next(rows * tokens), next(places), next(places)];
      yield {
        inputIds: { data: ids, shape },
        attentionMask: { data: mask, shape },
        maskedPositions: { data: positions, shape: [places] },
        maskedLabels: { data: labels.map((label) => Math.max(label, 0)), shape: [places] },
        maskedWeights: { data: Float32Array.from(labels, (label) => Number(label >= 0)), shape: [places] },
      };
    }
  } finally {
    closeSync(file);
  }
}
