import * as tf from '@tensorflow/tfjs-core';
import {
  BatchNorm,
  Conv2d,
  Module,
  checkAscending,
  checkParameterName,
  childContext,
  evaluation,
} from '@selfsup/ssl-nn';
import type {
  Encoder,
  ForwardContext,
  FrozenBatchNorm,
  GroupNorm,
  Layered,
  MapEncoder,
  MapOptions,
  MapStage,
} from '@selfsup/ssl-nn';
import { checkChoice, foldIn, InvalidOptionError } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { mapOptionNames } from '../map-option-names.js';
import { runBlock } from '../run-block.js';
import { BasicBlock } from './basic-block.js';
import { Bottleneck } from './bottleneck.js';
import { kaimingFanOut } from './residual-block.js';
import { createNorm, type ResNetNorm } from './resnet-norm.js';

/** Options of {@link ResNet}. */
export interface ResNetOptions {
  readonly key: RandomKey;
  readonly block: 'basic' | 'bottleneck';
  /** Blocks of each of the four stages. */
  readonly layers: readonly [number, number, number, number];
  /**
   * `imagenet`: 7 x 7 convolution of stride 2, then 3 x 3 max pooling of stride 2. `cifar`: one 3 x 3 convolution of
   * stride 1, for images of about 32 pixels (Chen et al. 2020, arXiv 2002.05709, B.9). Default `imagenet`.
   */
  readonly stem?: 'imagenet' | 'cifar';
  /** Channels of the images. Default 3. */
  readonly inChannels?: number;
  /** Channels of the first stage; each following stage has twice as many. Default 64. */
  readonly width?: number;
  /**
   * Width of a bottleneck's inner convolutions over that of its stage: 2 is torchvision's `wide_resnet50_2`. SimCLR's
   * ResNet-50 (2x) is `width: 128`. Default 1.
   */
  readonly innerWidth?: number;
  /**
   * Normalisation: by batch; by groups of channels, for batches of few pictures (Wu and He 2018, arXiv 1803.08494); or by
   * batch statistics, scales and offsets that came with the weights and stay (`frozen`). Default `batch`.
   */
  readonly norm?: 'batch' | 'group' | 'frozen';
  /** Groups of group normalisation, a divisor of every width. Default 32. */
  readonly groups?: number;
  /** Every residual branch starts at 0 (Goyal et al. 2017, arXiv 1706.02677). Default false. */
  readonly zeroInitResidual?: boolean;
  /** Probability that a sample skips the branch of the last block; falls linearly to 0 at the first. Default 0. */
  readonly dropPath?: number;
  /** While training, compute each block again for its gradient: less memory, more time. Default false. */
  readonly checkpointBlocks?: boolean;
}

const resNetOptionNames: OptionNames<ResNetOptions> = {
  key: 'requiredKey',
  block: 'required',
  layers: 'required',
  stem: 'optional',
  inChannels: 'optionalNumber',
  width: 'optionalNumber',
  innerWidth: 'optionalNumber',
  norm: 'optional',
  groups: 'optionalNumber',
  zeroInitResidual: 'optionalFlag',
  dropPath: 'optionalNumber',
  checkpointBlocks: 'optionalFlag',
};

/** Options of the named ResNets. */
export type ResNetVariantOptions = Omit<ResNetOptions, 'block' | 'layers'>;

const resNetVariantOptionNames: OptionNames<ResNetVariantOptions> = {
  key: 'requiredKey',
  stem: 'optional',
  inChannels: 'optionalNumber',
  width: 'optionalNumber',
  innerWidth: 'optionalNumber',
  norm: 'optional',
  groups: 'optionalNumber',
  zeroInitResidual: 'optionalFlag',
  dropPath: 'optionalNumber',
  checkpointBlocks: 'optionalFlag',
};

/**
 * Residual network without its classifier, the mean over all positions as features. State dict and initialisation
 * (Kaiming normal, fan out) as torchvision's `ResNet` less `fc`.
 *
 * Its maps are the stem's (before pooling) and those of the four stages, as timm's with `features_only`; its layers the
 * stem and every block.
 *
 * Source: He et al. 2015 (arXiv 1512.03385); `torchvision/models/resnet.py`.
 */
