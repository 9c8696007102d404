import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** Height and width of an option `imageSize`. @throws InvalidOptionError for what is neither a number nor two */
export function sidesOf(where: string, imageSize: number | readonly [number, number]): readonly [number, number] {
  if (typeof imageSize === 'number') return [imageSize, imageSize];
  if (Array.isArray(imageSize) && imageSize.length === 2) return imageSize as [number, number];
  throw new InvalidOptionError(where, 'imageSize', 'the side of the images, or [height, width]', imageSize);
}
