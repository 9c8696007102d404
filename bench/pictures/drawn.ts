import { availableParallelism } from 'node:os';
import type { NdArray } from '@selfsup/ssl-core';
import sharp from 'sharp';

/** Draws pictures of `size` x `size` pixels, with 1 or 3 channels, each the content of an SVG without a background. */
export async function drawn(
  pictures: readonly { readonly viewBox: string; readonly body: string }[],
  { size, channels, background }: { readonly size: number; readonly channels: 1 | 3; readonly background: string },
): Promise<NdArray<Uint8Array>> {
  const area = size * size * channels;
  const data = new Uint8Array(pictures.length * area);
  const draw = async ({ viewBox, body }: (typeof pictures)[number], i: number): Promise<void> => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${size}" height="${size}" viewBox="${viewBox}">${body}</svg>`;
    const picture = sharp(Buffer.from(svg)).resize(size, size).flatten({ background });
    const raw = await (channels === 1 ? picture.greyscale() : picture.removeAlpha().toColourspace('srgb'))
      .raw()
      .toBuffer();
    data.set(raw, i * area);
  };
  const lanes = availableParallelism();
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let i = lane; i < pictures.length; i += lanes) await draw(pictures[i]!, i);
    }),
  );
  return { data, shape: [pictures.length, size, size, channels] };
}