export class ResNet extends Module implements Encoder, MapEncoder, Layered {
  readonly featureDim: number;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm | FrozenBatchNorm | GroupNorm;
  readonly layer1: readonly (BasicBlock | Bottleneck)[];
  readonly layer2: readonly (BasicBlock | Bottleneck)[];
  readonly layer3: readonly (BasicBlock | Bottleneck)[];
  readonly layer4: readonly (BasicBlock | Bottleneck)[];
  private readonly pools: boolean;
  private readonly checkpoints: boolean;

  /** @throws InvalidOptionError for an unknown block or stem, or a count that is not a positive integer */
  constructor(options: ResNetOptions) {
    super();
    const {
      key,
      block,
      layers,
      stem = 'imagenet',
      inChannels = 3,
      width = 64,
      innerWidth = 1,
      norm = 'batch',
      groups = 32,
      zeroInitResidual = false,
      dropPath = 0,
      checkpointBlocks = false,
    } = checkOptions('ResNet', options, resNetOptionNames);
    const where = 'ResNet';
    checkChoice(where, 'block', block, ['basic', 'bottleneck']);
    checkChoice(where, 'stem', stem, ['imagenet', 'cifar']);
    checkChoice(where, 'norm', norm, ['batch', 'group', 'frozen']);
    if (zeroInitResidual && norm === 'frozen') {
      const advice = 'Frozen statistics are those of trained weights: leave zeroInitResidual out';
      throw new InvalidOptionError(where, 'zeroInitResidual', "false with norm 'frozen'", zeroInitResidual, advice);
    }
    if (innerWidth !== 1 && block === 'basic') {
      const advice = 'Take width for a wider network of basic blocks';
      throw new InvalidOptionError(where, 'innerWidth', "1 with block 'basic'", innerWidth, advice);
    }
    if (!Array.isArray(layers) || layers.length !== 4)
      throw new InvalidOptionError(where, 'layers', 'four positive integers, one for each stage', layers);
    for (const [option, value] of [
      ['width', width],
      ['width * innerWidth', width * innerWidth],
      ['groups', groups],
      ['inChannels', inChannels],
      ...layers.map((count) => ['layers', count] as const),
    ] as const) {
      if (!(Number.isInteger(value) && value > 0))
        throw new InvalidOptionError(where, option, 'positive integers', value);
    }
    const Block = block === 'basic' ? BasicBlock : Bottleneck;
    this.checkpoints = checkpointBlocks;
    this.pools = stem === 'imagenet';
    const convolution = this.pools
      ? { kernelSize: 7, stride: 2, padding: 3 }
      : { kernelSize: 3, stride: 1, padding: 1 };
    this.conv1 = new Conv2d(inChannels, width, {
      ...convolution,
      bias: false,
      key: foldIn(key, 'conv1'),
      weightInit: kaimingFanOut,
    });
    const normalised: ResNetNorm = norm === 'group' ? { kind: norm, groups } : { kind: norm };
    this.bn1 = createNorm(normalised, width);
    const last = layers.reduce((sum, count) => sum + count, 0) - 1;
    let channels = width;
    let place = 0;
    const stage = (index: number): (BasicBlock | Bottleneck)[] =>
      Array.from({ length: layers[index]! }, (_, position) => {
        const stageWidth = width * 2 ** index;
        const stride = position === 0 && index > 0 ? 2 : 1;
        const built = new Block({
          inChannels: channels,
          width: stageWidth,
          stride,
          norm: normalised,
          zeroInit: zeroInitResidual,
          innerWidth,
          dropPath: (dropPath * place++) / Math.max(1, last),
          key: foldIn(foldIn(key, `layer${index + 1}`), position),
        });
        channels = stageWidth * Block.expansion;
        return built;
      });
    this.layer1 = stage(0);
    this.layer2 = stage(1);
    this.layer3 = stage(2);
    this.layer4 = stage(3);
    this.featureDim = channels;
  }

