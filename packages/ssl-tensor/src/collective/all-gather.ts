import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-core';
import { hostCall } from '../ops/host-call.js';
import { allReduce } from './all-reduce.js';
import type { Collective } from './collective.js';

/**
 * The tensors of all ranks, one after the other along the first axis, by rank: every rank gets the same. With one rank
 * nothing is recorded.
 *
 * The gradient of a rank's tensor is the sum over the ranks of the gradients of its rows, as in
 * `torch.distributed.nn.functional.all_gather`: that of the sum over the ranks of their losses.
 *
 * @param x `[n, ...]`, float32 or int32, of the same shape on every rank
 * @returns `[size * n, ...]`
 * @throws ShapeError for a scalar or another type
 */
export function allGather<T extends tf.Tensor>(x: T, collective: Collective): T {
  const { rank, size } = collective;
  const { dtype } = x as tf.Tensor;
  if (x.rank === 0) throw new ShapeError('allGather', 'x', '[n, ...]', '[]');
  if (dtype !== 'float32' && dtype !== 'int32') throw new ShapeError('allGather', 'x', 'float32 or int32', dtype);
  if (size === 1) return tf.clone(x);
  const [n, ...row] = x.shape as [number, ...number[]];
  const shape = [size * n, ...row];
  const [gathered] = hostCall(
    [x],
    [{ shape, dtype }],
    ([own]) => {
      const data = collective.allGather(own!.data as Float32Array | Int32Array);
      return data instanceof Promise ? data.then((all) => [{ data: all, shape }]) : [{ data, shape }];
    },
    {
      name: 'allGather',
      channel: collective,
      gradient: ([dy]) => [
        tf.slice(
          allReduce(dy!, collective),
          shape.map((_, axis) => (axis === 0 ? rank * n : 0)),
          x.shape,
        ),
      ],
    },
  );
  return gathered as T;
}
