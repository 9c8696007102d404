import * as tf from '@tensorflow/tfjs-core';
import { blockwiseLength } from '@selfsup/ssl-tensor';
import type { OptimizedParameter } from './parameter-group.js';

/**
 * True for a parameter that is updated by itself: its ops are large already, and laying it end to end with the others
 * would copy it twice. One that does not divide into blocks is padded among the others.
 */
const isLone = (size: number): boolean => size >= 2 ** 17 && blockwiseLength(size) === size;

/** A tensor or nothing per parameter of a bucket. */
export type Pieces = readonly (tf.Tensor | undefined)[];

/**
 * Parameters that share their settings, laid end to end in one vector: an update is then a few large ops in place of
 * many small ones.
 */
export class Bucket {
  readonly learningRate: number | string;
  readonly learningRateScale: number;
  readonly weightDecay: number | string;
  readonly adapts: boolean;
  /** Elements of each parameter. */
  readonly sizes: readonly number[];
  /** Length of the vector, with zeros at the end where that makes it divide into blocks. */
  readonly length: number;

  /** @param parameters at least one */
  constructor(readonly parameters: readonly OptimizedParameter[]) {
    const { learningRate, learningRateScale, weightDecay, adapts } = parameters[0]!;
    this.adapts = adapts;
    this.learningRate = learningRate;
    this.learningRateScale = learningRateScale;
    this.weightDecay = weightDecay;
    this.sizes = parameters.map(({ variable }) => variable.size);
    this.length = blockwiseLength(this.sizes.reduce((a, b) => a + b, 0));
  }

  /** One vector of a tensor per parameter; zeros in place of those that are missing. */
  pack(pieces: Pieces): tf.Tensor1D {
    const flat = pieces.map((piece, index) =>
      piece === undefined ? tf.zeros([this.sizes[index]!]) : (tf.reshape(piece, [-1]) as tf.Tensor1D),
    );
    const rest = this.length - this.sizes.reduce((a, b) => a + b, 0);
    if (rest > 0) flat.push(tf.zeros([rest]));
    return flat.length === 1 ? (flat[0]! as tf.Tensor1D) : tf.concat(flat as tf.Tensor1D[]);
  }

  /** The vector cut into a tensor per parameter, of the parameter's shape. */
  unpack(vector: tf.Tensor): tf.Tensor[] {
    const rest = this.length - this.sizes.reduce((a, b) => a + b, 0);
    const sizes = rest > 0 ? [...this.sizes, rest] : [...this.sizes];
    const flat = sizes.length === 1 ? [vector] : tf.split(vector, sizes);
    return this.parameters.map(({ variable }, index) => tf.reshape(flat[index]!, variable.shape));
  }
}

/** Buckets of the small parameters with the same settings and of each large one, in order of first occurrence. */
export function bucketsOf(parameters: readonly OptimizedParameter[]): readonly Bucket[] {
  const bySettings = new Map<string, OptimizedParameter[]>();
  for (const parameter of parameters) {
    const { name, variable, learningRate, learningRateScale, weightDecay, adapts } = parameter;
    const key = `${isLone(variable.size) ? name : ''} ${learningRate} ${learningRateScale} ${weightDecay} ${adapts}`;
    const members = bySettings.get(key);
    if (members === undefined) bySettings.set(key, [parameter]);
    else members.push(parameter);
  }
  return [...bySettings.values()].map((members) => new Bucket(members));
}
