import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { convolve } from './convolve.js';

/** Filter and steps of a convolution along its spatial axes. */
interface Steps {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
}

/** Zeros between elements, as many as the stride skips. */
function spacedOut(b: Builder, dy: Value, stride: readonly number[]): Value {
  return stride.reduce((x, step, place) => {
    const [axis, size] = [place + 2, x.shape[place + 2]!];
    if (step === 1 || size === 1) return x;
    const split = x.shape.toSpliced(axis + 1, 0, 1);
    const apart = b.pad(
      b.reshape(x, split),
      split.map((_, index) => [0, index === axis + 1 ? step - 1 : 0] as const),
    );
    const end = x.shape.with(axis, (size - 1) * step + 1);
    return b.slice(
      b.reshape(apart, x.shape.with(axis, size * step)),
      end.map(() => 0),
      end,
    );
  }, dy);
}

/** `[o, c / group, ...kernel]` to `[c, o / group, ...kernel]`, each filter turned round in its axes. */
function mirrored(b: Builder, weights: Value, group: number): Value {
  const [o, c, ...kernel] = weights.shape as readonly [number, number, ...number[]];
  const axes = kernel.map((_, axis) => axis);
  const swapped = b.transpose(b.reshape(weights, [group, o / group, c, ...kernel]), [
    0,
    2,
    1,
    ...axes.map((axis) => axis + 3),
  ]);
  return axes.reduce(
    (x, axis) => {
      const size = kernel[axis]!;
      const places = b.int64(Array.from({ length: size }, (_, place) => size - 1 - place));
      return size === 1 ? x : b.op('Gather', [x, places], x.shape, x.type, { axis: axis + 2 });
    },
    b.reshape(swapped, [group * c, o / group, ...kernel]),
  );
}

/**
 * ONNX's ConvTranspose without padding, as a convolution: ONNX Runtime 1.30's WebGPU provider transposes no volumes, and is
 * wrong with groups.
 *
 * @param dy `[n, o, ...size]`
 * @param weights `[o, c / group, ...kernel]`
 * @param shape `[n, c, ...reach]`
 */
export function transposedAsConv(
  b: Builder,
  dy: Value,
  weights: Value,
  shape: readonly number[],
  steps: Steps,
  group: number,
): Value {
  const border = steps.kernel.map((size, axis) => (size - 1) * steps.dilation[axis]!);
  const attributes = {
    kernel_shape: steps.kernel,
    strides: steps.kernel.map(() => 1),
    dilations: steps.dilation,
    // As wide a border as the filter reaches.
    pads: [...border, ...border],
    group,
  };
  const [image, filters] = [spacedOut(b, dy, steps.stride), mirrored(b, weights, group)];
  return steps.kernel.length === 2 && group === 1
    ? convolve(b, image, filters, shape, attributes)
    : b.op('Conv', [image, filters], shape, 'float32', attributes);
}
