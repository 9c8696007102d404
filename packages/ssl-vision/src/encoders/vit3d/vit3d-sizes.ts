import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { VisionTransformer3d, type VisionTransformer3dOptions } from './vision-transformer3d.js';

/** Options of the named ViTs of volumes. Default: 96 voxels a side in patches of 16, as UNETR's. */
export type Vit3dVariantOptions = Omit<
  VisionTransformer3dOptions,
  'volumeSize' | 'patchSize' | 'dim' | 'depth' | 'heads' | 'mlpHidden'
> &
  Partial<Pick<VisionTransformer3dOptions, 'volumeSize' | 'patchSize'>>;

const vit3dVariantOptionNames: OptionNames<Vit3dVariantOptions> = {
  key: 'requiredKey',
  volumeSize: 'optional',
  patchSize: 'optional',
  qkvBias: 'optionalFlag',
  inChannels: 'optionalNumber',
  positions: 'optional',
  classToken: 'optionalFlag',
  pool: 'optional',
  dropPath: 'optionalNumber',
  checkpointBlocks: 'optionalFlag',
  weightInit: 'optionalFunction',
};

/** ViT-Ti of volumes: 12 blocks of width 192, 3 heads. */
export const vit3dTiny = (options: Vit3dVariantOptions): VisionTransformer3d =>
  sized('vit3dTiny', options, { dim: 192, depth: 12, heads: 3 });
/** ViT-S of volumes: 12 blocks of width 384, 6 heads. */
export const vit3dSmall = (options: Vit3dVariantOptions): VisionTransformer3d =>
  sized('vit3dSmall', options, { dim: 384, depth: 12, heads: 6 });
/** ViT-B of volumes, MONAI's default and UNETR's: 12 blocks of width 768, 12 heads. */
export const vit3dBase = (options: Vit3dVariantOptions): VisionTransformer3d =>
  sized('vit3dBase', options, { dim: 768, depth: 12, heads: 12 });

function sized(
  where: string,
  options: Vit3dVariantOptions,
  size: Pick<VisionTransformer3dOptions, 'dim' | 'depth' | 'heads'>,
): VisionTransformer3d {
  const given = checkOptions(where, options, vit3dVariantOptionNames);
  return new VisionTransformer3d({ volumeSize: 96, patchSize: 16, ...given, ...size });
}