  get stages(): readonly MapStage[] {
    const last = this.featureDim;
    const [stem, first] = this.pools ? [2, 4] : [1, 1];
    return [
      { stride: stem, channels: this.conv1.weight.variable.shape[3]! },
      ...[8, 4, 2, 1].map((share, i) => ({ stride: first * 2 ** i, channels: last / share })),
    ];
  }

  get layerCount(): number {
    return this.blocks().flat().length + 2;
  }

  layerOf(name: string): number {
    checkParameterName('ResNet.layerOf', this, name);
    const place = /^layer(\d)\.(\d+)\./.exec(name);
    if (place === null) return 0;
    const before = this.blocks().slice(0, Number(place[1]) - 1);
    return before.flat().length + Number(place[2]) + 1;
  }

  maps(images: tf.Tensor4D, ctx: ForwardContext = evaluation, options: MapOptions = {}): tf.Tensor4D[] {
    const { stages = [0, 1, 2, 3, 4] } = checkOptions('ResNet.maps', options, mapOptionNames);
    checkAscending('ResNet.maps', 'stages', stages, 0, 4);
    const { bn1, conv1 } = this;
    let x =
      bn1 instanceof BatchNorm
        ? bn1.forwardConvolution(conv1, images, ctx, 'relu')
        : bn1.forward(conv1.forward(images), ctx, 'relu');
    const found = stages[0] === 0 ? [x] : [];
    this.blocks()
      .slice(0, stages.at(-1))
      .forEach((stage, i) => {
        if (i === 0 && this.pools) x = tf.maxPool(x, 3, 2, 1);
        stage.forEach(
          (block, place) => (x = runBlock(block, x, childContext(childContext(ctx, i), place), this.checkpoints)),
        );
        if (stages.includes(i + 1)) found.push(x);
      });
    return found;
  }

  forward(images: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.pooled(this.maps(images, ctx, { stages: [4] })[0]!);
  }

  pooled(map: tf.Tensor4D): tf.Tensor2D {
    return tf.mean(map, [1, 2]);
  }

  private blocks(): (readonly (BasicBlock | Bottleneck)[])[] {
    return [this.layer1, this.layer2, this.layer3, this.layer4];
  }
}

/** ResNet-18: 11.2 million parameters, 512 features. */
export const resnet18 = (options: ResNetVariantOptions): ResNet => variant('resnet18', options, 'basic', [2, 2, 2, 2]);
/** ResNet-34: 21.3 million parameters, 512 features. */
export const resnet34 = (options: ResNetVariantOptions): ResNet => variant('resnet34', options, 'basic', [3, 4, 6, 3]);
/** ResNet-50: 23.5 million parameters, 2,048 features. */
export const resnet50 = (options: ResNetVariantOptions): ResNet =>
  variant('resnet50', options, 'bottleneck', [3, 4, 6, 3]);
/** ResNet-101: 42.5 million parameters, 2,048 features. */
export const resnet101 = (options: ResNetVariantOptions): ResNet =>
  variant('resnet101', options, 'bottleneck', [3, 4, 23, 3]);
/** torchvision's `wide_resnet50_2`: ResNet-50 with inner convolutions twice as wide; 66.8 million parameters, 2,048 features. */
export const wideResnet50 = (options: ResNetVariantOptions): ResNet =>
  variant('wideResnet50', options, 'bottleneck', [3, 4, 6, 3], 2);
/** torchvision's `wide_resnet101_2`, as {@link wideResnet50}; 124.8 million parameters. */
export const wideResnet101 = (options: ResNetVariantOptions): ResNet =>
  variant('wideResnet101', options, 'bottleneck', [3, 4, 23, 3], 2);

function variant(
  where: string,
  options: ResNetVariantOptions,
  block: ResNetOptions['block'],
  layers: ResNetOptions['layers'],
  innerWidth = 1,
): ResNet {
  return new ResNet({ innerWidth, ...checkOptions(where, options, resNetVariantOptionNames), block, layers });
}
