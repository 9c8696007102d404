import * as tf from '@tensorflow/tfjs-core';
import {
  Conv2d,
  LayerNorm,
  Module,
  Sequential,
  checkAscending,
  checkParameterName,
  childContext,
  evaluation,
} from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Layered, MapEncoder, MapOptions, MapStage, StateEntries } from '@selfsup/ssl-nn';
import { checkCount, foldIn, InvalidOptionError } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkPictureSize } from '../check-picture-size.js';
import { mapOptionNames } from '../map-option-names.js';
import { runBlock } from '../run-block.js';
import { ConvNeXtBlock, convNextInit } from './convnext-block.js';
import { upgradeConvNeXt } from './upgrade-convnext.js';

type FourNumbers = readonly [number, number, number, number];

/** Options of {@link ConvNeXt}. */
export interface ConvNeXtOptions {
  readonly key: RandomKey;
  /** Blocks of each of the four stages. */
  readonly depths: FourNumbers;
  /** Channels of each of the four stages. */
  readonly dims: FourNumbers;
  /** Side of the patches of the stem. Default 4; 2 for images of up to 64 pixels. */
  readonly patchSize?: number;
  /** Factor of each feature of a branch at the start; false: no factors. Default 1e-6. */
  readonly layerScale?: number | false;
  /** Probability that a sample skips the branch of the last block; falls linearly to 0 at the first. Default 0. */
  readonly dropPath?: number;
  /** While training, compute each block again for its gradient: less memory, more time. Default false. */
  readonly checkpointBlocks?: boolean;
  /** Channels of the images. Default 3. */
  readonly inChannels?: number;
}

const convNeXtOptionNames: OptionNames<ConvNeXtOptions> = {
  key: 'requiredKey',
  depths: 'required',
  dims: 'required',
  patchSize: 'optionalNumber',
  layerScale: 'optional',
  dropPath: 'optionalNumber',
  checkpointBlocks: 'optionalFlag',
  inChannels: 'optionalNumber',
};

/** Options of the named ConvNeXts. */
export type ConvNeXtVariantOptions = Omit<ConvNeXtOptions, 'depths' | 'dims'>;

const convNeXtVariantOptionNames: OptionNames<ConvNeXtVariantOptions> = {
  key: 'requiredKey',
  patchSize: 'optionalNumber',
  layerScale: 'optional',
  dropPath: 'optionalNumber',
  checkpointBlocks: 'optionalFlag',
  inChannels: 'optionalNumber',
};

/** Blocks of one size of map, after the layers that halve it. */
class ConvNeXtStage extends Module {
  readonly downsample: Sequential | undefined;
  readonly blocks: readonly ConvNeXtBlock[];

  constructor(before: number, channels: number, rates: readonly number[], layerScale: number | false, key: RandomKey) {
    super();
    this.downsample =
      before === 0
        ? undefined
        : new Sequential([
            new LayerNorm(before, { epsilon: 1e-6 }),
            new Conv2d(before, channels, {
              ...convNextInit,
              kernelSize: 2,
              stride: 2,
              key: foldIn(key, 'downsample'),
            }),
          ]);
    this.blocks = rates.map(
      (dropPath, i) => new ConvNeXtBlock(channels, { layerScale, dropPath, key: foldIn(key, i) }),
    );
  }
}

/**
 * ConvNeXt without its classifier: patches, four stages of depthwise 7 x 7 convolutions, and the normalised mean over all
 * positions as features. State dict and initialisation as timm's `ConvNeXt` with `num_classes=0`; the names of torchvision
 * and of the authors load, too.
 *
 * Its maps are those of the four stages; its layers the stem and every block, the halving layers with the block after
 * them. As in the references, what of a side is left over by a stride is not seen: of 230 pixels, 224.
 *
 * Source: Liu et al. 2022 (arXiv 2201.03545); `timm/models/convnext.py`.
 */
export class ConvNeXt extends Module implements Encoder, MapEncoder, Layered {
  static override readonly fieldNames = { body: 'stages', norm: 'head.norm' };
  readonly featureDim: number;
  readonly stem: Sequential;
  readonly body: readonly ConvNeXtStage[];
  readonly norm: LayerNorm;
  private readonly patchSize: number;
  private readonly dims: readonly number[];
  private readonly checkpoints: boolean;

