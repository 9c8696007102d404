import * as tf from '@tensorflow/tfjs-core';
import {
  Buffer,
  LayerNorm,
  Module,
  Parameter,
  RelativePositionBias,
  TransformerBlock,
  checkAscending,
  checkParameterName,
  childContext,
  evaluation,
  normal,
  zeros,
} from '@selfsup/ssl-nn';
import type {
  Encoder,
  ForwardContext,
  Layered,
  StateEntries,
  TokenEncoder,
  TokenOptions,
  Tokens,
} from '@selfsup/ssl-nn';
import { checkChoice, checkCount, foldIn, InvalidOptionError, ShapeError, takeRows } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import { checkIsTensor, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { runBlock } from '../run-block.js';
import { sidesOf } from '../sides-of.js';
import { gridPositions } from './grid-positions.js';
import { PatchEmbed } from './patch-embed.js';
import { sinCosPositions } from './sin-cos-positions.js';
import { patchRows, tokenPlaces } from './token-places.js';
import { upgradeDinoV2 } from './upgrade-dino-v2.js';
import {
  visionTransformerInit,
  visionTransformerInitNames,
  visionTransformerOptionNames,
  type VisionTransformerOptions,
} from './vision-transformer-options.js';

export type { VisionTransformerOptions } from './vision-transformer-options.js';

const tokenOptionNames: OptionNames<TokenOptions> = {
  keep: 'optional',
  mask: 'optional',
  blocks: 'optional',
  norm: 'optionalFlag',
};

/**
 * Vision transformer without its classifier: patches and a class token, positions, pre-norm blocks, a final
 * layer norm over all tokens, with register tokens if wanted. Images of another size than `imageSize` run, too: positions are interpolated as
 * `resizePositions` does, in a trace of their own inside `compile()`. Weights of another size load after
 * `resizePositions`. State dict and initialisation (normal of deviation 0.02, zero biases) as timm's
 * `VisionTransformer` less `head`; with `pool: 'mean'` as timm's with `global_pool='avg', fc_norm=False`, with registers
 * as timm's with `no_embed_class=True`. DINOv2's published names load, too.
 *
 * Source: Dosovitskiy et al. 2020 (arXiv 2010.11929); Touvron et al. 2020 (arXiv 2012.12877) for tiny and small;
 * `timm/models/vision_transformer.py`.
 */
export class VisionTransformer extends Module implements Encoder, TokenEncoder, Layered {
  static override readonly fieldNames = {
    patchEmbed: 'patch_embed',
    clsToken: 'cls_token',
    maskToken: 'mask_token',
    registerTokens: 'reg_token',
    posEmbed: 'pos_embed',
    relativePositions: 'rel_pos_bias',
  };
  readonly featureDim: number;
  readonly patchEmbed: PatchEmbed;
  /** `[1, 1, dim]` */
  readonly clsToken: Parameter;
  /** `[1, 1, dim]`, in place of masked patches; none unless the option says so. */
  readonly maskToken: Parameter | undefined;
  /** `[1, registers, dim]`; none unless the option says so. */
  readonly registerTokens: Parameter | undefined;
  /**
   * `[1, 1 + patches, dim]`, the class token's first, or with registers `[1, patches, dim]`; a buffer where they are fixed,
   * nothing with `positions: 'none'`.
   */
  readonly posEmbed: Parameter | Buffer | undefined;
  /** One bias of attention for all blocks; none unless the option says so. */
  readonly relativePositions: RelativePositionBias | undefined;
  readonly blocks: readonly TransformerBlock[];
  readonly norm: LayerNorm;
  readonly tokenDim: number;
  private readonly checkpoints: boolean;
  private readonly pool: 'cls' | 'mean' | 'both';

  /** @throws InvalidOptionError for sizes that do not divide or are not positive integers */
  constructor(options: VisionTransformerOptions) {
    super();
    checkOptions('VisionTransformer', options, visionTransformerOptionNames);
    const {
      key,
      patchSize,
      dim,
      depth,
      heads,
      mlpRatio = 4,
      qkvBias = true,
      mlp = 'gelu',
      mlpHidden,
      layerScale,
      registers = 0,
      pool = 'cls',
      epsilon = 1e-6,
      inChannels = 3,
      dropPath = 0,
      positions = 'learnt',
      relativePositions = false,
      maskToken = false,
      checkpointBlocks = false,
      init = visionTransformerInit,
    } = options;
    const where = 'VisionTransformer';
    const [height, width] = sidesOf(where, options.imageSize);
    checkCount(where, { patchSize, dim, depth, heads, inChannels, height, width });
    if (height % patchSize !== 0 || width % patchSize !== 0) {
      throw new InvalidOptionError(where, 'imageSize', `a multiple of patchSize ${patchSize}`, `${height} x ${width}`);
    }
    if (dim % heads !== 0) throw new InvalidOptionError(where, 'dim', `a multiple of heads ${heads}`, dim);
    checkChoice(where, 'pool', pool, ['cls', 'mean', 'both']);
    if (!(Number.isInteger(registers) && registers >= 0))
      throw new InvalidOptionError(where, 'registers', 'a whole number from 0', registers);
    checkChoice(where, 'positions', positions, ['learnt', 'sinCos', 'none']);
    if (relativePositions && registers > 0)
      throw new InvalidOptionError(
        where,
        'registers',
        '0 with relativePositions, which have no place for them',
        registers,
      );

    checkOptions(where, init, visionTransformerInitNames, 'init');
    this.tokenDim = dim;
    this.featureDim = pool === 'both' ? 2 * dim : dim;
    this.pool = pool;
    this.checkpoints = checkpointBlocks;
    this.patchEmbed = new PatchEmbed({
      imageSize: [height, width],
      patchSize,
      inChannels,
      dim,
      key: foldIn(key, 'patch_embed'),
      weightInit: init.patchWeight,
    });
    this.clsToken = new Parameter(init.clsToken([1, 1, dim], foldIn(key, 'cls_token')));
    this.maskToken = maskToken ? new Parameter(normal(0.02)([1, 1, dim], foldIn(key, 'mask_token'))) : undefined;
    this.registerTokens =
      registers > 0 ? new Parameter(normal(1e-6)([1, registers, dim], foldIn(key, 'reg_token'))) : undefined;
    const [rows, columns] = this.patchEmbed.grid;
    const first = this.placed;
    const hasOne = ", with prefix: 1 where it has the class token's too, as DINOv2's";
    const advice = (name: string): string =>
      `Positions of another grid of patches fit by state.set('${name}', resizePositions(state.get('${name}'), { to: [${rows}, ${columns}]${first === 0 ? ', prefix: 0' : ''} }))${first === 0 ? hasOne : ''}`;
    const fixed = (): NdArray<Float32Array> => {
      const { data } = sinCosPositions(dim, rows, columns);
      return { data: data.subarray((1 - first) * dim), shape: [1, first + rows * columns, dim] };
    };
    const made = (): Parameter | Buffer =>
      positions === 'learnt'
        ? new Parameter(normal(0.02)([1, first + rows * columns, dim], foldIn(key, 'pos_embed')), { advice })
        : new Buffer(fixed(), { advice });
    this.posEmbed = positions === 'none' ? undefined : made();
    this.relativePositions = relativePositions
      ? new RelativePositionBias(heads, { key: foldIn(key, 'rel_pos_bias'), grid: [rows, columns], classToken: true })
      : undefined;
    const linear = { weightInit: init.weight, biasInit: zeros };
    this.blocks = Array.from(
      { length: depth },
      (_, i) =>
        new TransformerBlock(dim, {
          ...linear,
          heads,
          mlpRatio,
          mlp,
          ...(mlpHidden === undefined ? {} : { mlpHidden }),
          ...(layerScale === undefined ? {} : { layerScale }),
          qkvBias,
          epsilon,
          dropPath: (dropPath * i) / Math.max(1, depth - 1),
          key: foldIn(foldIn(key, 'blocks'), i),
        }),
    );
    this.norm = new LayerNorm(dim, { epsilon });
  }

  /** Leading tokens that have a position: the class token, unless there are registers. */
  private get placed(): 0 | 1 {
    return this.registerTokens === undefined ? 1 : 0;
  }

  /** Leading tokens that have no place in the grid: the class token and the registers. */
  private get prefix(): number {
    return 1 + (this.registerTokens?.variable.shape[1] ?? 0);
  }

  get depth(): number {
    return this.blocks.length;
  }

  get layerCount(): number {
    return this.depth + 2;
  }

  layerOf(name: string): number {
    checkParameterName('VisionTransformer.layerOf', this, name);
    const block = /^blocks\.(\d+)\./.exec(name)?.[1];
    if (block !== undefined) return Number(block) + 1;
    return name.startsWith('norm.') ? this.layerCount - 1 : 0;
  }

  /**
   * Tokens: of all patches, or of some as if the others were not there, with masked ones, after chosen blocks. The prefix
   * is the class token and the registers.
   *
   * @param images `[batch, height, width, channels]`, normalised, of any size that is a multiple of the patch size
   * @throws InvalidOptionError for blocks that are not there, and for `mask` without the option `maskToken`; ShapeError for
   *   images that do not fit, and for `keep` and `mask` that are not `[batch, kept]` and `[batch, patches]`
   */
  encode(images: tf.Tensor4D, ctx: ForwardContext = evaluation, options: TokenOptions = {}): Tokens {
    const where = 'VisionTransformer.encode';
    const { keep, mask, norm = true, ...chosen } = checkOptions(where, options, tokenOptionNames);
    const blocks = chosen.blocks ?? [this.depth];
    checkAscending(where, 'blocks', blocks, 0, this.depth);
    const grid = this.patchEmbed.gridOf(images);
    const states = this.run(this.embed(images, keep, mask), ctx, blocks);
    const outputs = norm ? states.map((state) => this.norm.forward(state)) : states;
    return {
      tokens: outputs.at(-1)!,
      blocks: outputs,
      prefix: this.prefix,
      grid,
      ...(keep === undefined ? {} : { kept: keep }),
      ...(mask === undefined ? {} : { mask }),
    };
  }

  forward(images: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const last = [this.depth];
    if (this.pool === 'cls') {
      // Of the last block, only the class token is computed.
      const [cls] = this.run(this.embed(images), ctx, last, 1);
      return this.norm.forward(tf.reshape(cls!, [cls!.shape[0], this.tokenDim]) as tf.Tensor2D);
    }
    return this.pooled(this.encode(images, ctx));
  }

  pooled(encoded: Tokens): tf.Tensor2D {
    const { tokens, prefix } = encoded;
    const [batch, count, dim] = tokens.shape;
    const cls = (): tf.Tensor2D => tf.reshape(tf.slice(tokens, [0, 0, 0], [batch, 1, dim]), [batch, dim]);
    if (this.pool === 'cls') return cls();
    const mean = tf.mean(tf.slice(tokens, [0, prefix, 0], [batch, count - prefix, dim]), 1) as tf.Tensor2D;
    return this.pool === 'mean' ? mean : tf.concat([cls(), mean], 1);
  }

  protected override upgradeStateDict(state: StateEntries): void {
    upgradeDinoV2(state, this);
  }

  /** What enters the first block: the class token and the patches, each with its position. */
  private embed(images: tf.Tensor4D, keep?: tf.Tensor2D, mask?: tf.Tensor2D): tf.Tensor3D {
    const { patchEmbed, tokenDim: dim, registerTokens } = this;
    const grid = patchEmbed.gridOf(images);
    const [batch] = images.shape;
    const places = grid[0] * grid[1];
    this.checkRelative(images, keep);
    if (keep !== undefined) checkMarks('keep', keep, [batch, undefined]);
    if (mask !== undefined) checkMarks('mask', mask, [batch, places]);
    // The patches of all images lie below each other.
    const rows = keep && (tf.reshape(patchRows(keep, places), [-1]) as tf.Tensor1D);
    const flat = patchEmbed.flatten(images);
    const projected = patchEmbed.project(rows === undefined ? flat : (takeRows(flat, rows) as tf.Tensor2D));
    let patches = tf.reshape(projected, [batch, -1, dim]) as tf.Tensor3D;
    if (mask !== undefined) {
      if (this.maskToken === undefined) {
        const advice = 'Build the VisionTransformer with maskToken: true';
        throw new InvalidOptionError('VisionTransformer.encode', 'mask', 'left out without a mask token', mask, advice);
      }
      const marks = tf.reshape(tf.cast(mask, 'float32'), [batch * places, 1]) as tf.Tensor2D;
      const own = tf.reshape(rows === undefined ? marks : takeRows(marks, rows), [batch, -1, 1]);
      patches = tf.add(tf.mul(patches, tf.sub(1, own)), tf.mul(own, this.maskToken.variable));
    }
    // Added, not tiled: the gradient of tf.broadcastTo takes every copy by itself.
    const spread = ({ variable }: Parameter): tf.Tensor3D =>
      tf.add(tf.zeros([batch, variable.shape[1]!, dim]), variable) as tf.Tensor3D;
    const cls = spread(this.clsToken);
    if (this.posEmbed === undefined)
      return tf.concat(registerTokens === undefined ? [cls, patches] : [cls, spread(registerTokens), patches], 1);
    const table = gridPositions(this.posEmbed.variable as tf.Tensor as tf.Tensor3D, patchEmbed.grid, grid, this.placed);
    const at = (rowsOf: () => tf.Tensor2D): tf.Tensor3D =>
      keep === undefined
        ? table
        : (takeRows(tf.reshape(table, [-1, dim]) as tf.Tensor2D, rowsOf()) as tf.Tensor as tf.Tensor3D);
    if (registerTokens !== undefined)
      return tf.concat(
        [
          cls,
          spread(registerTokens),
          tf.add(
            patches,
            at(() => keep!),
          ),
        ],
        1,
      ) as tf.Tensor3D;
    return tf.add(
      tf.concat([cls, patches], 1),
      at(() => tokenPlaces(keep!)),
    );
  }

  /** The bias of relative positions is of all tokens of one grid. */
  private checkRelative(images: tf.Tensor4D, keep: tf.Tensor2D | undefined): void {
    if (this.relativePositions === undefined) return;
    const where = 'VisionTransformer';
    if (keep !== undefined)
      throw new InvalidOptionError(where, 'keep', 'left out with relativePositions, which are of all patches', keep);
    const [rows, columns] = this.patchEmbed.grid;
    const [, height, width] = images.shape;
    const size = this.patchEmbed.proj.kernelSize[0];
    if (height !== rows * size || width !== columns * size)
      throw new ShapeError(
        where,
        'images',
        `of ${rows * size} x ${columns * size} pixels, as relativePositions are`,
        `${height} x ${width}`,
      );
  }

  /** Tokens after the wanted blocks, before the final norm; with `outputs`, only so many of the last block's, from the class token on. */
  private run(embedded: tf.Tensor3D, ctx: ForwardContext, wanted: readonly number[], outputs?: number): tf.Tensor3D[] {
    let x = embedded;
    const states = wanted[0] === 0 ? [x] : [];
    const positions = this.relativePositions === undefined ? {} : { bias: this.relativePositions.forward() };
    this.blocks.slice(0, wanted.at(-1)).forEach((block, i) => {
      const most = i === this.depth - 1 ? outputs : undefined;
      const part = {
        forward: (h: tf.Tensor3D, own: ForwardContext) => block.forward(h, own, undefined, most, positions),
      };
      x = runBlock(part, x, childContext(ctx, i), this.checkpoints);
      if (wanted.includes(i + 1)) states.push(x);
    });
    return states;
  }
}

/** @throws ShapeError unless `marks` is a tensor of that shape; undefined: any size */
function checkMarks(option: string, marks: tf.Tensor, [batch, size]: readonly [number, number | undefined]): void {
  const expected = `[${batch}, ${size ?? 'kept'}]`;
  checkIsTensor('VisionTransformer.encode', option, marks, expected);
  if (marks.rank !== 2 || marks.shape[0] !== batch || (size !== undefined && marks.shape[1] !== size))
    throw new ShapeError('VisionTransformer.encode', option, expected, `[${marks.shape.join(', ')}]`);
}
