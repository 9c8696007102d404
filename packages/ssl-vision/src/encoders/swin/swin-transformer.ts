import * as tf from '@tensorflow/tfjs-core';
import { LayerNorm, Module, checkAscending, checkParameterName, childContext, evaluation } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Layered, MapEncoder, MapOptions, MapStage, StateEntries } from '@selfsup/ssl-nn';
import { checkCount, foldIn, InvalidOptionError } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { mapOptionNames } from '../map-option-names.js';
import { runBlock } from '../run-block.js';
import { sidesOf } from '../sides-of.js';
import { PatchEmbed } from '../vision-transformer/patch-embed.js';
import { PatchMerging } from './patch-merging.js';
import { SwinBlock } from './swin-block.js';
import { upgradeSwin } from './upgrade-swin.js';
import type { Sides } from './windows.js';

/** Options of {@link SwinTransformer}. */
export interface SwinTransformerOptions {
  readonly key: RandomKey;
  /**
   * Height and width of most images, or one number for both. A multiple of `patchSize`. Where a stage's map is no larger
   * than a window, the window is the map and does not shift.
   */
  readonly imageSize: number | readonly [number, number];
  /** Side of the patches. Default 4; 2 for images of up to 64 pixels. */
  readonly patchSize?: number;
  /** Channels of the first stage; each following stage has twice as many. A multiple of the stage's heads. */
  readonly dim: number;
  /** Blocks of each stage. */
  readonly depths: readonly number[];
  /** Heads of each stage. */
  readonly heads: readonly number[];
  /** Side of the windows, in places. Default 7. */
  readonly window?: number;
  /** Width of the inner layer of the MLP, relative to the stage's channels. Default 4. */
  readonly mlpRatio?: number;
  /** Probability that a sample skips a branch of the last block; falls linearly to 0 at the first. Default 0. */
  readonly dropPath?: number;
  /** While training, compute each block again for its gradient: less memory, more time. Default false. */
  readonly checkpointBlocks?: boolean;
  /** Channels of the images. Default 3. */
  readonly inChannels?: number;
}

const swinTransformerOptionNames: OptionNames<SwinTransformerOptions> = {
  key: 'requiredKey',
  imageSize: 'required',
  patchSize: 'optionalNumber',
  dim: 'requiredNumber',
  depths: 'required',
  heads: 'required',
  window: 'optionalNumber',
  mlpRatio: 'optionalNumber',
  dropPath: 'optionalNumber',
  checkpointBlocks: 'optionalFlag',
  inChannels: 'optionalNumber',
};

/** Options of the named Swins. */
export type SwinVariantOptions = Omit<SwinTransformerOptions, 'dim' | 'depths' | 'heads' | 'mlpRatio' | 'imageSize'> & {
  /** Default 224. */
  readonly imageSize?: SwinTransformerOptions['imageSize'];
};

const swinVariantOptionNames: OptionNames<SwinVariantOptions> = {
  key: 'requiredKey',
  imageSize: 'optional',
  patchSize: 'optionalNumber',
  window: 'optionalNumber',
  dropPath: 'optionalNumber',
  checkpointBlocks: 'optionalFlag',
  inChannels: 'optionalNumber',
};

/** Blocks of one size of map, after the merging of patches. */
class SwinStage extends Module {
  readonly downsample: PatchMerging | undefined;
  readonly blocks: readonly SwinBlock[];

  constructor(downsample: PatchMerging | undefined, blocks: readonly SwinBlock[]) {
    super();
    this.downsample = downsample;
    this.blocks = blocks;
  }
}

/**
 * Swin transformer without its classifier: attention within windows, shifted by half a window in every second block,
 * patches merged between the stages; the mean over all normalised positions as features. Images of any size that is a
 * multiple of the patch size run: windows stay as they are, and maps are filled up with zeros to their multiple, as in timm
 * (`dynamic_img_size=True`). State dict and initialisation as timm's `SwinTransformer` with `num_classes=0`; the names of
 * torchvision and of the authors load, too.
 *
 * Its maps are those of the stages, not normalised; its layers the patches and every block, the merging with the block
 * after it.
 *
 * Source: Liu et al. 2021 (arXiv 2103.14030); `timm/models/swin_transformer.py`.
 */
export class SwinTransformer extends Module implements Encoder, MapEncoder, Layered {
  static override readonly fieldNames = { patchEmbed: 'patch_embed', patchNorm: 'patch_embed.norm' };
  readonly featureDim: number;
  readonly patchEmbed: PatchEmbed;
  readonly patchNorm: LayerNorm;
  readonly layers: readonly SwinStage[];
  readonly norm: LayerNorm;
  private readonly patchSize: number;
  private readonly checkpoints: boolean;

