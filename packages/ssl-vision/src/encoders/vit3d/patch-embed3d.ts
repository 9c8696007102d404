import * as tf from '@tensorflow/tfjs-core';
import { Buffer, Conv3d, Module, normal, Parameter, torchWeight } from '@selfsup/ssl-nn';
import type { Initialiser } from '@selfsup/ssl-nn';
import { checkChoice, checkCount, foldIn, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkVolumes } from '../check-volumes.js';
import type { Triple } from '../triple-of.js';
import { sinCosPositions3d } from './sin-cos-positions3d.js';

/** Options of {@link PatchEmbed3d}. */
export interface PatchEmbed3dOptions {
  readonly key: RandomKey;
  /** Depth, height and width of the volumes, multiples of those of a patch. */
  readonly volumeSize: Triple;
  readonly patchSize: Triple;
  readonly inChannels: number;
  /** Width of a token. */
  readonly dim: number;
  readonly positions: 'learnt' | 'sinCos';
  /** Of the weights, as those of a linear layer `[voxels, dim]`. Default PyTorch's. */
  readonly weightInit?: Initialiser;
}

const patchEmbed3dOptionNames: OptionNames<PatchEmbed3dOptions> = {
  key: 'requiredKey',
  volumeSize: 'required',
  patchSize: 'required',
  inChannels: 'requiredNumber',
  dim: 'requiredNumber',
  positions: 'required',
  weightInit: 'optionalFunction',
};

/**
 * Cuts a volume into patches that do not overlap, projects each, and holds their positions. The weights are those of a
 * convolution whose stride equals its size; it runs as one matrix product over flattened patches.
 *
 * Source: `PatchEmbeddingBlock` of `monai/networks/blocks/patchembedding.py`, with its names.
 */
export class PatchEmbed3d extends Module {
  static override readonly fieldNames = { proj: 'patch_embeddings', positions: 'position_embeddings' };
  readonly proj: Conv3d;
  /** `[1, patches, dim]`; a buffer where they are fixed. */
  readonly positions: Parameter | Buffer;
  readonly grid: Triple;
  private readonly volumeSize: Triple;
  private readonly patchSize: Triple;

  /** @throws InvalidOptionError for sides that are not multiples of the patch's */
  constructor(options: PatchEmbed3dOptions) {
    super();
    const where = 'PatchEmbed3d';
    const {
      key,
      volumeSize,
      patchSize,
      inChannels,
      dim,
      positions,
      weightInit = torchWeight,
    } = checkOptions(where, options, patchEmbed3dOptionNames);
    checkCount(where, { inChannels, dim });
    checkChoice(where, 'positions', positions, ['learnt', 'sinCos']);
    if (volumeSize.some((side, axis) => side % patchSize[axis]! !== 0)) {
      const expected = `multiples of patchSize ${patchSize.join(' x ')}`;
      throw new InvalidOptionError(where, 'volumeSize', expected, volumeSize.join(' x '));
    }
    [this.volumeSize, this.patchSize] = [volumeSize, patchSize];
    const [depth, height, width] = volumeSize;
    this.grid = [depth / patchSize[0], height / patchSize[1], width / patchSize[2]];
    const voxels = patchSize[0] * patchSize[1] * patchSize[2] * inChannels;
    this.proj = new Conv3d(inChannels, dim, {
      kernelSize: patchSize,
      stride: patchSize,
      key: foldIn(key, 'proj'),
      weightInit: (shape, own) => ({ ...weightInit([voxels, dim], own), shape }),
    });
    const count = this.grid[0] * this.grid[1] * this.grid[2];
    this.positions =
      positions === 'learnt'
        ? new Parameter(normal(0.02)([1, count, dim], foldIn(key, 'positions')))
        : new Buffer(sinCosPositions3d(dim, this.grid));
  }

  /** Numbers of a patch: its voxels times the channels. */
  get pixels(): number {
    const [depth, height, width] = this.patchSize;
    return depth * height * width * this.proj.inChannels;
  }

  /**
   * @param volumes `[batch, depth, height, width, channels]`
   * @returns patches along depth, height and width
   * @throws ShapeError for what is no batch of volumes of `volumeSize`: positions are of that size
   */
  gridOf(volumes: tf.Tensor): Triple {
    checkVolumes('PatchEmbed3d', volumes, this.proj.inChannels);
    const sides = volumes.shape.slice(1, 4);
    if (sides.every((side, axis) => side === this.volumeSize[axis])) return this.grid;
    const got = `[${volumes.shape.join(', ')}]`;
    const [size, patch] = [this.volumeSize, this.patchSize];
    const isWhole = sides.every((side, axis) => side > 0 && Number.isInteger(side / patch[axis]!));
    const cure = isWhole
      ? `build it with volumeSize: [${sides.join(', ')}]`
      : `cut them by randomVolumeCrop({ size: [${size.join(', ')}] }), since not all sides are multiples of the patch's ${patch.join(' x ')}`;
    const expected = `[batch, ${size.join(', ')}, ${this.proj.inChannels}], the volumeSize it was built for; for others ${cure}`;
    throw new ShapeError('PatchEmbed3d', 'volumes', expected, got);
  }

  /**
   * The patches as they are, each plane by plane, row by row, channels last.
   *
   * @returns `[batch * patches, pixels]`
   * @throws ShapeError as {@link gridOf}
   */
  flatten(volumes: tf.Tensor): tf.Tensor2D {
    const [rows, lines, columns] = this.gridOf(volumes);
    const [depth, height, width] = this.patchSize;
    const batch = volumes.shape[0]!;
    const cut = [batch * rows, depth, lines, height, columns, width * this.proj.inChannels];
    const patches = tf.transpose(tf.reshape(volumes, cut), [0, 2, 4, 1, 3, 5]);
    return tf.reshape(patches, [batch * rows * lines * columns, this.pixels]);
  }

  /**
   * @param flat patches as {@link flatten} gives them, all or some, `[n, pixels]`
   * @returns `[n, dim]`
   */
  project(flat: tf.Tensor2D): tf.Tensor2D {
    const weight = tf.reshape(this.proj.weight.variable, [this.pixels, this.proj.outChannels]) as tf.Tensor2D;
    return tf.add(tf.matMul(flat, weight), this.proj.bias!.variable);
  }
}
