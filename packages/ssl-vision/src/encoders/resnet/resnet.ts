import * as tf from '@tensorflow/tfjs-core';
import { BatchNorm, Conv2d, Module, checkAscending, checkParameterName, evaluation } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Layered, MapEncoder, MapOptions, MapStage } from '@selfsup/ssl-nn';
import { checkChoice, foldIn, InvalidOptionError } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { mapOptionNames } from '../map-option-names.js';
import { BasicBlock } from './basic-block.js';
import { Bottleneck } from './bottleneck.js';
import { kaimingFanOut } from './residual-block.js';

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
}

const resNetOptionNames: OptionNames<ResNetOptions> = {
  key: 'requiredKey',
  block: 'required',
  layers: 'required',
  stem: 'optional',
  inChannels: 'optionalNumber',
  width: 'optionalNumber',
};

/** Options of the named ResNets. */
export type ResNetVariantOptions = Omit<ResNetOptions, 'block' | 'layers'>;

const resNetVariantOptionNames: OptionNames<ResNetVariantOptions> = {
  key: 'requiredKey',
  stem: 'optional',
  inChannels: 'optionalNumber',
  width: 'optionalNumber',
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
  readonly bn1: BatchNorm;
  readonly layer1: readonly (BasicBlock | Bottleneck)[];
  readonly layer2: readonly (BasicBlock | Bottleneck)[];
  readonly layer3: readonly (BasicBlock | Bottleneck)[];
  readonly layer4: readonly (BasicBlock | Bottleneck)[];
  private readonly pools: boolean;

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
    } = checkOptions('ResNet', options, resNetOptionNames);
    const where = 'ResNet';
    checkChoice(where, 'block', block, ['basic', 'bottleneck']);
    checkChoice(where, 'stem', stem, ['imagenet', 'cifar']);
    for (const [option, value] of [
      ['width', width],
      ['inChannels', inChannels],
      ...layers.map((count) => ['layers', count] as const),
    ] as const) {
      if (!(Number.isInteger(value) && value > 0))
        throw new InvalidOptionError(where, option, 'positive integers', value);
    }
    const Block = block === 'basic' ? BasicBlock : Bottleneck;
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
    this.bn1 = new BatchNorm(width);
    let channels = width;
    const stage = (index: number): (BasicBlock | Bottleneck)[] =>
      Array.from({ length: layers[index]! }, (_, position) => {
        const stageWidth = width * 2 ** index;
        const stride = position === 0 && index > 0 ? 2 : 1;
        const built = new Block({
          inChannels: channels,
          width: stageWidth,
          stride,
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
    let x = this.bn1.forwardConvolution(this.conv1, images, ctx, 'relu');
    const found = stages[0] === 0 ? [x] : [];
    this.blocks()
      .slice(0, stages.at(-1))
      .forEach((stage, i) => {
        if (i === 0 && this.pools) x = tf.maxPool(x, 3, 2, 1);
        for (const block of stage) x = block.forward(x, ctx);
        if (stages.includes(i + 1)) found.push(x);
      });
    return found;
  }

  forward(images: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return tf.mean(this.maps(images, ctx, { stages: [4] })[0]!, [1, 2]);
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

function variant(
  where: string,
  options: ResNetVariantOptions,
  block: ResNetOptions['block'],
  layers: ResNetOptions['layers'],
): ResNet {
  return new ResNet({ ...checkOptions(where, options, resNetVariantOptionNames), block, layers });
}
