import {
  checkChoice,
  checkOptions,
  foldIn,
  InvalidOptionError,
  type NdArray,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-tensor/host';
import { fillNormal, fillUniform } from './random-fill.js';
import { sharedZeros } from './shapes-only.js';

/** Makes the first value of a parameter. `shape` is the shape in memory: `[in, out]`, `[kh, kw, in, out]`. */
export type Initialiser = (shape: readonly number[], key: RandomKey) => NdArray<Float32Array>;

/** More elements have no place in one tensor: engines count them by 32 bits. */
const maxElements = 2 ** 31 - 1;

function sizeOf(shape: readonly number[]): number {
  const size = shape.reduce((product, side) => product * side, 1);
  if (size <= maxElements) return size;
  throw new InvalidOptionError(
    'Initialiser',
    'shape',
    `at most ${maxElements} elements, 8 GiB`,
    `[${shape.join(', ')}]`,
  );
}

/** Inputs and outputs that each unit of a weight of `shape` (in memory, outputs last) is connected to. */
export function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  if (shape.length < 2) throw new InvalidOptionError('fans', 'shape', 'of rank 2 or more', `[${shape.join(', ')}]`);
  return { fanIn: sizeOf(shape.slice(0, -1)), fanOut: sizeOf(shape.slice(0, -2)) * shape.at(-1)! };
}

/** All elements `value`. */
export function constant(value: number): Initialiser {
  return (shape) => {
    const size = sizeOf(shape);
    return { data: sharedZeros(size) ?? new Float32Array(size).fill(value), shape };
  };
}

/** All elements 0. */
export const zeros: Initialiser = constant(0);

/** All elements 1. */
export const ones: Initialiser = constant(1);

/** Uniform in `[low, high)`. */
export function uniform(low: number, high: number): Initialiser {
  return (shape, key) => ({ data: fillUniform(key, sizeOf(shape), low, high), shape });
}

/** Gaussian. */
export function normal(standardDeviation = 1, mean = 0): Initialiser {
  return (shape, key) => ({ data: fillNormal(key, sizeOf(shape), mean, standardDeviation), shape });
}

/** Options of {@link truncatedNormal}. */
export interface TruncatedNormalOptions {
  /** Before truncation. Default 0.02. */
  readonly standardDeviation?: number;
  readonly mean?: number;
  /** Values farther from the mean are drawn anew, in standard deviations, at least 0.5. Default 2. */
  readonly limit?: number;
}

const truncatedNormalOptionNames: OptionNames<TruncatedNormalOptions> = {
  standardDeviation: 'optionalNumber',
  mean: 'optionalNumber',
  limit: 'optionalNumber',
};

/**
 * Gaussian without its tails, by redrawing.
 *
 * Deviates from `timm.layers.trunc_normal_`, whose default limits of +-2 are absolute (100 standard deviations at 0.02).
 */
export function truncatedNormal(options: TruncatedNormalOptions = {}): Initialiser {
  const {
    standardDeviation = 0.02,
    mean = 0,
    limit = 2,
  } = checkOptions('truncatedNormal', options, truncatedNormalOptionNames);
  if (!(limit >= 0.5))
    throw new InvalidOptionError('truncatedNormal', 'limit', 'at least 0.5 standard deviations', limit);
  return (shape, key) => {
    const data = fillNormal(key, sizeOf(shape), 0, 1);
    if (sharedZeros(0) !== undefined) return { data, shape };
    for (let round = 1; ; round++) {
      const outside: number[] = [];
      for (let i = 0; i < data.length; i++) if (Math.abs(data[i]!) > limit) outside.push(i);
      if (outside.length === 0) break;
      const redrawn = fillNormal(foldIn(key, round), outside.length, 0, 1);
      outside.forEach((index, i) => (data[index] = redrawn[i]!));
    }
    for (let i = 0; i < data.length; i++) data[i] = mean + standardDeviation * data[i]!;
    return { data, shape };
  };
}

/** Uniform with variance `gain^2 * 2 / (fanIn + fanOut)`. Source: Glorot and Bengio 2010, equation 16. */
export function xavierUniform(gain = 1): Initialiser {
  return (shape, key) => {
    const { fanIn, fanOut } = fans(shape);
    const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
    return uniform(-bound, bound)(shape, key);
  };
}

/** Options of the Kaiming initialisers. */
export interface KaimingOptions {
  /** Keep the variance of the forward pass (`fanIn`) or of the backward pass (`fanOut`). Default `fanIn`. */
  readonly mode?: 'fanIn' | 'fanOut';
  /** Gain of the activation that follows. Default sqrt(2), for ReLU. */
  readonly gain?: number;
}

const kaimingOptionNames: OptionNames<KaimingOptions> = {
  mode: 'optional',
  gain: 'optionalNumber',
};

function checkMode(where: string, mode: unknown): void {
  checkChoice(where, 'mode', mode, ['fanIn', 'fanOut']);
}

/** Gaussian with variance `gain^2 / fan`. Source: He et al. 2015, arXiv 1502.01852, equation 10. */
export function kaimingNormal(options: KaimingOptions = {}): Initialiser {
  const { mode = 'fanIn', gain = Math.SQRT2 } = checkOptions('kaimingNormal', options, kaimingOptionNames);
  checkMode('kaimingNormal', mode);
  return (shape, key) => normal(gain / Math.sqrt(fans(shape)[mode]))(shape, key);
}

/** Uniform with variance `gain^2 / fan`. Source: He et al. 2015, arXiv 1502.01852. */
export function kaimingUniform(options: KaimingOptions = {}): Initialiser {
  const { mode = 'fanIn', gain = Math.SQRT2 } = checkOptions('kaimingUniform', options, kaimingOptionNames);
  checkMode('kaimingUniform', mode);
  return (shape, key) => {
    const bound = gain * Math.sqrt(3 / fans(shape)[mode]);
    return uniform(-bound, bound)(shape, key);
  };
}

/** PyTorch's default for the weights of Linear and Conv2d: uniform in `+-1 / sqrt(fanIn)`. */
export const torchWeight: Initialiser = kaimingUniform({ gain: 1 / Math.sqrt(3) });

/** PyTorch's default for the biases of Linear and Conv2d: uniform in `+-1 / sqrt(fanIn)` of the weight. */
export function torchBias(fanIn: number): Initialiser {
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  return uniform(-bound, bound);
}
