import { checkOptions } from '@selfsup/ssl-tensor/host';
import { resNet3dVariantOptionNames, type ResNet3dOptions, type ResNet3dVariantOptions } from './resnet3d-options.js';
import { ResNet3d } from './resnet3d.js';

/** What the named ones differ in, as MONAI's `ResNetFeatures` and MedicalNet's files have it. */
type Size = Pick<ResNet3dOptions, 'block' | 'layers' | 'shortcut' | 'biasDownsample'>;

/** ResNet-10 of volumes: 14.4 million parameters, 512 features. */
export const resnet3d10 = (options: ResNet3dVariantOptions): ResNet3d =>
  sized('resnet3d10', options, { block: 'basic', layers: [1, 1, 1, 1], shortcut: 'B', biasDownsample: false });
/** ResNet-18 of volumes with shortcuts `A`: 33.0 million parameters, 512 features. */
export const resnet3d18 = (options: ResNet3dVariantOptions): ResNet3d =>
  sized('resnet3d18', options, { block: 'basic', layers: [2, 2, 2, 2], shortcut: 'A' });
/** ResNet-34 of volumes with shortcuts `A`: 63.3 million parameters, 512 features. */
export const resnet3d34 = (options: ResNet3dVariantOptions): ResNet3d =>
  sized('resnet3d34', options, { block: 'basic', layers: [3, 4, 6, 3], shortcut: 'A' });
/** ResNet-50 of volumes: 46.2 million parameters, 2,048 features. */
export const resnet3d50 = (options: ResNet3dVariantOptions): ResNet3d =>
  sized('resnet3d50', options, { block: 'bottleneck', layers: [3, 4, 6, 3], shortcut: 'B', biasDownsample: false });

/** torchvision's `r3d_18`, for clips `[batch, frames, height, width, 3]`: 33.2 million parameters, 512 features. */
export const r3d18 = (options: ResNet3dVariantOptions): ResNet3d => {
  const given = checkOptions('r3d18', options, resNet3dVariantOptionNames);
  return new ResNet3d({
    inChannels: 3,
    stemKernel: [3, 7, 7],
    stemStride: [1, 2, 2],
    stemPool: false,
    biasDownsample: false,
    ...given,
    block: 'basic',
    layers: [2, 2, 2, 2],
  });
};

function sized(where: string, options: ResNet3dVariantOptions, size: Size): ResNet3d {
  const { block, layers, ...defaults } = size;
  const given = checkOptions(where, options, resNet3dVariantOptionNames);
  return new ResNet3d({ stemStride: 2, ...defaults, ...given, block, layers });
}
