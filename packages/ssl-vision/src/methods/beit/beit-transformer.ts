import { truncatedNormal } from '@selfsup/ssl-nn';
import type { Linear } from '@selfsup/ssl-nn';
import { foldIn } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import type { VisionTransformerOptions } from '../../encoders/vision-transformer/vision-transformer-options.js';

/** Options of {@link beitTransformer}. */
export type BeitTransformerOptions = Pick<
  VisionTransformerOptions,
  | 'key'
  | 'imageSize'
  | 'patchSize'
  | 'dim'
  | 'depth'
  | 'heads'
  | 'mlpRatio'
  | 'inChannels'
  | 'dropPath'
  | 'layerScale'
  | 'pool'
  | 'checkpointBlocks'
>;

const beitTransformerOptionNames: OptionNames<BeitTransformerOptions> = {
  key: 'requiredKey',
  imageSize: 'required',
  patchSize: 'requiredNumber',
  dim: 'requiredNumber',
  depth: 'requiredNumber',
  heads: 'requiredNumber',
  mlpRatio: 'optionalNumber',
  inChannels: 'optionalNumber',
  dropPath: 'optionalNumber',
  layerScale: 'optionalNumber',
  pool: 'optional',
  checkpointBlocks: 'optionalFlag',
};

/** Drawn anew beyond one deviation (`trunc_normal_` of beit/modeling_pretrain.py). */
const narrow = truncatedNormal({ standardDeviation: 0.02, limit: 1 });

/**
 * BEiT's encoder: a vision transformer with a mask token, one trainable bias of relative positions for all blocks and no
 * other positions, factors of 0.1 on branches, the mean of patches as features. What ends a branch starts smaller the deeper
 * it is: by `1 / sqrt(2 layer)`.
 *
 * Source: Bao et al. 2021 (arXiv 2106.08254), section 2.5 and appendix; `beit_base_patch16_224_8k_vocab` of
 * beit/modeling_pretrain.py as run_beit_pretraining.py builds it. Its keys have no bias; ours does nothing, since it adds the
 * same to all scores of a query.
 */
export function beitTransformer(options: BeitTransformerOptions): VisionTransformer {
  const given = checkOptions('beitTransformer', options, beitTransformerOptionNames);
  const encoder = new VisionTransformer({
    layerScale: 0.1,
    pool: 'mean',
    ...given,
    maskToken: true,
    positions: 'none',
    relativePositions: true,
    init: { weight: narrow, patchWeight: narrow, clsToken: narrow },
  });
  encoder.maskToken!.write(narrow([1, 1, given.dim], foldIn(given.key, 'mask_token')));
  encoder.blocks.forEach(({ attn, mlp }, at) => {
    const factor = 1 / Math.sqrt(2 * (at + 1));
    for (const { weight } of [attn.proj, (mlp as { readonly fc2: Linear }).fc2]) {
      const { data, shape } = weight.read();
      weight.write({ data: (data as Float32Array).map((value) => value * factor), shape });
    }
  });
  return encoder;
}

/** Options of {@link beitBase} and {@link beitLarge}. Default: 224 pixels in patches of 16. */
export type BeitVariantOptions = Pick<
  BeitTransformerOptions,
  'key' | 'inChannels' | 'dropPath' | 'checkpointBlocks'
> & {
  readonly imageSize?: number | readonly [number, number];
  readonly patchSize?: number;
};

const beitVariantOptionNames: OptionNames<BeitVariantOptions> = {
  key: 'requiredKey',
  inChannels: 'optionalNumber',
  dropPath: 'optionalNumber',
  checkpointBlocks: 'optionalFlag',
  imageSize: 'optional',
  patchSize: 'optionalNumber',
};

const usual = { imageSize: 224, patchSize: 16 } as const;

/** BEiT-B/16: 12 blocks of width 768, 12 heads. */
export const beitBase = (options: BeitVariantOptions): VisionTransformer =>
  beitTransformer({
    ...usual,
    dim: 768,
    depth: 12,
    heads: 12,
    ...checkOptions('beitBase', options, beitVariantOptionNames),
  });

/** BEiT-L/16: 24 blocks of width 1,024, 16 heads; factors of branches start at 1e-5, as the authors' command has it. */
export const beitLarge = (options: BeitVariantOptions): VisionTransformer =>
  beitTransformer({
    ...usual,
    dim: 1024,
    depth: 24,
    heads: 16,
    layerScale: 1e-5,
    ...checkOptions('beitLarge', options, beitVariantOptionNames),
  });

/** {@link beitTransformer} for 28 to 64 pixels in patches of 4. Chosen, not cited. */
export const beitSmall = { patchSize: 4, dim: 192, depth: 6, heads: 3 } as const;
