import * as tf from '@tensorflow/tfjs-core';
import {
  checkAscending,
  checkParameterName,
  childContext,
  evaluation,
  LayerNorm,
  Module,
  Parameter,
  torchWeight,
  zeros,
} from '@selfsup/ssl-nn';
import type {
  Encoder,
  ForwardContext,
  Initialiser,
  Layered,
  TokenEncoder,
  TokenOptions,
  Tokens,
} from '@selfsup/ssl-nn';
import { checkChoice, checkCount, foldIn, InvalidOptionError, ShapeError, takeRows } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkIsTensor, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Volumes } from '../check-volumes.js';
import { runBlock } from '../run-block.js';
import { tripleOf, type Triple } from '../triple-of.js';
import { patchRows } from '../vision-transformer/token-places.js';
import { Block3d } from './block3d.js';
import { PatchEmbed3d } from './patch-embed3d.js';

/** Options of {@link VisionTransformer3d}. */
export interface VisionTransformer3dOptions {
  readonly key: RandomKey;
  /** Depth, height and width of the volumes, or one number for all. Multiples of `patchSize`. */
  readonly volumeSize: number | Triple;
  /** Sides of a patch, or one number for all. */
  readonly patchSize: number | Triple;
  /** Width of a token. A multiple of `heads`, and of 6 where positions are fixed. */
  readonly dim: number;
  readonly depth: number;
  readonly heads: number;
  /** Width of the hidden layers (`mlp_dim`). Default 4 times `dim`. */
  readonly mlpHidden?: number;
  /** Bias of queries, keys and values. Default false, as MONAI's. */
  readonly qkvBias?: boolean;
  /** Channels of the volumes. Default 1. */
  readonly inChannels?: number;
  /** `learnt`, or fixed sines and cosines of the three axes. Default `learnt`. */
  readonly positions?: 'learnt' | 'sinCos';
  /** With a class token, which has no position: MONAI's with `classification=True`. Default: where `pool` is `cls`. */
  readonly classToken?: boolean;
  /** Features: the mean over the patches, or the class token. Default `mean`. */
  readonly pool?: 'mean' | 'cls';
  /** Probability that a sample skips a branch of the last block; falls linearly to 0 at the first. Default 0. */
  readonly dropPath?: number;
  /** While training, compute each block again for its gradient: less memory, more time. Default false. */
  readonly checkpointBlocks?: boolean;
  /** Weights of linear layers and patches at the start. Default PyTorch's, as MONAI's. */
  readonly weightInit?: Initialiser;
}

const visionTransformer3dOptionNames: OptionNames<VisionTransformer3dOptions> = {
  key: 'requiredKey',
  volumeSize: 'required',
  patchSize: 'required',
  dim: 'requiredNumber',
  depth: 'requiredNumber',
  heads: 'requiredNumber',
  mlpHidden: 'optionalNumber',
  qkvBias: 'optionalFlag',
  inChannels: 'optionalNumber',
  positions: 'optional',
  classToken: 'optionalFlag',
  pool: 'optional',
  dropPath: 'optionalNumber',
  checkpointBlocks: 'optionalFlag',
  weightInit: 'optionalFunction',
};

/** What {@link VisionTransformer3d} computes: places and blocks, without masks. */
export type VolumeTokenOptions = Omit<TokenOptions, 'mask'>;

const volumeTokenOptionNames: OptionNames<VolumeTokenOptions> = {
  keep: 'optional',
  blocks: 'optional',
  norm: 'optionalFlag',
};

/**
 * Vision transformer of volumes of one size. State dict and initialisation as MONAI's `ViT` with `proj_type='conv'` (less
 * `classification_head`), but for positions, which are normal of deviation 0.02 without its bounds at 100 deviations.
 *
 * Source: Dosovitskiy et al. 2020 (arXiv 2010.11929); Hatamizadeh et al. 2021 (arXiv 2103.10504), 3.1, for volumes;
 * `monai/networks/nets/vit.py`.
 */
