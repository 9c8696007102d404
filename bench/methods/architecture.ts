import { type NdArray, type RandomKey } from '@selfsup/ssl-core';
import type { Encoder } from '@selfsup/ssl-nn';
import { extractFeatures, inBatches } from '@selfsup/ssl-transfer';
import { normalizeImages, SmallConvEncoder, VisionTransformer } from '@selfsup/ssl-vision';

/** What an encoder is but its weights, as `encoder.safetensors` says it, and the statistics that its pictures get. */
export interface Architecture {
  readonly builder: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly normalize: { readonly mean: readonly number[]; readonly std: readonly number[] };
}

/** Name of an architecture in tables. */
export function encoderName({ builder, options }: Architecture): string {
  if (builder === 'SmallConvEncoder') return 'small-conv';
  if (builder !== 'VisionTransformer') return builder;
  const { depth, dim, patchSize, pool } = options;
  return `ViT ${String(depth)} x ${String(dim)}, patches of ${String(patchSize)}, ${String(pool)}`;
}

/** The architecture with its first weights. */
export function freshEncoder({ builder, options }: Architecture, key: RandomKey): Encoder {
  const all = { ...options, key } as never;
  return builder === 'VisionTransformer' ? new VisionTransformer(all) : new SmallConvEncoder(all);
}

/** Features `[n, d]` of pictures. */
export const embed = (
  encoder: Encoder,
  { normalize }: Architecture,
  images: NdArray<Uint8Array>,
  threads: number,
): Promise<NdArray<Float32Array>> =>
  extractFeatures((batch) => encoder.forward(normalizeImages(batch, normalize)), inBatches(images, 64), {
    compile: { threads },
  });
