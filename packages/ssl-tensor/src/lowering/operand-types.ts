import { UnsupportedOpError } from '@selfsup/ssl-core';
import type { Value, ValueType } from '../graph/value.js';
import type { TfjsKernelName } from './kernel-name.js';

/** Kernels that compute with numbers. TF.js takes bool for them too, and gives bools of 2. */
const ofNumbers: readonly TfjsKernelName[] = [
  'Abs',
  'Add',
  'AddN',
  'BatchMatMul',
  'ClipByValue',
  'FloorDiv',
  'Mod',
  'Neg',
  'Pow',
  'Relu',
  'Relu6',
  'ScatterNd',
  'Sign',
  'Square',
  'SquaredDifference',
  'Step',
  'Sub',
];

/** Kernels that the runtime has for floats. */
const ofFloats: readonly TfjsKernelName[] = ['Atan2', 'Dilation2D', 'LRN', 'MaxPool', 'MaxPoolWithArgmax', 'Prelu'];

const refused = new Map<string, readonly ValueType[]>([
  ...ofNumbers.map((kernel) => [kernel, ['bool']] as const),
  ...ofFloats.map((kernel) => [kernel, ['bool', 'int32']] as const),
]);

/** @throws UnsupportedOpError for operands of a type that the kernel has no rule for, with the cast that helps */
export function checkOperandTypes(
  kernel: string,
  operands: Readonly<Record<string, Value>>,
  line: () => string | undefined,
): void {
  const types = refused.get(kernel);
  if (types === undefined) return;
  const found = Object.values(operands).find(({ type }) => types.includes(type));
  if (found === undefined) return;
  const target = types.includes('int32') ? 'float32' : 'int32';
  throw new UnsupportedOpError(
    `${kernel} of ${found.type}`,
    'has no rule',
    `Cast it first: tf.cast(x, '${target}')`,
    line(),
  );
}
