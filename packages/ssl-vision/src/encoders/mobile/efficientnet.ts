import { checkChoice, checkCount, foldIn, InvalidOptionError } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { ConvNormAct } from './conv-norm-act.js';
import { InvertedResidual } from './inverted-residual.js';
import { makeDivisible } from './make-divisible.js';
import { MobileEncoder } from './mobile-encoder.js';

/** Blocks of an {@link EfficientNet} that differ in their first stride and width alone. */
export interface EfficientNetStage {
  /** Channels of the depthwise convolutions over those that enter the block. */
  readonly expansion: number;
  readonly kernelSize: number;
  /** Of the first block. */
  readonly stride: 1 | 2;
  readonly out: number;
  readonly blocks: number;
}

const efficientNetStageNames: OptionNames<EfficientNetStage> = {
  expansion: 'requiredNumber',
  kernelSize: 'requiredNumber',
  stride: 'requiredNumber',
  out: 'requiredNumber',
  blocks: 'requiredNumber',
};

/** Options of {@link EfficientNet}. */
export interface EfficientNetOptions {
  readonly key: RandomKey;
  readonly stages: readonly EfficientNetStage[];
  /** Default 32. */
  readonly stemChannels?: number;
  /** Stride of the stem: 2 (`imagenet`), or 1 for images of about 32 pixels (`cifar`). Default `imagenet`. */
  readonly stem?: 'imagenet' | 'cifar';
  /**
   * Probability that a sample skips the branch, which grows in equal steps from 0 at the first block to this after the
   * last. Default 0; torchvision takes 0.2.
   */
  readonly dropPath?: number;
  /** While training, compute each block again for its gradient: less memory, more time. Default false. */
  readonly checkpointBlocks?: boolean;
  /** Channels of the images. Default 3. */
  readonly inChannels?: number;
}

const efficientNetOptionNames: OptionNames<EfficientNetOptions> = {
  key: 'requiredKey',
  stages: 'required',
  stemChannels: 'optionalNumber',
  stem: 'optional',
  dropPath: 'optionalNumber',
  checkpointBlocks: 'optionalFlag',
  inChannels: 'optionalNumber',
};

/** Options of the named EfficientNets. */
export type EfficientNetVariantOptions = Omit<EfficientNetOptions, 'stages' | 'stemChannels'>;

const efficientNetVariantOptionNames: OptionNames<EfficientNetVariantOptions> = {
  key: 'requiredKey',
  stem: 'optional',
  dropPath: 'optionalNumber',
  checkpointBlocks: 'optionalFlag',
  inChannels: 'optionalNumber',
};

/**
 * EfficientNet without its classifier, the mean over all positions as features. State dict and initialisation (Kaiming
 * normal, fan out) as torchvision's `EfficientNet` less `classifier`. Maps and layers as {@link MobileEncoder}'s.
 *
 * Source: Tan and Le 2019 (arXiv 1905.11946); `torchvision/models/efficientnet.py`.
 */
export class EfficientNet extends MobileEncoder {
  /** @throws InvalidOptionError for stages that are none, or counts that are no positive integers */
  constructor(options: EfficientNetOptions) {
    const where = 'EfficientNet';
    const {
      key,
      stages,
      stemChannels = 32,
      stem = 'imagenet',
      dropPath = 0,
      checkpointBlocks = false,
      inChannels = 3,
    } = checkOptions(where, options, efficientNetOptionNames);
    checkChoice(where, 'stem', stem, ['imagenet', 'cifar']);
    checkCount(where, { stemChannels, inChannels });
    if (!Array.isArray(stages) || stages.length === 0)
      throw new InvalidOptionError(where, 'stages', 'a list of one or more stages', stages);
    const checked = (stages as readonly EfficientNetStage[]).map((stage, i) => {
      const own = checkOptions(where, stage, efficientNetStageNames, `stages[${i}]`);
      const { kernelSize, stride, out, blocks } = own;
      checkCount(where, { kernelSize, stride, out, blocks });
      return own;
    });
    const all = checked.reduce((sum, { blocks }) => sum + blocks, 0);
    let channels = stemChannels;
    let place = 0;
    const made = checked.map(({ expansion, kernelSize, stride, out, blocks }) =>
      Array.from({ length: blocks }, (_, i) => {
        const block = new InvertedResidual({
          key: foldIn(foldIn(key, 'blocks'), place),
          inChannels: channels,
          expanded: makeDivisible(channels * expansion),
          out,
          kernelSize,
          stride: i === 0 ? stride : 1,
          activation: 'silu',
          gate: { squeezed: Math.max(1, Math.floor(channels / 4)), kind: 'smooth' },
          dropPath: (dropPath * place++) / all,
        });
        channels = out;
        return block;
      }),
    );
    const layer = { activation: 'silu' } as const;
    super(
      {
        stem: new ConvNormAct(inChannels, stemChannels, {
          ...layer,
          key: foldIn(key, 'stem'),
          kernelSize: 3,
          stride: stem === 'imagenet' ? 2 : 1,
        }),
        blocks: made,
        last: new ConvNormAct(channels, 4 * channels, { ...layer, key: foldIn(key, 'last'), kernelSize: 1 }),
      },
      checkpointBlocks,
    );
  }
}

/** Table 1 of the paper: expansion, kernel, stride, channels, blocks. */
const base = [
  [1, 3, 1, 16, 1],
  [6, 3, 2, 24, 2],
  [6, 5, 2, 40, 2],
  [6, 3, 2, 80, 3],
  [6, 5, 1, 112, 3],
  [6, 5, 2, 192, 4],
  [6, 3, 1, 320, 1],
] as const;

/** EfficientNet-B0, made for 224 pixels: 4.0 million parameters, 1,280 features. */
export const efficientNetB0 = (options: EfficientNetVariantOptions): EfficientNet =>
  scaled('efficientNetB0', options, 1, 1);
/** EfficientNet-B1, made for 240 pixels: 6.5 million parameters, 1,280 features. */
export const efficientNetB1 = (options: EfficientNetVariantOptions): EfficientNet =>
  scaled('efficientNetB1', options, 1, 1.1);
/** EfficientNet-B2, made for 288 pixels: 7.7 million parameters, 1,408 features. */
export const efficientNetB2 = (options: EfficientNetVariantOptions): EfficientNet =>
  scaled('efficientNetB2', options, 1.1, 1.2);
/** EfficientNet-B3, made for 300 pixels: 10.7 million parameters, 1,536 features. */
export const efficientNetB3 = (options: EfficientNetVariantOptions): EfficientNet =>
  scaled('efficientNetB3', options, 1.2, 1.4);

function scaled(where: string, options: EfficientNetVariantOptions, width: number, depth: number): EfficientNet {
  const given = checkOptions(where, options, efficientNetVariantOptionNames);
  return new EfficientNet({
    ...given,
    stemChannels: makeDivisible(32 * width),
    stages: base.map(([expansion, kernelSize, stride, out, blocks]) => ({
      expansion,
      kernelSize,
      stride,
      out: makeDivisible(out * width),
      blocks: Math.ceil(blocks * depth),
    })),
  });
}
