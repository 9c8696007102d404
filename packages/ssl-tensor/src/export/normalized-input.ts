import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, InvalidOptionError } from '@selfsup/ssl-core';
import type { LeafSpec } from '../compile/run-trace.js';
import { type ExportNormalization, exportNormalizationNames } from './export-options.js';

/** The input that is normalised, and by what. */
export interface NormalizedInput {
  readonly index: number;
  readonly apply: (pixels: tf.Tensor) => tf.Tensor;
  readonly metadata: Readonly<Record<string, string>>;
}

const where = 'exportOnnx';

/** @throws InvalidOptionError for an input or statistics that do not fit each other */
export function normalizedInput(
  normalize: ExportNormalization,
  names: readonly string[],
  specs: readonly LeafSpec[],
): NormalizedInput {
  checkOptions(where, normalize, exportNormalizationNames, 'normalize');
  const input = normalize.input ?? (names.length === 1 ? names[0]! : undefined);
  const index = names.indexOf(input ?? '');
  if (index < 0) throw new InvalidOptionError(where, 'normalize.input', `one of ${names.join(', ')}`, normalize.input);
  const { shape } = specs[index]!;
  if (shape.length < 2)
    throw new InvalidOptionError(where, 'normalize.input', 'an input [batch, ..., channels]', `[${shape.join(', ')}]`);
  const channels = shape.at(-1)!;
  const perChannel = (name: 'mean' | 'std'): readonly number[] => {
    const given = normalize[name];
    const values = typeof given === 'number' ? Array<number>(channels).fill(given) : given;
    const isStatistic = (value: unknown): boolean =>
      typeof value === 'number' && value <= 1 && (name === 'mean' ? value >= 0 : value > 0);
    if (!Array.isArray(values) || values.length !== channels || !values.every(isStatistic))
      throw new InvalidOptionError(
        where,
        `normalize.${name}`,
        `one number ${name === 'mean' ? 'from 0 to 1' : 'above 0, up to 1'}, or ${channels}, one for each channel`,
        given,
      );
    return values;
  };
  const [mean, std] = [perChannel('mean'), perChannel('std')];
  return {
    index,
    apply: (pixels) => {
      const scale = tf.tensor1d(std.map((deviation) => 1 / (255 * deviation)));
      const shift = tf.tensor1d(std.map((deviation, channel) => -mean[channel]! / deviation));
      return tf.add(tf.mul(tf.cast(pixels, 'float32'), scale), shift);
    },
    metadata: {
      'normalize.input': input!,
      'normalize.mean': JSON.stringify(mean),
      'normalize.std': JSON.stringify(std),
    },
  };
}
