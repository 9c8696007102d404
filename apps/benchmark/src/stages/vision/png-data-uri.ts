import type { NdArray } from '@selfsup/ssl-core';
import sharp from 'sharp';

/**
 * An image as a `data:` URI of a PNG.
 *
 * @param images uint8 `[n, height, width, channels]`
 */
export async function pngDataUri({ data, shape }: NdArray<Uint8Array>, index: number): Promise<string> {
  const [, height, width, channels] = shape as [number, number, number, 1 | 3];
  const bytes = height * width * channels;
  const png = await sharp(data.slice(index * bytes, (index + 1) * bytes), { raw: { width, height, channels } })
    .png({ compressionLevel: 9 })
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}
