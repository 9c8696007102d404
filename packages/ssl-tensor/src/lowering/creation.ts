import { sizeOf, type ValueType } from '../graph/value.js';
import { input, type RuleTable } from './rule.js';

/** Adds up step by step, as TF.js does: numbers are rounded, and cut where they are integers, on the way. */
function progression<T extends Float32Array | Int32Array>(numbers: T, start: number, step: number): T {
  for (let index = 0; index < numbers.length; index++)
    numbers[index] = index === 0 ? start : numbers[index - 1]! + step;
  return numbers;
}

/** Kernels that make tensors out of numbers. */
export const creationRules = {
  Fill: (b, _, { shape, value, dtype }) =>
    b.splat(Number(value), shape as number[], ((dtype as string | undefined) ?? 'float32') as ValueType),
  OnesLike: (b, inputs) => b.splat(1, input(inputs, 'x').shape, input(inputs, 'x').type),
  ZerosLike: (b, inputs) => b.splat(0, input(inputs, 'x').shape, input(inputs, 'x').type),
  Range: (b, _, { start, stop, step, dtype }) => {
    const [from, to] = [start as number, stop as number];
    // TF.js takes the step 1 for one that was not given.
    const by = to < from && step === 1 ? -1 : (step as number);
    const count = Math.max(0, Math.ceil((to - from) / by));
    return dtype === 'int32'
      ? b.constant(progression(new Int32Array(count), from, by), [count], 'int32')
      : b.constant(progression(new Float32Array(count), from, by), [count]);
  },
  LinSpace: (b, _, { start, stop, num }) => {
    const count = num as number;
    const step = ((stop as number) - (start as number)) / Math.max(1, count - 1);
    return b.constant(progression(new Float32Array(count), start as number, step), [count]);
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
} satisfies RuleTable;
