/** TypeScript side of `hash_fill.py`: numbers that both compute alike, so that golden files need not hold weights. */
import type { NdArray } from '@selfsup/ssl-tensor/host';

/** float32 in [-1, 1), from murmur3's finaliser of the index and the seed. */
export function hashUniform(count: number, seed: number): Float32Array {
  const base = Math.imul(seed, 0x9e3779b1);
  return Float32Array.from({ length: count }, (_, index) => {
    let h = (index + base) >>> 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return ((h ^ (h >>> 16)) >>> 0) / 2 ** 31 - 1;
  });
}

export function hashArray(shape: readonly number[], seed: number): NdArray<Float32Array> {
  return {
    data: hashUniform(
      shape.reduce((product, axis) => product * axis, 1),
      seed,
    ),
    shape,
  };
}

/** The filled state dict for a module with these names and shapes (reference layout), `num_batches_tracked` left out. */
export function hashState(shapes: ReadonlyMap<string, readonly number[]>): Map<string, NdArray> {
  const names = [...shapes.keys()].filter((name) => !name.endsWith('num_batches_tracked')).sort();
  return new Map(
    names.map((name, index) => {
      const shape = shapes.get(name)!;
      const [offset, scale] = range(name, shape);
      const { data } = hashArray(shape, index + 1);
      return [
        name,
        { data: data.map((value) => Math.fround(Math.fround(value * Math.fround(scale)) + offset)), shape },
      ];
    }),
  );
}

function range(name: string, shape: readonly number[]): [offset: number, scale: number] {
  if (name.endsWith('running_var')) return [1, 0.5];
  if (shape.length === 1 && name.endsWith('weight')) return [1, 0.3];
  if (shape.length >= 2 && name.endsWith('weight'))
    return [0, Math.sqrt(3 / shape.slice(1).reduce((product, axis) => product * axis, 1))];
  return [0, 0.2];
}

/** Norm, and projection on a position-dependent vector: a transposed or shifted gradient changes it. */
export function digest(gradient: NdArray, seed: number): [norm: number, projection: number] {
  const direction = hashUniform(gradient.data.length, seed);
  let squares = 0;
  let projection = 0;
  gradient.data.forEach((value, i) => {
    squares += value * value;
    projection += value * direction[i]!;
  });
  return [Math.sqrt(squares), projection];
}