export class VisionTransformer3d
  extends Module
  implements Encoder<Volumes>, TokenEncoder<Volumes, VolumeTokenOptions>, Layered
{
  static override readonly fieldNames = { patchEmbed: 'patch_embedding', clsToken: 'cls_token' };
  readonly featureDim: number;
  readonly tokenDim: number;
  readonly patchEmbed: PatchEmbed3d;
  /** `[1, 1, dim]` */
  readonly clsToken: Parameter | undefined;
  readonly blocks: readonly Block3d[];
  readonly norm: LayerNorm;
  private readonly pool: 'mean' | 'cls';
  private readonly checkpoints: boolean;

  /** @throws InvalidOptionError for sizes that do not divide or are not positive integers, and `cls` without a class token */
  constructor(options: VisionTransformer3dOptions) {
    super();
    const where = 'VisionTransformer3d';
    const {
      key,
      volumeSize,
      patchSize,
      dim,
      depth,
      heads,
      mlpHidden = 4 * dim,
      qkvBias = false,
      inChannels = 1,
      positions = 'learnt',
      pool = 'mean',
      classToken = pool === 'cls',
      dropPath = 0,
      checkpointBlocks = false,
      weightInit = torchWeight,
    } = checkOptions(where, options, visionTransformer3dOptionNames);
    checkCount(where, { dim, depth, heads, mlpHidden });
    if (dim % heads !== 0) throw new InvalidOptionError(where, 'dim', `a multiple of heads ${heads}`, dim);
    checkChoice(where, 'pool', pool, ['mean', 'cls']);
    if (pool === 'cls' && !classToken)
      throw new InvalidOptionError(where, 'classToken', "true with pool 'cls'", classToken);
    [this.featureDim, this.tokenDim] = [dim, dim];
    [this.pool, this.checkpoints] = [pool, checkpointBlocks];
    this.patchEmbed = new PatchEmbed3d({
      volumeSize: tripleOf(where, 'volumeSize', volumeSize),
      patchSize: tripleOf(where, 'patchSize', patchSize),
      inChannels,
      dim,
      positions,
      key: foldIn(key, 'patch_embedding'),
      weightInit,
    });
    this.clsToken = classToken ? new Parameter(zeros([1, 1, dim], foldIn(key, 'cls_token'))) : undefined;
    this.blocks = Array.from(
      { length: depth },
      (_, i) =>
        new Block3d(dim, {
          heads,
          mlpHidden,
          qkvBias,
          weightInit,
          dropPath: (dropPath * i) / Math.max(1, depth - 1),
          key: foldIn(foldIn(key, 'blocks'), i),
        }),
    );
    this.norm = new LayerNorm(dim, { epsilon: 1e-5 });
  }

  get depth(): number {
    return this.blocks.length;
  }

  get layerCount(): number {
    return this.depth + 2;
  }

  layerOf(name: string): number {
    checkParameterName('VisionTransformer3d.layerOf', this, name);
    const block = /^blocks\.(\d+)\./.exec(name)?.[1];
    if (block !== undefined) return Number(block) + 1;
    return name.startsWith('norm.') ? this.layerCount - 1 : 0;
  }

  /**
   * Tokens: of all patches, or of some as if the others were not there, after chosen blocks. The prefix is the class token,
   * where there is one.
   *
   * @param volumes `[batch, depth, height, width, channels]`, normalised, of `volumeSize`
   * @throws InvalidOptionError for blocks that are not there; ShapeError for volumes that do not fit, and for `keep` that is
   *   not `[batch, kept]`
   */
  encode(volumes: Volumes, ctx: ForwardContext = evaluation, options: VolumeTokenOptions = {}): Tokens {
    const where = 'VisionTransformer3d.encode';
    const { keep, norm = true, ...chosen } = checkOptions(where, options, volumeTokenOptionNames);
    const blocks = chosen.blocks ?? [this.depth];
    checkAscending(where, 'blocks', blocks, 0, this.depth);
    const grid = this.patchEmbed.gridOf(volumes);
    const states = this.run(this.embed(volumes, keep), ctx, blocks);
    const outputs = norm ? states.map((state) => this.norm.forward(state)) : states;
    return {
      tokens: outputs.at(-1)!,
      blocks: outputs,
      prefix: this.prefix,
      grid,
      ...(keep === undefined ? {} : { kept: keep }),
    };
  }

  forward(volumes: Volumes, ctx: ForwardContext = evaluation): tf.Tensor2D {
    // Of the last block, only the class token is computed where nothing else is read.
    const [states] = this.run(this.embed(volumes), ctx, [this.depth], this.pool === 'cls' ? 1 : undefined);
    return this.pooled({ tokens: this.norm.forward(states!), prefix: this.prefix });
  }

  pooled(encoded: Pick<Tokens, 'tokens' | 'prefix'>): tf.Tensor2D {
    const { tokens, prefix } = encoded;
    const [batch, count, dim] = tokens.shape;
    if (this.pool === 'cls') return tf.reshape(tf.slice(tokens, [0, 0, 0], [batch, 1, dim]), [batch, dim]);
    return tf.mean(tf.slice(tokens, [0, prefix, 0], [batch, count - prefix, dim]), 1);
  }

  private get prefix(): 0 | 1 {
    return this.clsToken === undefined ? 0 : 1;
  }

  /** What enters the first block: the class token, and the patches, each with its position. */
  private embed(volumes: Volumes, keep?: tf.Tensor2D): tf.Tensor3D {
    const { patchEmbed, tokenDim: dim, clsToken } = this;
    const grid = patchEmbed.gridOf(volumes);
    const [batch] = volumes.shape;
    const places = grid[0] * grid[1] * grid[2];
    if (keep !== undefined) checkKept(keep, batch);
    const flat = patchEmbed.flatten(volumes);
    const rows = keep && (tf.reshape(patchRows(keep, places), [-1]) as tf.Tensor1D);
    const projected = patchEmbed.project(rows === undefined ? flat : (takeRows(flat, rows) as tf.Tensor2D));
    const table = tf.reshape(patchEmbed.positions.variable, [places, dim]) as tf.Tensor2D;
    const own = keep === undefined ? tf.reshape(table, [1, places, dim]) : takeRows(table, keep);
    const patches = tf.add(tf.reshape(projected, [batch, -1, dim]), own) as tf.Tensor3D;
    if (clsToken === undefined) return patches;
    // Added, not tiled: the gradient of tf.broadcastTo takes every copy by itself.
    const cls = tf.add(tf.zeros([batch, 1, dim]), clsToken.variable) as tf.Tensor3D;
    return tf.concat([cls, patches], 1);
  }

  /** Tokens after the wanted blocks, before the final norm; with `outputs`, only so many of the last block's. */
  private run(embedded: tf.Tensor3D, ctx: ForwardContext, wanted: readonly number[], outputs?: number): tf.Tensor3D[] {
    let x = embedded;
    const states = wanted[0] === 0 ? [x] : [];
    this.blocks.slice(0, wanted.at(-1)).forEach((block, i) => {
      const most = i === this.depth - 1 ? outputs : undefined;
      const part = { forward: (h: tf.Tensor3D, own: ForwardContext) => block.forward(h, own, most) };
      x = runBlock(part, x, childContext(ctx, i), this.checkpoints);
      if (wanted.includes(i + 1)) states.push(x);
    });
    return states;
  }
}

/** @throws ShapeError unless `keep` is a tensor `[batch, kept]` */
function checkKept(keep: tf.Tensor, batch: number): void {
  const expected = `[${batch}, kept]`;
  checkIsTensor('VisionTransformer3d.encode', 'keep', keep, expected);
  if (keep.rank !== 2 || keep.shape[0] !== batch)
    throw new ShapeError('VisionTransformer3d.encode', 'keep', expected, `[${keep.shape.join(', ')}]`);
}
