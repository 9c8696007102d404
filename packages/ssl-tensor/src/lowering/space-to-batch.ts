import { backend_util } from '@tensorflow/tfjs-core';
import type { Builder } from '../graph/builder.js';
import { sizeOf, type Value } from '../graph/value.js';

type Pairs = readonly (readonly [before: number, after: number])[];

/** Pads the axes after the first, and moves the place inside of each block of theirs to the front of the batch. */
export function spaceToBatch(b: Builder, x: Value, blockShape: number[], paddings: Pairs): Value {
  const padded = b.pad(
    x,
    x.shape.map((_, axis) => paddings[axis - 1] ?? [0, 0]),
  );
  const [shape, count] = [[...padded.shape], sizeOf(blockShape)];
  const split = backend_util.getReshaped(shape, blockShape, count, false);
  const perm = backend_util.getPermuted(split.length, blockShape.length, false);
  const joined = backend_util.getReshapedPermuted(shape, blockShape, count, false);
  return b.reshape(b.transpose(b.reshape(padded, split), perm), joined);
}

/** The way back, with crops instead of padding. */
export function batchToSpace(b: Builder, x: Value, blockShape: number[], crops: Pairs): Value {
  const [shape, count] = [[...x.shape], sizeOf(blockShape)];
  const split = backend_util.getReshaped(shape, blockShape, count);
  const perm = backend_util.getPermuted(split.length, blockShape.length);
  const joined = backend_util.getReshapedPermuted(shape, blockShape, count);
  return b.slice(
    b.reshape(b.transpose(b.reshape(x, split), perm), joined),
    joined.map((_, axis) => crops[axis - 1]?.[0] ?? 0),
    joined.map((size, axis) => size - (crops[axis - 1]?.[1] ?? 0)),
  );
}