  /** @throws InvalidOptionError for sizes that do not divide or are not positive integers, and rates outside [0, 1) */
  constructor(options: SwinTransformerOptions) {
    super();
    const where = 'SwinTransformer';
    const {
      key,
      imageSize,
      patchSize = 4,
      dim,
      depths,
      heads,
      window = 7,
      mlpRatio = 4,
      dropPath = 0,
      checkpointBlocks = false,
      inChannels = 3,
    } = checkOptions(where, options, swinTransformerOptionNames);
    const [height, width] = sidesOf(where, imageSize);
    checkCount(where, { height, width, patchSize, dim, window, inChannels });
    for (const [option, values] of Object.entries({ depths, heads })) {
      const fits = Array.isArray(values) && values.length > 0 && values.every((n) => Number.isInteger(n) && n > 0);
      if (!fits) throw new InvalidOptionError(where, option, 'positive integers, one for each stage', values);
    }
    if (heads.length !== depths.length)
      throw new InvalidOptionError(where, 'heads', `${depths.length} numbers, one for each stage`, heads);
    if (height % patchSize !== 0 || width % patchSize !== 0)
      throw new InvalidOptionError(where, 'imageSize', `a multiple of patchSize ${patchSize}`, `${height} x ${width}`);
    heads.forEach((count, i) => {
      if ((dim * 2 ** i) % count !== 0)
        throw new InvalidOptionError(where, `heads[${i}]`, `a divisor of the stage's ${dim * 2 ** i} channels`, count);
    });
    this.patchSize = patchSize;
    this.checkpoints = checkpointBlocks;
    this.patchEmbed = new PatchEmbed({
      imageSize: [height, width],
      patchSize,
      inChannels,
      dim,
      key: foldIn(key, 'patch_embed'),
    });
    this.patchNorm = new LayerNorm(dim);
    const last = depths.reduce((sum, depth) => sum + depth, 0) - 1;
    let place = 0;
    this.layers = depths.map((depth, i) => {
      const own = foldIn(foldIn(key, 'layers'), i);
      const map = this.patchEmbed.grid.map((side) => Math.ceil(side / 2 ** i));
      const sides = map.map((side) => Math.min(side, window)) as unknown as Sides;
      const half = map.map((side) => (side <= window ? 0 : Math.floor(window / 2))) as unknown as Sides;
      const blocks = Array.from(
        { length: depth },
        (_, index) =>
          new SwinBlock(dim * 2 ** i, {
            key: foldIn(own, index),
            heads: heads[i]!,
            window: sides,
            shift: index % 2 === 0 ? [0, 0] : half,
            mlpRatio,
            dropPath: (dropPath * place++) / Math.max(1, last),
          }),
      );
      return new SwinStage(
        i === 0 ? undefined : new PatchMerging(dim * 2 ** (i - 1), foldIn(own, 'downsample')),
        blocks,
      );
    });
    this.featureDim = dim * 2 ** (depths.length - 1);
    this.norm = new LayerNorm(this.featureDim);
  }

  get stages(): readonly MapStage[] {
    const { length } = this.layers;
    return this.layers.map((_, i) => ({
      stride: this.patchSize * 2 ** i,
      channels: this.featureDim / 2 ** (length - 1 - i),
    }));
  }

  get layerCount(): number {
    return this.layers.reduce((sum, { blocks }) => sum + blocks.length, 0) + 2;
  }

  layerOf(name: string): number {
    checkParameterName('SwinTransformer.layerOf', this, name);
    if (name.startsWith('norm.')) return this.layerCount - 1;
    const place = /^layers\.(\d+)\.(?:blocks\.(\d+))?/.exec(name);
    if (place === null) return 0;
    const before = this.layers.slice(0, Number(place[1]));
    return before.reduce((sum, { blocks }) => sum + blocks.length, 0) + Number(place[2] ?? 0) + 1;
  }

  /** @throws ShapeError for images whose sides are no multiples of the patch size */
  maps(images: tf.Tensor4D, ctx: ForwardContext = evaluation, options: MapOptions = {}): tf.Tensor4D[] {
    const all = this.layers.map((_, i) => i);
    const { stages = all } = checkOptions('SwinTransformer.maps', options, mapOptionNames);
    checkAscending('SwinTransformer.maps', 'stages', stages, 0, all.length - 1);
    const [rows, columns] = this.patchEmbed.gridOf(images);
    const patches = this.patchNorm.forward(this.patchEmbed.forward(images));
    let x = tf.reshape(patches, [images.shape[0], rows, columns, -1]) as tf.Tensor4D;
    const found: tf.Tensor4D[] = [];
    this.layers.slice(0, stages.at(-1)! + 1).forEach((stage, i) => {
      if (stage.downsample !== undefined) x = stage.downsample.forward(x);
      stage.blocks.forEach((block, place) => {
        x = runBlock(block, x, childContext(childContext(ctx, i), place), this.checkpoints);
      });
      if (stages.includes(i)) found.push(x);
    });
    return found;
  }

  forward(images: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const [last] = this.maps(images, ctx, { stages: [this.layers.length - 1] });
    return this.pooled(last!);
  }

  pooled(map: tf.Tensor4D): tf.Tensor2D {
    return tf.mean(this.norm.forward(map), [1, 2]);
  }

  protected override upgradeStateDict(state: StateEntries): void {
    upgradeSwin(state);
  }
}

/** Swin-T, windows of 7: 27.5 million parameters, 768 features. */
export const swinTiny = (options: SwinVariantOptions): SwinTransformer =>
  variant('swinTiny', options, 96, [2, 2, 6, 2], [3, 6, 12, 24]);
/** Swin-S, windows of 7: 48.8 million parameters, 768 features. */
export const swinSmall = (options: SwinVariantOptions): SwinTransformer =>
  variant('swinSmall', options, 96, [2, 2, 18, 2], [3, 6, 12, 24]);
/** Swin-B, windows of 7: 86.7 million parameters, 1,024 features. */
export const swinBase = (options: SwinVariantOptions): SwinTransformer =>
  variant('swinBase', options, 128, [2, 2, 18, 2], [4, 8, 16, 32]);

function variant(
  where: string,
  options: SwinVariantOptions,
  dim: number,
  depths: readonly number[],
  heads: readonly number[],
): SwinTransformer {
  const given = checkOptions(where, options, swinVariantOptionNames);
  return new SwinTransformer({ imageSize: 224, ...given, dim, depths, heads });
}
