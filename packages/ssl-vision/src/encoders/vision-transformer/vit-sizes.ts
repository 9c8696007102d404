import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { VisionTransformerOptions } from './vision-transformer-options.js';
import { VisionTransformer } from './vision-transformer.js';

/** Options of the named ViTs. Default: 224 pixels in patches of 16, of 14 for huge and giant. */
export type VitVariantOptions = Pick<
  VisionTransformerOptions,
  | 'key'
  | 'pool'
  | 'inChannels'
  | 'dropPath'
  | 'maskToken'
  | 'registers'
  | 'layerScale'
  | 'positions'
  | 'init'
  | 'checkpointBlocks'
> & {
  readonly imageSize?: number | readonly [number, number];
  readonly patchSize?: number;
};

const vitVariantOptionNames: OptionNames<VitVariantOptions> = {
  key: 'requiredKey',
  pool: 'optional',
  inChannels: 'optionalNumber',
  dropPath: 'optionalNumber',
  maskToken: 'optionalFlag',
  registers: 'optionalNumber',
  layerScale: 'optionalNumber',
  positions: 'optional',
  init: 'optional',
  checkpointBlocks: 'optionalFlag',
  imageSize: 'optional',
  patchSize: 'optionalNumber',
};

/** What the sizes differ in. */
export type VitSize = Pick<
  VisionTransformerOptions,
  'dim' | 'depth' | 'heads' | 'mlpRatio' | 'mlp' | 'mlpHidden' | 'patchSize' | 'layerScale'
> & { readonly imageSize?: number };

/**
 * Sizes by name: micro is our own, for pictures of 28 to 64 pixels on a CPU; Touvron et al. 2020 (arXiv 2012.12877) for tiny and small, Dosovitskiy et al. 2020 (arXiv 2010.11929) for
 * base, large and huge, Zhai et al. 2021 (arXiv 2106.04560) for giant, Oquab et al. 2023 (arXiv 2304.07193) for DINOv2's.
 */
export const vitSizes = {
  micro: { dim: 128, heads: 4, depth: 4, patchSize: 16 },
  tiny: { dim: 192, heads: 3, depth: 12, patchSize: 16 },
  small: { dim: 384, heads: 6, depth: 12, patchSize: 16 },
  base: { dim: 768, heads: 12, depth: 12, patchSize: 16 },
  large: { dim: 1024, heads: 16, depth: 24, patchSize: 16 },
  huge: { dim: 1280, heads: 16, depth: 32, patchSize: 14 },
  giant: { dim: 1408, heads: 16, depth: 40, patchSize: 14, mlpRatio: 48 / 11 },
  dinoV2Small: { dim: 384, heads: 6, depth: 12, patchSize: 14, imageSize: 518, layerScale: 1e-5 },
  dinoV2Base: { dim: 768, heads: 12, depth: 12, patchSize: 14, imageSize: 518, layerScale: 1e-5 },
  dinoV2Large: { dim: 1024, heads: 16, depth: 24, patchSize: 14, imageSize: 518, layerScale: 1e-5 },
  dinoV2Giant: {
    dim: 1536,
    heads: 24,
    depth: 40,
    patchSize: 14,
    imageSize: 518,
    layerScale: 1e-5,
    mlp: 'swiglu-packed',
    mlpHidden: 4096,
  },
} as const satisfies Record<string, VitSize>;

/** 4 blocks of width 128, 4 heads; 0.8 million parameters with patches of 4: for small pictures on a CPU. */
export const vitMicro = (options: VitVariantOptions): VisionTransformer => sized('vitMicro', options, vitSizes.micro);
/** ViT-Ti/16: 12 blocks of width 192, 3 heads; 5.5 million parameters. */
export const vitTiny = (options: VitVariantOptions): VisionTransformer => sized('vitTiny', options, vitSizes.tiny);
/** ViT-S/16: 12 blocks of width 384, 6 heads; 21.7 million parameters. */
export const vitSmall = (options: VitVariantOptions): VisionTransformer => sized('vitSmall', options, vitSizes.small);
/** ViT-B/16: 12 blocks of width 768, 12 heads; 85.8 million parameters. */
export const vitBase = (options: VitVariantOptions): VisionTransformer => sized('vitBase', options, vitSizes.base);
/** ViT-L/16: 24 blocks of width 1,024, 16 heads; 303.3 million parameters. */
export const vitLarge = (options: VitVariantOptions): VisionTransformer => sized('vitLarge', options, vitSizes.large);
/** ViT-H/14: 32 blocks of width 1,280, 16 heads; 630.8 million parameters. */
export const vitHuge = (options: VitVariantOptions): VisionTransformer => sized('vitHuge', options, vitSizes.huge);
/** ViT-g/14: 40 blocks of width 1,408, 16 heads; 1,011.2 million parameters. DINOv2's is {@link dinoV2Giant}. */
export const vitGiant = (options: VitVariantOptions): VisionTransformer => sized('vitGiant', options, vitSizes.giant);

/** DINOv2's ViT-S/14, 518 pixels; `registers: 4` for its second release. Its published files load. */
export const dinoV2Small = (options: VitVariantOptions): VisionTransformer =>
  sized('dinoV2Small', options, vitSizes.dinoV2Small);
/** DINOv2's ViT-B/14, as {@link dinoV2Small}. */
export const dinoV2Base = (options: VitVariantOptions): VisionTransformer =>
  sized('dinoV2Base', options, vitSizes.dinoV2Base);
/** DINOv2's ViT-L/14, as {@link dinoV2Small}. */
export const dinoV2Large = (options: VitVariantOptions): VisionTransformer =>
  sized('dinoV2Large', options, vitSizes.dinoV2Large);
/** DINOv2's ViT-g/14: 40 blocks of width 1,536, 24 heads, SwiGLU of 4,096; 1,136.5 million parameters. */
export const dinoV2Giant = (options: VitVariantOptions): VisionTransformer =>
  sized('dinoV2Giant', options, vitSizes.dinoV2Giant);

function sized(where: string, options: VitVariantOptions, size: VitSize): VisionTransformer {
  const given = checkOptions(where, options, vitVariantOptionNames);
  return new VisionTransformer({ imageSize: 224, ...size, ...given });
}
