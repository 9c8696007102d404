import { ShapeError } from '@selfsup/ssl-core';

/**
 * Refuses the largest or smallest of no elements, which is no number: PyTorch and NumPy refuse it too. Results without
 * elements are none, and are fine.
 *
 * @param kernel `Max`, `Min`, `ArgMax` or `ArgMin`
 * @param axes that are reduced, from 0
 * @throws ShapeError where an axis is empty, and the result is not
 */
export function checkExtremum(kernel: string, shape: readonly number[], axes: readonly number[]): void {
  const empty = axes.find((axis) => shape[axis] === 0);
  if (empty === undefined || shape.some((size, axis) => size === 0 && !axes.includes(axis))) return;
  throw new ShapeError(
    kernel,
    'x',
    `of at least one element along axis ${empty}, since nothing has no largest and no smallest (logSumExp, logSoftmax and norms of infinite order take the largest)`,
    `[${shape.join(', ')}]`,
  );
}
