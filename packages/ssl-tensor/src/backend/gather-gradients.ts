import * as tf from '@tensorflow/tfjs-core';

const sizeOf = (shape: readonly number[]): number => shape.reduce((total, size) => total * size, 1);

/** Where each axis of a transposed tensor goes back to. */
const undone = (order: readonly number[]): number[] => order.map((_, axis) => order.indexOf(axis));

/** Indices get no gradient; the engine asks for one where they were computed from something that does. */
const none = (indices: tf.Tensor) => (): tf.Tensor => tf.zeros(indices.shape);

/** Rows `[n, width]` added up at their positions: `[count, width]`. */
const summed = (rows: tf.Tensor, positions: tf.Tensor, count: number): tf.Tensor =>
  tf.unsortedSegmentSum(rows, tf.reshape(positions, [positions.size]) as tf.Tensor1D, count);

/**
 * Gradient of tf.gather with any number of batch axes: each group's rows are a part of one long list of rows.
 *
 * @param dy `[lead..., middle..., own..., inner...]`
 * @param indices int32 `[lead..., own...]`
 * @param axis gathered axis of `x`
 * @param batch axes of `lead`
 */
function gathered(dy: tf.Tensor, x: tf.Tensor, indices: tf.Tensor, axis: number, batch: number): tf.Tensor {
  const lead = x.shape.slice(0, batch);
  const middle = axis - batch;
  const own = indices.rank - batch;
  const places = dy.shape.map((_, place) => place);
  const ownFirst = [
    ...places.slice(0, batch),
    ...places.slice(batch + middle, batch + middle + own),
    ...places.slice(batch, batch + middle),
    ...places.slice(batch + middle + own),
  ];
  const [groups, length] = [sizeOf(lead), x.shape[axis]!];
  const perGroup = sizeOf(indices.shape.slice(batch));
  const rest = [...x.shape.slice(batch, axis), ...x.shape.slice(axis + 1)];
  const rows = tf.reshape(tf.transpose(dy, ownFirst), [groups * perGroup, sizeOf(rest)]);
  const firsts = tf.tensor2d(
    Int32Array.from({ length: groups }, (_, group) => group * length),
    [groups, 1],
    'int32',
  );
  const positions = tf.add(tf.reshape(tf.cast(indices, 'int32'), [groups, perGroup]), firsts);
  const sums = tf.reshape(summed(rows, positions, groups * length), [...lead, length, ...rest]);
  const axes = x.shape.map((_, place) => place);
  const axisFirst = [...axes.slice(0, batch), axis, ...axes.slice(batch).filter((place) => place !== axis)];
  return tf.transpose(sums, undone(axisFirst));
}

/**
 * Registers gradients of tf.gather (TF.js has one for no batch axis alone), tf.gatherND, tf.scatterND and the values of
 * tf.topk (TF.js has none).
 */
export function registerGatherGradients(): void {
  tf.registerGradient({
    kernelName: tf.GatherV2,
    inputsToSave: ['x', 'indices'],
    gradFunc: (dy, saved, attributes) => {
      const [x, indices] = saved as [tf.Tensor, tf.Tensor];
      const { axis, batchDims } = attributes as unknown as tf.GatherV2Attrs;
      const at = axis < 0 ? axis + x.rank : axis;
      const batch = batchDims < 0 ? batchDims + indices.rank : batchDims;
      return { x: () => gathered(dy as tf.Tensor, x, indices, at, batch), indices: none(indices) };
    },
  });
  tf.registerGradient({
    kernelName: tf.GatherNd,
    inputsToSave: ['params', 'indices'],
    gradFunc: (dy, saved) => {
      const [params, indices] = saved as [tf.Tensor, tf.Tensor];
      // One place alone is a vector, which tf.scatterND takes for a list.
      const places = tf.reshape(tf.cast(indices, 'int32'), [-1, indices.shape.at(-1)!]);
      const rest = params.shape.slice(indices.shape.at(-1));
      return {
        params: () => tf.scatterND(places, tf.reshape(dy as tf.Tensor, [places.shape[0]!, ...rest]), params.shape),
        indices: none(indices),
      };
    },
  });
  tf.registerGradient({
    kernelName: tf.ScatterNd,
    inputsToSave: ['indices'],
    gradFunc: (dy, saved) => {
      const indices = saved[0]!;
      return { updates: () => tf.gatherND(dy as tf.Tensor, tf.cast(indices, 'int32')), indices: none(indices) };
    },
  });
  tf.registerGradient({
    kernelName: tf.TopK,
    inputsToSave: ['x'],
    outputsToSave: [false, true],
    gradFunc: (dy, saved) => {
      const [x, indices] = saved as [tf.Tensor, tf.Tensor];
      const values = (dy as unknown as readonly tf.Tensor[])[0]!;
      return { x: () => gathered(values, x, indices, x.rank - 1, x.rank - 1) };
    },
  });
}
