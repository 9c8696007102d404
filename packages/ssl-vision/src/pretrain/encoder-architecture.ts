import { checkChoice, CheckpointError, InvalidOptionError, SslError } from '@selfsup/ssl-core';
import type { Encoder } from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { backbones, type BackboneName } from '../encoders/registry.js';
import { resnet101, resnet18, resnet34, resnet50 } from '../encoders/resnet/resnet.js';
import { SmallConvEncoder } from '../encoders/small-conv-encoder.js';
import { VisionTransformer } from '../encoders/vision-transformer/vision-transformer.js';
import type { EncoderArchitecture } from './architecture.js';
import { type MethodName, recipeOf } from './recipes/recipes.js';

type Build = (options: { readonly key: RandomKey }) => Encoder;
/** Options come from a file; the builders check them. */
const builders: Readonly<Record<string, Build>> = {
  SmallConvEncoder: (options) => new SmallConvEncoder(options as never),
  resnet18: (options) => resnet18(options),
  resnet34: (options) => resnet34(options),
  resnet50: (options) => resnet50(options),
  resnet101: (options) => resnet101(options),
  VisionTransformer: (options) => new VisionTransformer(options as never),
};

/** Side from which ImageNet's stem leaves enough places; below, and for patches of 16 up to it, they are too few. */
const largeImage = 64;
const transformers: Partial<Record<BackboneName, { readonly dim: number; readonly heads: number }>> = {
  'vit-tiny': { dim: 192, heads: 3 },
  'vit-small': { dim: 384, heads: 6 },
};

/** Whether pictures of a side get patches, of which side. */
export const patchSizeOf = (backbone: BackboneName, imageSize: number): number | undefined =>
  transformers[backbone] === undefined ? undefined : imageSize <= largeImage ? 4 : 16;

/**
 * The architecture behind a backbone's name, written out.
 *
 * @throws InvalidOptionError for a backbone that is not registered, or that the method cannot train
 */
export function chooseArchitecture(
  backbone: BackboneName,
  method: MethodName,
  imageSize: number,
  channels: number,
): EncoderArchitecture {
  checkChoice('pretrain', 'backbone', backbone, Object.keys(backbones));
  const size = transformers[backbone];
  const only = recipeOf(method).transformers;
  if (size !== undefined) {
    const patchSize = patchSizeOf(backbone, imageSize)!;
    if (imageSize % patchSize !== 0)
      throw new InvalidOptionError('pretrain', 'imageSize', `a multiple of the patches' ${patchSize}`, imageSize);
    const own = { ...size, depth: 12, imageSize, patchSize, inChannels: channels };
    return { builder: 'VisionTransformer', options: { ...own, ...(only ?? { pool: 'cls', positions: 'learnt' }) } };
  }
  if (only !== undefined) {
    const expected = `'vit-tiny' or 'vit-small' with method '${method}'`;
    throw new InvalidOptionError('pretrain', 'backbone', expected, backbone);
  }
  if (backbone === 'small-conv')
    return {
      builder: 'SmallConvEncoder',
      options: { inChannels: channels, channels: [32, 64, 128, 256], strides: [1, 2, 2, 2] },
    };
  return { builder: backbone, options: { inChannels: channels, stem: imageSize < largeImage ? 'cifar' : 'imagenet' } };
}

/**
 * Builds what {@link chooseArchitecture} or a file says.
 *
 * @throws CheckpointError for an architecture that this version does not have
 */
export function buildEncoder({ builder, options }: EncoderArchitecture, key: RandomKey): Encoder {
  const build = Object.hasOwn(builders, builder) ? builders[builder] : undefined;
  if (build === undefined)
    throw new CheckpointError(
      `has an encoder '${builder}', which this version does not know: it has ${Object.keys(builders).join(', ')}`,
    );
  try {
    return build({ ...options, key });
  } catch (cause) {
    if (!SslError.isInstance(cause)) throw cause;
    throw new CheckpointError(`has an encoder that cannot be built: ${cause.message}`, { cause });
  }
}
