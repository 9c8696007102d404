import { InvalidOptionError, isNdArray, ndArray, type NdArray, ShapeError } from '@selfsup/ssl-core';
import { PackedImageDataset, packedEqualImages } from './packed-images.js';

/**
 * Equal images in one array, in memory that all workers share.
 *
 * @param images `[n, h, w, c]`, or `[n, h, w]` for one channel; copied unless it already lies in a SharedArrayBuffer
 * @param labels `[n]` classes, -1 = no label
 * @throws InvalidOptionError for what is no such array; ShapeError; DataError for a label that is neither a class nor -1
 */
export class ImageArrayDataset extends PackedImageDataset {
  /** All images, `[n, h, w, c]`. */
  readonly images: NdArray<Uint8Array>;

  constructor(images: NdArray<Uint8Array>, labels?: ArrayLike<number>) {
    if (!isNdArray(images) || !(images.data instanceof Uint8Array)) {
      const advice = 'Such as ndArray(data, [n, height, width, channels]) of a Uint8Array';
      throw new InvalidOptionError('ImageArrayDataset', 'images', 'an NdArray of Uint8Array', images, advice);
    }
    const [count, height, width, channels = 1] = images.shape;
    const rank = images.shape.length;
    if (
      count === undefined ||
      height === undefined ||
      width === undefined ||
      rank > 4 ||
      images.data.length !== count * height * width * channels
    ) {
      throw new ShapeError(
        'ImageArrayDataset',
        'images',
        '[n, height, width] or [n, height, width, channels]',
        `[${images.shape.join(', ')}] with ${images.data.length} bytes`,
      );
    }
    if (labels !== undefined && labels.length !== count)
      throw new ShapeError('ImageArrayDataset', 'labels', `[${count}], one per image`, `[${labels.length}]`);
    const packed = packedEqualImages(images.data, [count, height, width, channels], labels);
    super(packed);
    this.images = ndArray(packed.bytes, [count, height, width, channels]);
  }
}