  /** @throws InvalidOptionError for counts that are not four positive integers, and rates outside [0, 1) */
  constructor(options: ConvNeXtOptions) {
    super();
    const where = 'ConvNeXt';
    const {
      key,
      depths,
      dims,
      patchSize = 4,
      layerScale = 1e-6,
      dropPath = 0,
      checkpointBlocks = false,
      inChannels = 3,
    } = checkOptions(where, options, convNeXtOptionNames);
    for (const [option, values] of Object.entries({ depths, dims })) {
      const fits = Array.isArray(values) && values.length === 4 && values.every((n) => Number.isInteger(n) && n > 0);
      if (!fits) throw new InvalidOptionError(where, option, 'four positive integers, one for each stage', values);
    }
    if (layerScale !== false && !Number.isFinite(layerScale))
      throw new InvalidOptionError(where, 'layerScale', 'a number, or false for none', layerScale);
    checkCount(where, { patchSize, inChannels });
    this.patchSize = patchSize;
    this.dims = [...dims];
    this.checkpoints = checkpointBlocks;
    this.stem = new Sequential([
      new Conv2d(inChannels, dims[0], {
        ...convNextInit,
        kernelSize: patchSize,
        stride: patchSize,
        key: foldIn(key, 'stem'),
      }),
      new LayerNorm(dims[0], { epsilon: 1e-6 }),
    ]);
    const last = depths.reduce((sum, depth) => sum + depth, 0) - 1;
    let place = 0;
    this.body = depths.map((depth, i) => {
      const rates = Array.from({ length: depth }, () => (dropPath * place++) / Math.max(1, last));
      return new ConvNeXtStage(dims[i - 1] ?? 0, dims[i]!, rates, layerScale, foldIn(foldIn(key, 'stages'), i));
    });
    this.featureDim = dims[3];
    this.norm = new LayerNorm(this.featureDim, { epsilon: 1e-6 });
  }

  get stages(): readonly MapStage[] {
    return this.dims.map((channels, i) => ({ stride: this.patchSize * 2 ** i, channels }));
  }

  get layerCount(): number {
    return this.body.reduce((sum, { blocks }) => sum + blocks.length, 0) + 2;
  }

  layerOf(name: string): number {
    checkParameterName('ConvNeXt.layerOf', this, name);
    if (name.startsWith('head.')) return this.layerCount - 1;
    const place = /^stages\.(\d+)\.(?:blocks\.(\d+))?/.exec(name);
    if (place === null) return 0;
    const before = this.body.slice(0, Number(place[1]));
    return before.reduce((sum, { blocks }) => sum + blocks.length, 0) + Number(place[2] ?? 0) + 1;
  }

  /** As {@link MapEncoder}, with `floor` in place of `ceil`. @throws ShapeError for images smaller than the last stride */
  maps(images: tf.Tensor4D, ctx: ForwardContext = evaluation, options: MapOptions = {}): tf.Tensor4D[] {
    const { stages = [0, 1, 2, 3] } = checkOptions('ConvNeXt.maps', options, mapOptionNames);
    checkAscending('ConvNeXt.maps', 'stages', stages, 0, 3);
    checkPictureSize('ConvNeXt', images, this.patchSize * 2 ** stages.at(-1)!);
    let x = this.stem.forward(images, ctx) as tf.Tensor4D;
    const found: tf.Tensor4D[] = [];
    this.body.slice(0, stages.at(-1)! + 1).forEach((stage, i) => {
      if (stage.downsample !== undefined) x = stage.downsample.forward(x, ctx) as tf.Tensor4D;
      stage.blocks.forEach((block, place) => {
        x = runBlock(block, x, childContext(childContext(ctx, i), place), this.checkpoints);
      });
      if (stages.includes(i)) found.push(x);
    });
    return found;
  }

  forward(images: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const [last] = this.maps(images, ctx, { stages: [3] });
    return this.pooled(last!);
  }

  pooled(map: tf.Tensor4D): tf.Tensor2D {
    return this.norm.forward(tf.mean(map, [1, 2]) as tf.Tensor2D);
  }

  protected override upgradeStateDict(state: StateEntries): void {
    upgradeConvNeXt(state);
  }
}

/** ConvNeXt-T: 27.8 million parameters, 768 features. */
export const convNeXtTiny = (options: ConvNeXtVariantOptions): ConvNeXt =>
  variant('convNeXtTiny', options, [3, 3, 9, 3]);
/** ConvNeXt-S: 49.5 million parameters, 768 features. */
export const convNeXtSmall = (options: ConvNeXtVariantOptions): ConvNeXt =>
  variant('convNeXtSmall', options, [3, 3, 27, 3]);

function variant(where: string, options: ConvNeXtVariantOptions, depths: FourNumbers): ConvNeXt {
  const given = checkOptions(where, options, convNeXtVariantOptionNames);
  return new ConvNeXt({ ...given, depths, dims: [96, 192, 384, 768] });
}
