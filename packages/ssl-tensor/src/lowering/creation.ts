import { sizeOf, type ValueType } from '../graph/value.js';
import { input, type RuleTable } from './rule.js';

/** Kernels that make tensors out of numbers. */
export const creationRules: RuleTable = {
  Fill: (b, _, { shape, value, dtype }) =>
    b.splat(Number(value), shape as number[], ((dtype as string | undefined) ?? 'float32') as ValueType),
  OnesLike: (b, inputs) => b.splat(1, input(inputs, 'x').shape, input(inputs, 'x').type),
  ZerosLike: (b, inputs) => b.splat(0, input(inputs, 'x').shape, input(inputs, 'x').type),
  Range: (b, _, { start, stop, step, dtype }) => {
    const [from, to] = [start as number, stop as number];
    // TF.js takes the step 1 for one that was not given.
    const by = to < from && step === 1 ? -1 : (step as number);
    const count = Math.max(0, Math.ceil((to - from) / by));
    const numbers = Array.from({ length: count }, (__, index) => from + by * index);
    return dtype === 'int32'
      ? b.constant(Int32Array.from(numbers), [count], 'int32')
      : b.constant(Float32Array.from(numbers), [count]);
  },
  LinSpace: (b, _, { start, stop, num }) => {
    const count = num as number;
    const step = ((stop as number) - (start as number)) / Math.max(1, count - 1);
    const numbers = Float32Array.from({ length: count }, (__, index) => (start as number) + step * index);
    return b.constant(numbers, [count]);
  },
  Diag: (b, inputs) => {
    const x = input(inputs, 'x');
    const size = sizeOf(x.shape);
    const eye = b.constant(
      Float32Array.from({ length: size * size }, (_, index) => Number(Math.floor(index / size) === index % size)),
      [size, size],
    );
    return b.reshape(b.where(b.cast(eye, 'bool'), b.reshape(x, [size, 1]), b.scalar(0, x.type)), [
      ...x.shape,
      ...x.shape,
    ]);
  },
};
