import { checkChoice, CheckpointError, InvalidOptionError, SslError } from '@selfsup/ssl-core';
import type { Encoder } from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { JsonValue } from '@selfsup/ssl-train';
import { backbones, type BackboneName, namedBuilders, registeredAs } from '../encoders/registry.js';
import { VisionTransformer } from '../encoders/vision-transformer/vision-transformer.js';
import { vitSizes, type VitSize } from '../encoders/vision-transformer/vit-sizes.js';
import type { EncoderArchitecture } from './architecture.js';
import { type MethodName, recipeOf } from './recipes/recipes.js';

type Build = (options: { readonly key: RandomKey }) => Encoder;
/** Options come from a file; the builders check them. */
const builders: Readonly<Record<string, Build>> = {
  ...namedBuilders,
  VisionTransformer: (options) => new VisionTransformer(options as never),
};

/** Side from which ImageNet's stem leaves enough places; below, and for patches of 16 up to it, they are too few. */
const largeImage = 64;
const transformers: Partial<Record<BackboneName, VitSize>> = {
  'vit-micro': vitSizes.micro,
  'vit-tiny': vitSizes.tiny,
  'vit-small': vitSizes.small,
  'vit-base': vitSizes.base,
  'vit-large': vitSizes.large,
  'vit-huge': vitSizes.huge,
  'vit-giant': vitSizes.giant,
  'dinov2-small': vitSizes.dinoV2Small,
  'dinov2-base': vitSizes.dinoV2Base,
  'dinov2-large': vitSizes.dinoV2Large,
  'dinov2-giant': vitSizes.dinoV2Giant,
};

/** Encoders whose features are the mean of their last map. */
const mapEncoders: readonly BackboneName[] = [
  'small-conv',
  'resnet18',
  'resnet34',
  'resnet50',
  'resnet101',
  'wide-resnet50',
  'wide-resnet101',
];

/** Whether pictures of a side get patches, of which side. */
export function patchSizeOf(backbone: BackboneName, imageSize: number): number | undefined {
  const size = transformers[backbone];
  if (size === undefined) return undefined;
  return imageSize <= largeImage && !backbone.startsWith('dinov2') ? 4 : size.patchSize;
}

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
  const { transformers: only, maps } = recipeOf(method);
  if (maps === true && !mapEncoders.includes(backbone)) {
    const expected = `one of ${mapEncoders.join(', ')} with method '${method}'`;
    throw new InvalidOptionError('pretrain', 'backbone', expected, backbone);
  }
  if (size !== undefined) {
    const patchSize = patchSizeOf(backbone, imageSize)!;
    if (imageSize % patchSize !== 0)
      throw new InvalidOptionError('pretrain', 'imageSize', `a multiple of the patches' ${patchSize}`, imageSize);
    if (only?.plain === true && size.layerScale !== undefined) throw notOf(method, backbone);
    const own = { ...(size as Readonly<Record<string, JsonValue>>), imageSize, patchSize, inChannels: channels };
    const usual = { pool: 'cls', positions: 'learnt' };
    return { builder: 'VisionTransformer', options: { ...own, ...usual, ...only?.options } };
  }
  if (only !== undefined) throw notOf(method, backbone);
  if (backbone === 'small-conv')
    return {
      builder: 'SmallConvEncoder',
      options: { inChannels: channels, channels: [32, 64, 128, 256], strides: [1, 2, 2, 2] },
    };
  if (/^resnet\d+$/.test(backbone))
    return {
      builder: backbone,
      options: { inChannels: channels, stem: imageSize < largeImage ? 'cifar' : 'imagenet' },
    };
  return registeredAs(backbone, { imageSize, inChannels: channels });
}

function notOf(method: MethodName, backbone: BackboneName): InvalidOptionError {
  const only = recipeOf(method).transformers;
  const fitting = Object.entries(transformers)
    .filter(([, size]) => only?.plain !== true || size.layerScale === undefined)
    .map(([name]) => name);
  return new InvalidOptionError(
    'pretrain',
    'backbone',
    `one of ${fitting.join(', ')} with method '${method}'`,
    backbone,
  );
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
