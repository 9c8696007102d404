import { checkChoice, checkCount, foldIn, InvalidOptionError } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { ConvNormAct } from './conv-norm-act.js';
import { InvertedResidual } from './inverted-residual.js';
import { makeDivisible } from './make-divisible.js';
import { MobileEncoder } from './mobile-encoder.js';

/** One block of a {@link MobileNetV3}. */
export interface MobileNetBlock {
  readonly kernelSize: number;
  /** Channels of the depthwise convolution. */
  readonly expanded: number;
  readonly out: number;
  /** With squeeze and excitation. */
  readonly squeeze: boolean;
  readonly activation: 'relu' | 'hardSwish';
  readonly stride: 1 | 2;
}

const mobileNetBlockNames: OptionNames<MobileNetBlock> = {
  kernelSize: 'requiredNumber',
  expanded: 'requiredNumber',
  out: 'requiredNumber',
  squeeze: 'requiredFlag',
  activation: 'required',
  stride: 'requiredNumber',
};

/** Options of {@link MobileNetV3}. */
export interface MobileNetV3Options {
  readonly key: RandomKey;
  readonly blocks: readonly MobileNetBlock[];
  /** Default 16. */
  readonly stemChannels?: number;
  /** Stride of the stem: 2 (`imagenet`), or 1 for images of about 32 pixels (`cifar`). Default `imagenet`. */
  readonly stem?: 'imagenet' | 'cifar';
  /** Probability that a sample skips the branch of the last block; falls linearly to 0 at the first. Default 0. */
  readonly dropPath?: number;
  /** While training, compute each block again for its gradient: less memory, more time. Default false. */
  readonly checkpointBlocks?: boolean;
  /** Channels of the images. Default 3. */
  readonly inChannels?: number;
}

const mobileNetV3OptionNames: OptionNames<MobileNetV3Options> = {
  key: 'requiredKey',
  blocks: 'required',
  stemChannels: 'optionalNumber',
  stem: 'optional',
  dropPath: 'optionalNumber',
  checkpointBlocks: 'optionalFlag',
  inChannels: 'optionalNumber',
};

/** Options of the named MobileNets. */
export type MobileNetV3VariantOptions = Omit<MobileNetV3Options, 'blocks' | 'stemChannels'>;

const mobileNetV3VariantOptionNames: OptionNames<MobileNetV3VariantOptions> = {
  key: 'requiredKey',
  stem: 'optional',
  dropPath: 'optionalNumber',
  checkpointBlocks: 'optionalFlag',
  inChannels: 'optionalNumber',
};

const norm = { epsilon: 1e-3, momentum: 0.01 };

/**
 * MobileNetV3 without its classifier, the mean over all positions as features. State dict and initialisation (Kaiming
 * normal, fan out) as torchvision's `MobileNetV3` less `classifier`. Maps and layers as {@link MobileEncoder}'s.
 *
 * Source: Howard et al. 2019 (arXiv 1905.02244); `torchvision/models/mobilenetv3.py`.
 */
export class MobileNetV3 extends MobileEncoder {
  /** @throws InvalidOptionError for blocks that are none, or counts that are no positive integers */
  constructor(options: MobileNetV3Options) {
    const where = 'MobileNetV3';
    const {
      key,
      blocks,
      stemChannels = 16,
      stem = 'imagenet',
      dropPath = 0,
      checkpointBlocks = false,
      inChannels = 3,
    } = checkOptions(where, options, mobileNetV3OptionNames);
    checkChoice(where, 'stem', stem, ['imagenet', 'cifar']);
    checkCount(where, { stemChannels, inChannels });
    if (!Array.isArray(blocks) || blocks.length === 0)
      throw new InvalidOptionError(where, 'blocks', 'a list of one or more blocks', blocks);
    const made: InvertedResidual[] = [];
    let channels = stemChannels;
    for (const [i, block] of (blocks as readonly MobileNetBlock[]).entries()) {
      const { squeeze, ...own } = checkOptions(where, block, mobileNetBlockNames, `blocks[${i}]`);
      checkCount(where, { kernelSize: own.kernelSize, expanded: own.expanded, out: own.out, stride: own.stride });
      const gate = squeeze
        ? ({ squeezed: makeDivisible(Math.floor(own.expanded / 4)), kind: 'hard' } as const)
        : undefined;
      const rate = (dropPath * i) / Math.max(1, blocks.length - 1);
      made.push(
        new InvertedResidual({
          ...own,
          key: foldIn(foldIn(key, 'features'), i + 1),
          inChannels: channels,
          gate,
          norm,
          dropPath: rate,
        }),
      );
      channels = own.out;
    }
    const layer = { activation: 'hardSwish', norm } as const;
    super(
      {
        stem: new ConvNormAct(inChannels, stemChannels, {
          ...layer,
          key: foldIn(key, 'stem'),
          kernelSize: 3,
          stride: stem === 'imagenet' ? 2 : 1,
        }),
        blocks: made,
        last: new ConvNormAct(channels, 6 * channels, { ...layer, key: foldIn(key, 'last'), kernelSize: 1 }),
      },
      checkpointBlocks,
    );
  }
}

type Row = readonly [kernelSize: number, expanded: number, out: number, squeeze: boolean, hard: boolean, stride: 1 | 2];
const blocksOf = (rows: readonly Row[]): MobileNetBlock[] =>
  rows.map(([kernelSize, expanded, out, squeeze, hard, stride]) => ({
    kernelSize,
    expanded,
    out,
    squeeze,
    activation: hard ? 'hardSwish' : 'relu',
    stride,
  }));

/** Table 2 of the paper. */
const small = blocksOf([
  [3, 16, 16, true, false, 2],
  [3, 72, 24, false, false, 2],
  [3, 88, 24, false, false, 1],
  [5, 96, 40, true, true, 2],
  [5, 240, 40, true, true, 1],
  [5, 240, 40, true, true, 1],
  [5, 120, 48, true, true, 1],
  [5, 144, 48, true, true, 1],
  [5, 288, 96, true, true, 2],
  [5, 576, 96, true, true, 1],
  [5, 576, 96, true, true, 1],
]);
/** Table 1 of the paper. */
const large = blocksOf([
  [3, 16, 16, false, false, 1],
  [3, 64, 24, false, false, 2],
  [3, 72, 24, false, false, 1],
  [5, 72, 40, true, false, 2],
  [5, 120, 40, true, false, 1],
  [5, 120, 40, true, false, 1],
  [3, 240, 80, false, true, 2],
  [3, 200, 80, false, true, 1],
  [3, 184, 80, false, true, 1],
  [3, 184, 80, false, true, 1],
  [3, 480, 112, true, true, 1],
  [3, 672, 112, true, true, 1],
  [5, 672, 160, true, true, 2],
  [5, 960, 160, true, true, 1],
  [5, 960, 160, true, true, 1],
]);

/** MobileNetV3-Small: 0.9 million parameters, 576 features. */
export const mobileNetV3Small = (options: MobileNetV3VariantOptions): MobileNetV3 =>
  new MobileNetV3({ ...checkOptions('mobileNetV3Small', options, mobileNetV3VariantOptionNames), blocks: small });
/** MobileNetV3-Large: 3.0 million parameters, 960 features. */
export const mobileNetV3Large = (options: MobileNetV3VariantOptions): MobileNetV3 =>
  new MobileNetV3({ ...checkOptions('mobileNetV3Large', options, mobileNetV3VariantOptionNames), blocks: large });
