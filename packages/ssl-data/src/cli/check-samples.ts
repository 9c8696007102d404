import { printable, SslError } from '@selfsup/ssl-core';
import type { Dataset } from '../dataset/dataset.js';

/** A sample that cannot be read. */
export interface BrokenSample {
  readonly index: number;
  /** File, or shard. */
  readonly path: string | undefined;
  /** Byte in it, where known. */
  readonly offset: number | undefined;
  readonly reason: string;
}

/** Samples that are read at the same time. */
const lanes = 4;
/** Broken samples that are told one by one. */
const maxListed = 1000;

/** `count` numbers below `length`, evenly spread, from 0. */
export function evenlySpread(length: number, count: number): number[] {
  const taken = Math.min(length, count);
  return Array.from({ length: taken }, (_, position) => Math.floor((position * length) / taken));
}

/**
 * Reads samples and keeps nothing but what is wrong with them.
 *
 * @param visit called with every sample that could be read
 * @returns how many are broken, and the first thousand of them by number
 */
export async function checkSamples<S>(
  dataset: Dataset<S>,
  indices: readonly number[],
  visit: (sample: S, index: number) => void,
  onProgress: (done: number) => void = () => {},
): Promise<{ readonly broken: number; readonly listed: readonly BrokenSample[] }> {
  const listed: BrokenSample[] = [];
  let broken = 0;
  let next = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < indices.length; at = next++) {
      const index = indices[at]!;
      try {
        visit(await dataset.get(index), index);
      } catch (error) {
        if (!SslError.isInstance(error)) throw error;
        broken++;
        if (listed.length < maxListed) listed.push(describe(index, error));
      }
      onProgress(++done);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return { broken, listed: listed.sort((a, b) => a.index - b.index) };
}

function describe(index: number, error: SslError): BrokenSample {
  const { path, offset } = error as { path?: string | undefined; offset?: number | undefined };
  const message = error.message.replaceAll(/\s*\n\s*/g, ' ');
  const prefix = path === undefined ? '' : `${printable(path)}: `;
  const reason = message.startsWith(prefix) ? message.slice(prefix.length) : message;
  return { index, path, offset, reason };
}
