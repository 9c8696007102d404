import { InvalidOptionError, type NdArray, ShapeError } from '@selfsup/ssl-core';

/** An 8-bit image on the host, `[height, width, channels]`, channels last. */
export type Image = NdArray<Uint8Array>;

/** Height, width and channels of an image; throws {@link ShapeError} when it has another rank, InvalidOptionError for no image. */
export function imageSize(image: Image, where: string): readonly [height: number, width: number, channels: number] {
  checkIsImage(where, image);
  const { shape, data } = image;
  const [height, width, channels] = shape;
  if (
    shape.length !== 3 ||
    height === undefined ||
    width === undefined ||
    channels === undefined ||
    data.length !== height * width * channels
  ) {
    throw new ShapeError(
      where,
      'image',
      '[height, width, channels] with one byte per element',
      `[${shape.join(', ')}] with ${data.length} bytes`,
    );
  }
  return [height, width, channels];
}

/** Throws {@link InvalidOptionError} for what is no array of bytes: a file's name, a promise, an array of numbers. */
export function checkIsImage(where: string, image: unknown): void {
  const { data, shape } = (image ?? {}) as { readonly data?: { readonly length?: unknown }; readonly shape?: unknown };
  if (typeof data?.length === 'number' && Array.isArray(shape)) return;
  const advice =
    'An image is { data: Uint8Array, shape: [height, width, channels] }, as await decodeImage(file) gives it';
  throw new InvalidOptionError(where, 'image', 'an image', image, advice);
}
