import * as tf from '@tensorflow/tfjs-core';
import { checkCount } from '@selfsup/ssl-tensor';
import {
  checkIsTensor,
  checkOptions,
  foldIn,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
  ShapeError,
} from '@selfsup/ssl-tensor/host';
import { torchBias, torchWeight, type Initialiser } from '../init/initialiser.js';
import type { ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import { Parameter } from '../module/parameter.js';
import { conv3dLayout } from '../module/state-layout.js';

/** Depth, height and width. */
type Triple = readonly [number, number, number];
type Sides = readonly [number, number];

/**
 * Zeros around a volume: TF.js's `same` or `valid`, one number for all sides, or `[[front, back], [top, bottom], [left,
 * right]]`.
 */
export type VolumePadding = 'same' | 'valid' | number | readonly [Sides, Sides, Sides];

/** Options of {@link Conv3d}. */
export interface Conv3dOptions {
  readonly key: RandomKey;
  /** Side, or `[depth, height, width]`. */
  readonly kernelSize: number | Triple;
  /** Default 1. */
  readonly stride?: number | Triple;
  /** Default 0. `same` divides the size by the stride, rounded up; it equals PyTorch's only at stride 1. */
  readonly padding?: VolumePadding;
  /** Default 1. Above 1 the filter is filled up with zeros, which costs `dilation^3` as many products. */
  readonly dilation?: number | Triple;
  /** Default 1. Each group is a convolution of its own. */
  readonly groups?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Default PyTorch's. */
  readonly weightInit?: Initialiser;
  /** Default PyTorch's. */
  readonly biasInit?: Initialiser;
}

const conv3dOptionNames: OptionNames<Conv3dOptions> = {
  key: 'requiredKey',
  kernelSize: 'required',
  stride: 'optional',
  padding: 'optional',
  dilation: 'optional',
  groups: 'optionalNumber',
  bias: 'optionalFlag',
  weightInit: 'optionalFunction',
  biasInit: 'optionalFunction',
};

function triple(option: string, value: number | Triple): Triple {
  const all: unknown = typeof value === 'number' ? [value, value, value] : value;
  if (!Array.isArray(all) || all.length !== 3)
    throw new InvalidOptionError('Conv3d', option, 'one number, or [depth, height, width]', value);
  for (const size of all as number[]) checkCount('Conv3d', { [option]: size });
  return all as unknown as Triple;
}

/** Zeros before and after each axis, or TF.js's word. */
function sidesOf(padding: VolumePadding): 'same' | 'valid' | readonly Sides[] {
  if (padding === 'same' || padding === 'valid') return padding;
  const sides: unknown = typeof padding === 'number' ? [0, 1, 2].map(() => [padding, padding]) : padding;
  const isWhole = (size: unknown): boolean => Number.isSafeInteger(size) && (size as number) >= 0;
  const fits =
    Array.isArray(sides) &&
    sides.length === 3 &&
    sides.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isWhole));
  if (fits) return sides as Sides[];
  const expected = "'same', 'valid', a non-negative integer, or [[front, back], [top, bottom], [left, right]]";
  throw new InvalidOptionError('Conv3d', 'padding', expected, padding);
}

/**
 * Three-dimensional convolution of volumes `[batch, depth, height, width, channels]`.
 *
 * In memory `weight` is `[kd, kh, kw, in / groups, out]`; in the state dict `[out, in / groups, kd, kh, kw]`.
 * Source: defined as `torch.nn.Conv3d` but for the layout of volumes.
 */
export class Conv3d extends Module {
  readonly weight: Parameter;
  readonly bias?: Parameter;
  readonly kernelSize: Triple;
  readonly stride: Triple;
  readonly dilation: Triple;
  readonly groups: number;
  readonly padding: VolumePadding;
  private readonly sides: 'same' | 'valid' | readonly Sides[];

