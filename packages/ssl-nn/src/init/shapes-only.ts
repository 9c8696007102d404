import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** Zeros that all parameters lie in while {@link shapesOnly} runs; undefined outside. */
let memory: Float32Array | undefined;

/**
 * Builds modules that have names and shapes and no values of their own: all initialisers give zeros in one memory, the size
 * of the largest tensor. For counting what would not fit, and checking names. A module of this kind is for nothing else.
 *
 * @example
 * console.log(shapesOnly(() => vitGiant({ key: randomKey(0) })).parameterCount());
 */
export function shapesOnly<M>(build: () => M): M {
  if (typeof build !== 'function') {
    const advice = 'Write shapesOnly(() => resnet18({ key }))';
    throw new InvalidOptionError('shapesOnly', 'build', 'a function that builds the module', build, advice);
  }
  const outer = memory;
  memory ??= new Float32Array(0);
  try {
    return build();
  } finally {
    memory = outer;
  }
}

/** So many zeros while {@link shapesOnly} runs; undefined outside. */
export function sharedZeros(count: number): Float32Array | undefined {
  if (memory === undefined) return undefined;
  if (memory.length < count) memory = new Float32Array(count);
  return memory.subarray(0, count);
}
