import { DataError, type NdArray, withArticle } from '@selfsup/ssl-core';

/** An image or a volume, or a batch of them. */
export type Pixels = NdArray<Uint8Array> | NdArray<Float32Array>;

/**
 * What a data set or a view gave, once it is known to be an image (`[height, width, channels]` of bytes) or a volume
 * (`[depth, height, width, channels]` of 32-bit floats): copied into a batch without a look, a wrong one would shift all
 * pixels behind it.
 *
 * @param from who gave it, for messages, such as `view 1`
 * @throws DataError
 */
export function checkPixels(value: unknown, from: string): Pixels {
  const { data, shape } = (value ?? {}) as { readonly data?: unknown; readonly shape?: unknown };
  if (value instanceof Promise)
    throw new DataError(
      `${from} gave a promise; views are synchronous, and a data set's promise is for the whole sample`,
    );
  if (!Array.isArray(shape) || !(data instanceof Uint8Array || data instanceof Float32Array))
    throw new DataError(
      `${from} gave ${described(value, data)}, no image { data: Uint8Array, shape } and no volume { data: Float32Array, shape }`,
    );
  const [rank, expected] =
    data instanceof Uint8Array
      ? [3, 'an image of bytes is [height, width, channels]']
      : [4, 'a volume of floats is [depth, height, width, channels]'];
  const text = `[${shape.join(', ')}]`;
  if (shape.length !== rank || !shape.every((side) => Number.isSafeInteger(side) && side >= 1))
    throw new DataError(
      `${from} gave the shape ${text} for ${withArticle(data.constructor.name)}; ${expected}, sides of at least 1`,
    );
  const count = shape.reduce((product: number, side: number) => product * side, 1);
  if (data.length !== count)
    throw new DataError(`${from} gave the shape ${text}, which takes ${count} values, with data of ${data.length}`);
  return value as Pixels;
}

function described(value: unknown, data: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return typeof data === 'object' && data !== null ? `data of ${data.constructor.name}` : 'an object without data';
}
