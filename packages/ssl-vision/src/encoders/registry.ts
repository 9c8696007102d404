import type { Encoder } from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { InvalidOptionError } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Volumes } from './check-volumes.js';
import { convNeXtSmall, convNeXtTiny } from './convnext/convnext.js';
import { efficientNetB0, efficientNetB1, efficientNetB2, efficientNetB3 } from './mobile/efficientnet.js';
import { mobileNetV3Large, mobileNetV3Small } from './mobile/mobilenet-v3.js';
import { resnet101, resnet18, resnet34, resnet50, wideResnet101, wideResnet50 } from './resnet/resnet.js';
import { SmallConvEncoder } from './small-conv-encoder.js';
import { swinBase, swinSmall, swinTiny } from './swin/swin-transformer.js';
import {
  dinoV2Base,
  dinoV2Giant,
  dinoV2Large,
  dinoV2Small,
  vitBase,
  vitGiant,
  vitHuge,
  vitLarge,
  vitMicro,
  vitSmall,
  vitTiny,
} from './vision-transformer/vit-sizes.js';
import { volumeBackbones, type VolumeBackboneName } from './volume-registry.js';

/** What every registered backbone can be built from; a backbone ignores what does not concern it. */
export interface BackboneOptions {
  readonly key: RandomKey;
  /** Side of the square images, or of the cubic volumes. */
  readonly imageSize: number;
  /** Channels of the images or volumes. */
  readonly inChannels: number;
}

const backboneOptionNames: OptionNames<BackboneOptions> = {
  key: 'requiredKey',
  imageSize: 'requiredNumber',
  inChannels: 'requiredNumber',
};

type Sizes = Omit<BackboneOptions, 'key'>;
type Sizing = (sizes: Sizes) => Readonly<Record<string, number | string>>;

/** Side up to which images count as small: below ImageNet's stem and patches of 16 there would be too few positions left. */
const smallImage = 64;
const channels: Sizing = ({ inChannels }) => ({ inChannels });
const stem: Sizing = ({ inChannels, imageSize }) => ({
  inChannels,
  stem: imageSize <= smallImage ? 'cifar' : 'imagenet',
});
const patches =
  (small: number, large: number): Sizing =>
  ({ inChannels, imageSize }) => ({ inChannels, imageSize, patchSize: imageSize <= smallImage ? small : large });
/** Of networks that need no size of image. */
const unsized: Sizing = ({ inChannels, imageSize }) => ({ inChannels, patchSize: imageSize <= smallImage ? 2 : 4 });

/** By the name that this package exports. */
const builders = {
  SmallConvEncoder: (options: never) => new SmallConvEncoder(options),
  resnet18,
  resnet34,
  resnet50,
  resnet101,
  wideResnet50,
  wideResnet101,
  vitMicro,
  vitTiny,
  vitSmall,
  vitBase,
  vitLarge,
  vitHuge,
  vitGiant,
  dinoV2Small,
  dinoV2Base,
  dinoV2Large,
  dinoV2Giant,
  convNeXtTiny,
  convNeXtSmall,
  swinTiny,
  swinSmall,
  swinBase,
  mobileNetV3Small,
  mobileNetV3Large,
  efficientNetB0,
  efficientNetB1,
  efficientNetB2,
  efficientNetB3,
} as const;

/** What builds it, and from what besides its key. */
const registered = {
  'small-conv': ['SmallConvEncoder', channels],
  resnet18: ['resnet18', stem],
  resnet34: ['resnet34', stem],
  resnet50: ['resnet50', stem],
  resnet101: ['resnet101', stem],
  'wide-resnet50': ['wideResnet50', stem],
  'wide-resnet101': ['wideResnet101', stem],
  'vit-micro': ['vitMicro', patches(4, 16)],
  'vit-tiny': ['vitTiny', patches(4, 16)],
  'vit-small': ['vitSmall', patches(4, 16)],
  'vit-base': ['vitBase', patches(4, 16)],
  'vit-large': ['vitLarge', patches(4, 16)],
  'vit-huge': ['vitHuge', patches(4, 14)],
  'vit-giant': ['vitGiant', patches(4, 14)],
  'dinov2-small': ['dinoV2Small', patches(14, 14)],
  'dinov2-base': ['dinoV2Base', patches(14, 14)],
  'dinov2-large': ['dinoV2Large', patches(14, 14)],
  'dinov2-giant': ['dinoV2Giant', patches(14, 14)],
  'convnext-tiny': ['convNeXtTiny', unsized],
  'convnext-small': ['convNeXtSmall', unsized],
  'swin-tiny': ['swinTiny', patches(2, 4)],
  'swin-small': ['swinSmall', patches(2, 4)],
  'swin-base': ['swinBase', patches(2, 4)],
  'mobilenet-v3-small': ['mobileNetV3Small', stem],
  'mobilenet-v3-large': ['mobileNetV3Large', stem],
  'efficientnet-b0': ['efficientNetB0', stem],
  'efficientnet-b1': ['efficientNetB1', stem],
  'efficientnet-b2': ['efficientNetB2', stem],
  'efficientnet-b3': ['efficientNetB3', stem],
} as const satisfies Record<string, readonly [keyof typeof builders, Sizing]>;

/** A name of {@link backbones}. */
export type BackboneName = keyof typeof registered;

/** Builds by an exported name, from options that the builder checks. */
export const namedBuilders: Readonly<Record<string, (options: { readonly key: RandomKey }) => Encoder>> =
  builders as never;

/** What builds a registered backbone, and from what besides its key. */
export function registeredAs(
  name: BackboneName,
  sizes: Sizes,
): { readonly builder: string; readonly options: Readonly<Record<string, number | string>> } {
  const [builder, sizing] = registered[name];
  return { builder, options: sizing(sizes) };
}

/**
 * Backbones by name, for command lines and recipes. Images of up to 64 pixels get the CIFAR stem, patches of 4, or of 2
 * where the network merges them; DINOv2's keep their 14.
 */
export const backbones = Object.fromEntries(
  Object.keys(registered).map((name) => [
    name,
    ({ key, ...sizes }: BackboneOptions) => {
      const { builder, options } = registeredAs(name as BackboneName, sizes);
      return namedBuilders[builder]!({ key, ...options });
    },
  ]),
) as Readonly<Record<BackboneName, (options: BackboneOptions) => Encoder>>;

/**
 * Builds a registered backbone, of images ({@link backbones}) or of volumes ({@link volumeBackbones}).
 *
 * @throws InvalidOptionError for a name that is not registered, and as the backbone's own options
 */
export function createBackbone(name: VolumeBackboneName, options: BackboneOptions): Encoder<Volumes>;
export function createBackbone(name: string, options: BackboneOptions): Encoder;
export function createBackbone(name: string, options: BackboneOptions): Encoder {
  checkOptions('createBackbone', options, backboneOptionNames);
  if (Object.hasOwn(volumeBackbones, name)) return volumeBackbones[name as VolumeBackboneName](options);
  if (!Object.hasOwn(backbones, name)) {
    const names = [...Object.keys(backbones), ...Object.keys(volumeBackbones)];
    throw new InvalidOptionError('createBackbone', 'name', `one of ${names.join(', ')}`, name);
  }
  return backbones[name as BackboneName](options);
}
