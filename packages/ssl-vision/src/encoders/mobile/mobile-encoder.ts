import * as tf from '@tensorflow/tfjs-core';
import { Module, checkAscending, checkParameterName, childContext, evaluation } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Layered, MapEncoder, MapOptions, MapStage } from '@selfsup/ssl-nn';
import { checkOptions } from '@selfsup/ssl-tensor/host';
import { checkPictureSize } from '../check-picture-size.js';
import { mapOptionNames } from '../map-option-names.js';
import { runBlock } from '../run-block.js';
import type { ConvNormAct } from './conv-norm-act.js';
import type { InvertedResidual } from './inverted-residual.js';

/** A stem, blocks, and a last 1 x 1 convolution: what MobileNetV3 and EfficientNet have in common. */
export interface MobileFeatures {
  readonly stem: ConvNormAct;
  /** In the order of the forward pass; in lists where the reference's names have them. */
  readonly blocks: readonly (InvertedResidual | readonly InvertedResidual[])[];
  readonly last: ConvNormAct;
}

/**
 * A chain of inverted residual blocks, the mean over all positions as features. Names of torchvision, `features.0.0.weight`,
 * less the classifier. Its maps are the last ones of each stride before the last convolution, as timm's with
 * `features_only`; its layers the stem, every block, and the last convolution.
 */
export abstract class MobileEncoder extends Module implements Encoder, MapEncoder, Layered {
  readonly featureDim: number;
  readonly features: readonly (ConvNormAct | InvertedResidual | readonly InvertedResidual[])[];
  private readonly checkpoints: boolean;

  protected constructor({ stem, blocks, last }: MobileFeatures, checkpointBlocks: boolean) {
    super();
    this.features = [stem, ...blocks, last];
    this.featureDim = last.outChannels;
    this.checkpoints = checkpointBlocks;
  }

  get stages(): readonly MapStage[] {
    const units = this.units();
    let stride = 1;
    return units.flatMap((unit, i) => {
      stride *= unit.stride;
      return isLastOfStride(units, i) ? [{ stride, channels: unit.outChannels }] : [];
    });
  }

  get layerCount(): number {
    return this.units().length + 1;
  }

  layerOf(name: string): number {
    checkParameterName(`${this.constructor.name}.layerOf`, this, name);
    const [, place, inner] = name.split('.') as [string, string, string];
    const lengths = this.features.map((part) => (Array.isArray(part) ? part.length : 1));
    const before = lengths.slice(0, Number(place)).reduce((sum, length) => sum + length, 0);
    return before + (Array.isArray(this.features[Number(place)]) ? Number(inner) : 0);
  }

  /** @throws ShapeError for what is no batch of images */
  maps(images: tf.Tensor4D, ctx: ForwardContext = evaluation, options: MapOptions = {}): tf.Tensor4D[] {
    const where = `${this.constructor.name}.maps`;
    const count = this.stages.length;
    const all = Array.from({ length: count }, (_, i) => i);
    const { stages = all } = checkOptions(where, options, mapOptionNames);
    checkAscending(where, 'stages', stages, 0, count - 1);
    return this.run(images, ctx, stages);
  }

  forward(images: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const [map] = this.run(images, ctx, [this.stages.length - 1]);
    return this.pooled(map!, ctx);
  }

  pooled(map: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const last = this.features.at(-1) as ConvNormAct;
    return tf.mean(last.forward(map, childContext(ctx, 'last')), [1, 2]);
  }

  private run(images: tf.Tensor4D, ctx: ForwardContext, stages: readonly number[]): tf.Tensor4D[] {
    checkPictureSize(this.constructor.name, images, 1);
    const units = this.units();
    const found: tf.Tensor4D[] = [];
    let x = images;
    let stage = 0;
    for (let i = 0; found.length < stages.length; i++) {
      const own = childContext(ctx, i);
      x = i === 0 ? units[0]!.forward(x, own) : runBlock<tf.Tensor4D>(units[i]!, x, own, this.checkpoints);
      if (!isLastOfStride(units, i)) continue;
      if (stages.includes(stage)) found.push(x);
      stage++;
    }
    return found;
  }

  /** The stem and the blocks, in one list. */
  private units(): (ConvNormAct | InvertedResidual)[] {
    return this.features.slice(0, -1).flat() as (ConvNormAct | InvertedResidual)[];
  }
}

const isLastOfStride = (units: readonly { readonly stride: number }[], i: number): boolean =>
  i === units.length - 1 || units[i + 1]!.stride > 1;
