import type { Encoder } from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { Volumes } from './check-volumes.js';
import type { ResNet3dVariantOptions } from './resnet3d/resnet3d-options.js';
import { resnet3d10, resnet3d18, resnet3d34, resnet3d50 } from './resnet3d/resnet3d-sizes.js';
import { vit3dBase, vit3dSmall, vit3dTiny, type Vit3dVariantOptions } from './vit3d/vit3d-sizes.js';

interface Sizes {
  readonly key: RandomKey;
  readonly imageSize: number;
  readonly inChannels: number;
}

/** Side up to which volumes count as small: a stem that divides it by four would leave one voxel to the last stage. */
const smallVolume = 32;

const convolutional =
  (build: (options: ResNet3dVariantOptions) => Encoder<Volumes>) =>
  ({ imageSize, ...options }: Sizes): Encoder<Volumes> =>
    build({
      ...options,
      // Gradients flow through a shortcut B alone: what starts from published weights takes the named function itself.
      shortcut: 'B',
      ...(imageSize <= smallVolume ? { stemKernel: 3, stemStride: 1, stemPool: false } : {}),
    });

const transformer =
  (build: (options: Vit3dVariantOptions) => Encoder<Volumes>) =>
  ({ imageSize, ...options }: Sizes): Encoder<Volumes> =>
    build({ ...options, volumeSize: imageSize, patchSize: imageSize <= 16 ? 4 : imageSize <= 64 ? 8 : 16 });

/**
 * Backbones of volumes by name, as `backbones` has those of images; `imageSize` is the side of a cube. Those of up to 32 voxels
 * get a stem of one convolution of side 3, patches have sides of 4 up to 16 voxels, of 8 up to 64 and then of 16. ResNets
 * have shortcuts `B`.
 */
export const volumeBackbones = {
  'resnet3d-10': convolutional(resnet3d10),
  'resnet3d-18': convolutional(resnet3d18),
  'resnet3d-34': convolutional(resnet3d34),
  'resnet3d-50': convolutional(resnet3d50),
  'vit3d-tiny': transformer(vit3dTiny),
  'vit3d-small': transformer(vit3dSmall),
  'vit3d-base': transformer(vit3dBase),
} as const;

/** A name of {@link volumeBackbones}. */
export type VolumeBackboneName = keyof typeof volumeBackbones;
