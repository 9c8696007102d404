import * as tf from '@tensorflow/tfjs-core';
import { blockwiseLength } from '@selfsup/ssl-tensor';

/** A tensor or nothing per place of a layout. */
export type Pieces = readonly (tf.Tensor | undefined)[];

/** How tensors of given shapes lie end to end in one vector. */
export class FlatLayout {
  /** Elements of each tensor. */
  readonly sizes: readonly number[];
  /** Length of the vector, with zeros at the end where that makes it divide into blocks. */
  readonly length: number;
  readonly #rest: number;

  constructor(readonly shapes: readonly (readonly number[])[]) {
    this.sizes = shapes.map((shape) => shape.reduce((product, axis) => product * axis, 1));
    const size = this.sizes.reduce((a, b) => a + b, 0);
    this.length = blockwiseLength(size);
    this.#rest = this.length - size;
  }

  /** One vector of a tensor per shape; zeros in place of those that are missing. */
  pack(pieces: Pieces): tf.Tensor1D {
    const flat = pieces.map((piece, index) =>
      piece === undefined ? tf.zeros([this.sizes[index]!]) : (tf.reshape(piece, [-1]) as tf.Tensor1D),
    );
    if (this.#rest > 0) flat.push(tf.zeros([this.#rest]));
    return flat.length === 1 ? (flat[0]! as tf.Tensor1D) : tf.concat(flat as tf.Tensor1D[]);
  }

  /** The vector cut into tensors of the shapes. */
  unpack(vector: tf.Tensor): tf.Tensor[] {
    const sizes = this.#rest > 0 ? [...this.sizes, this.#rest] : [...this.sizes];
    const flat = sizes.length === 1 ? [vector] : tf.split(vector, sizes);
    return this.shapes.map((shape, index) => tf.reshape(flat[index]!, [...shape]));
  }
}