  /** @throws InvalidOptionError for sizes that are no positive integers, and groups that do not divide the channels */
  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    options: Conv3dOptions,
  ) {
    super();
    const {
      key,
      kernelSize,
      stride = 1,
      padding = 0,
      dilation = 1,
      groups = 1,
      bias = true,
      weightInit = torchWeight,
      biasInit,
    } = checkOptions('Conv3d', options, conv3dOptionNames);
    checkCount('Conv3d', { inChannels, outChannels, groups });
    this.kernelSize = triple('kernelSize', kernelSize);
    this.stride = triple('stride', stride);
    this.dilation = triple('dilation', dilation);
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      const expected = `a divisor of inChannels (${inChannels}) and outChannels (${outChannels})`;
      throw new InvalidOptionError('Conv3d', 'groups', expected, groups);
    }
    this.groups = groups;
    this.padding = padding;
    this.sides = sidesOf(padding);
    const shape = [...this.kernelSize, inChannels / groups, outChannels];
    const fanIn = this.kernelSize.reduce((product, size) => product * size, inChannels / groups);
    this.weight = new Parameter(weightInit(shape, foldIn(key, 'weight')), { layout: conv3dLayout });
    if (bias) this.bias = new Parameter((biasInit ?? torchBias(fanIn))([outChannels], foldIn(key, 'bias')));
  }

  /**
   * @param x `[batch, depth, height, width, in]`
   * @returns `[batch, depth', height', width', out]`
   * @throws ShapeError when `x` has another rank or channel count, or is smaller than the kernel
   */
  forward(x: tf.Tensor5D, _ctx?: ForwardContext): tf.Tensor5D {
    this.checkInput(x);
    const filter = this.dilated(this.weight.variable as tf.Tensor as tf.Tensor5D);
    const [padded, word] = this.padded(x);
    const convolve = (input: tf.Tensor5D, own: tf.Tensor5D): tf.Tensor5D =>
      tf.conv3d(input, own, [...this.stride], word);
    const filters = this.groups === 1 ? [filter] : tf.split(filter, this.groups, 4);
    const y =
      this.groups === 1
        ? convolve(padded, filter)
        : tf.concat(
            tf
              .split(padded, this.groups, 4)
              .map((part, group) => convolve(part as tf.Tensor5D, filters[group] as tf.Tensor5D)),
            4,
          );
    return this.bias === undefined ? y : tf.add(y, this.bias.variable);
  }

  /** TF.js pads volumes by words alone; at stride 1 `same` says half the kernel, and else zeros are put around the volume. */
  private padded(x: tf.Tensor5D): [tf.Tensor5D, 'same' | 'valid'] {
    const { sides } = this;
    if (sides === 'same' || sides === 'valid') return [x, sides];
    if (sides.every(([before, after]) => before + after === 0)) return [x, 'valid'];
    const isSame = sides.every(
      ([before, after], axis) => before === after && 2 * before === this.reach(axis) - 1 && this.stride[axis] === 1,
    );
    if (isSame) return [x, 'same'];
    const all = [[0, 0], ...sides.map((pair) => [...pair]), [0, 0]] as [number, number][];
    return [tf.pad(x, all), 'valid'];
  }

  /** Voxels from the first tap of the kernel to the last. */
  private reach(axis: number): number {
    return (this.kernelSize[axis]! - 1) * this.dilation[axis]! + 1;
  }

  private checkInput(x: tf.Tensor5D): void {
    const where = 'Conv3d.forward';
    const form = `[batch, depth, height, width, ${this.inChannels}]`;
    checkIsTensor(where, 'x', x, form);
    const { shape } = x as tf.Tensor;
    const got = `[${shape.join(', ')}]`;
    if (shape.length !== 5 || shape[4] !== this.inChannels) {
      if (shape.length === 5 && shape[1] === this.inChannels)
        throw new ShapeError(
          where,
          'x',
          `${form}, such as tf.transpose(x, [0, 2, 3, 4, 1])`,
          `${got}, which has the channels first`,
        );
      throw new ShapeError(where, 'x', form, shape.length === 4 ? `${got}, as images have` : got);
    }
    const { sides } = this;
    if (sides === 'same') return;
    const least = [0, 1, 2].map((axis) => {
      const [before, after] = sides === 'valid' ? [0, 0] : sides[axis]!;
      return this.reach(axis) - before - after;
    });
    if (least.some((size, axis) => shape[axis + 1]! < size))
      throw new ShapeError(where, 'x', `at least [batch, ${least.join(', ')}, ${this.inChannels}]`, got);
  }

  /** TF.js has no gradient of a dilated convolution, so zeros go between the filter's taps. */
  private dilated(filter: tf.Tensor5D): tf.Tensor5D {
    const [kd, kh, kw, input, output] = filter.shape;
    const [dd, dh, dw] = this.dilation;
    if (dd * dh * dw === 1) return filter;
    // An axis at a time: all at once would take seven axes, of which TF.js has six.
    const inPlane = tf.pad(tf.reshape(filter, [kd, kh, 1, kw, input * output]), [
      [0, 0],
      [0, 0],
      [0, dh - 1],
      [0, 0],
      [0, 0],
    ]);
    const columns = tf.pad(tf.reshape(inPlane, [kd, kh * dh, kw, 1, input * output]), [
      [0, 0],
      [0, 0],
      [0, 0],
      [0, dw - 1],
      [0, 0],
    ]);
    const planes = tf.pad(tf.reshape(columns, [kd, 1, kh * dh, kw * dw, input * output]), [
      [0, 0],
      [0, dd - 1],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    const full = tf.reshape(planes, [kd * dd, kh * dh, kw * dw, input, output]) as tf.Tensor5D;
    return tf.slice(full, [0, 0, 0, 0, 0], [this.reach(0), this.reach(1), this.reach(2), input, output]);
  }
}
