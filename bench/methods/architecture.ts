import { type NdArray, type RandomKey } from '@selfsup/ssl-core';
import type { Encoder } from '@selfsup/ssl-nn';
import { extractFeatures, inBatches } from '@selfsup/ssl-transfer';
import type { RunConfig } from '@selfsup/ssl-train';
import { normalizeImages, SmallConvEncoder, VisionTransformer } from '@selfsup/ssl-vision';
import { encoderName as nameForChooser } from '../../packages/ssl-vision/src/pretrain/chooser/encoder-name.js';

/** What an encoder is but its weights, as `encoder.safetensors` says it, and the statistics that its pictures get. */
export interface Architecture {
  readonly builder: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly normalize: { readonly mean: readonly number[]; readonly std: readonly number[] };
}

/** Name of an architecture in tables: the chooser's, by which it finds rows, and where features are taken. */
export const encoderName = ({ builder, options }: Architecture): string =>
  [nameForChooser({ builder, options: options as RunConfig }), options['pool']].filter(Boolean).join(', ');

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
