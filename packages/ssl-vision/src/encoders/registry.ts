import type { Encoder } from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { InvalidOptionError } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { resnet101, resnet18, resnet34, resnet50 } from './resnet/resnet.js';
import { SmallConvEncoder } from './small-conv-encoder.js';
import { vitSmall, vitTiny } from './vision-transformer/vit-sizes.js';

/** What every registered backbone can be built from; a backbone ignores what does not concern it. */
export interface BackboneOptions {
  readonly key: RandomKey;
  /** Side of the square images. */
  readonly imageSize: number;
  /** Channels of the images. */
  readonly inChannels: number;
}

const backboneOptionNames: OptionNames<BackboneOptions> = {
  key: 'requiredKey',
  imageSize: 'requiredNumber',
  inChannels: 'requiredNumber',
};

/** Side up to which images count as small: below ImageNet's stem and patches of 16 there would be too few positions left. */
const smallImage = 64;
const stem = ({ key, inChannels, imageSize }: BackboneOptions) =>
  ({ key, inChannels, stem: imageSize <= smallImage ? 'cifar' : 'imagenet' }) as const;
const patches = ({ key, inChannels, imageSize }: BackboneOptions) => ({
  key,
  inChannels,
  imageSize,
  patchSize: imageSize <= smallImage ? 4 : 16,
});

/** Backbones by name, for command lines and recipes. Images of up to 64 pixels get the CIFAR stem and patches of 4. */
export const backbones = {
  'small-conv': ({ key, inChannels }) => new SmallConvEncoder({ key, inChannels }),
  resnet18: (options) => resnet18(stem(options)),
  resnet34: (options) => resnet34(stem(options)),
  resnet50: (options) => resnet50(stem(options)),
  resnet101: (options) => resnet101(stem(options)),
  'vit-tiny': (options) => vitTiny(patches(options)),
  'vit-small': (options) => vitSmall(patches(options)),
} as const satisfies Record<string, (options: BackboneOptions) => Encoder>;

/** Name of a registered backbone. */
export type BackboneName = keyof typeof backbones;

/**
 * Builds a registered backbone.
 *
 * @throws InvalidOptionError for a name that is not registered, naming those that are
 */
export function createBackbone(name: string, options: BackboneOptions): Encoder {
  checkOptions('createBackbone', options, backboneOptionNames);
  if (!Object.hasOwn(backbones, name))
    throw new InvalidOptionError('createBackbone', 'name', `one of ${Object.keys(backbones).join(', ')}`, name);
  return backbones[name as BackboneName](options);
}
