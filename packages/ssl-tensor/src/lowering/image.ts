import { UnsupportedOpError } from '@selfsup/ssl-core';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { cropAndResize, type CropOptions } from './crop-and-resize.js';
import { projectiveTransform, type TransformOptions } from './projective-transform.js';
import { type AxisResize, linearTaps, nearestPixels, type ResizeMap, resizePlanes, type Taps } from './resize.js';
import { rotate, type RotationOptions } from './rotation.js';
import { input, type KernelAttributes, type RuleTable } from './rule.js';
import { batchToSpace, spaceToBatch } from './space-to-batch.js';

/** The resize of `images` `[n, h, w, c]` to `size`, along height and along width. */
function axesOf(
  images: Value,
  size: readonly number[],
  { alignCorners, halfPixelCenters }: KernelAttributes,
): readonly [AxisResize, AxisResize] {
  const along = (axis: 0 | 1): AxisResize => ({
    inSize: images.shape[axis + 1]!,
    outSize: size[axis]!,
    alignCorners: alignCorners === true,
    halfPixelCenters: halfPixelCenters === true,
  });
  return [along(0), along(1)];
}

const mapOf = ([height, width]: readonly [AxisResize, AxisResize], taps: (axis: AxisResize) => Taps[]): ResizeMap => ({
  taps: [taps(height), taps(width)],
  size: [height.inSize, width.inSize],
});

const nearestTaps = (axis: AxisResize): Taps[] => Array.from(nearestPixels(axis), (pixel) => [[pixel, 1]]);

/**
 * Gradient with respect to the images of a resize to the size of `dy`. As in TF.js's CPU backend it does not know of
 * halfPixelCenters; other than there it is right for the nearest pixels of each image of a batch, and has the shape of
 * images that are not square.
 */
function resizeGradient(
  b: Builder,
  images: Value,
  dy: Value,
  { alignCorners }: KernelAttributes,
  taps: (axis: AxisResize) => Taps[],
): Value {
  return resizePlanes(b, dy, mapOf(axesOf(images, dy.shape.slice(1, 3), { alignCorners }), taps), true);
}

/** Kernels that resample images or move their pixels, `[n, h, w, c]`. */
export const imageRules = {
  ResizeBilinear: (b, inputs, attributes) => {
    const images = b.cast(input(inputs, 'images'), 'float32');
    const axes = axesOf(images, attributes['size'] as number[], attributes);
    return resizePlanes(b, images, mapOf(axes, linearTaps), false);
  },
  ResizeBilinearGrad: (b, inputs, attributes) =>
    resizeGradient(b, input(inputs, 'images'), input(inputs, 'dy'), attributes, linearTaps),
  ResizeNearestNeighbor: (b, inputs, attributes) => {
    const images = input(inputs, 'images');
    return axesOf(images, attributes['size'] as number[], attributes).reduce(
      (resized, axis, index) => b.gather(resized, b.constant(nearestPixels(axis), [axis.outSize], 'int32'), index + 1),
      images,
    );
  },
  ResizeNearestNeighborGrad: (b, inputs, attributes) =>
    resizeGradient(b, input(inputs, 'images'), input(inputs, 'dy'), attributes, nearestTaps),
  CropAndResize: (b, inputs, attributes) =>
    cropAndResize(
      b,
      input(inputs, 'image'),
      input(inputs, 'boxes'),
      input(inputs, 'boxInd'),
      attributes as unknown as CropOptions,
    ),
  FlipLeftRight: (b, inputs) => {
    const image = input(inputs, 'image');
    const width = image.shape[2]!;
    const mirrored = Int32Array.from({ length: width }, (_, column) => width - 1 - column);
    return b.gather(image, b.constant(mirrored, [width], 'int32'), 2);
  },
  RotateWithOffset: (b, inputs, attributes) =>
    rotate(b, input(inputs, 'image'), attributes as unknown as RotationOptions),
  Transform: (b, inputs, attributes) => {
    const image = input(inputs, 'image');
    const options = attributes as unknown as TransformOptions;
    const outputShape = options.outputShape ?? [image.shape[1]!, image.shape[2]!];
    return projectiveTransform(b, image, input(inputs, 'transforms'), { ...options, outputShape });
  },
  DepthToSpace: (b, inputs, { blockSize, dataFormat }) => {
    if (dataFormat !== 'NHWC')
      throw new UnsupportedOpError('DepthToSpace', `has no dataFormat ${String(dataFormat)}`, 'Transpose to NHWC');
    const x = input(inputs, 'x');
    const [n, h, w, c] = x.shape as readonly [number, number, number, number];
    const block = blockSize as number;
    const depth = c / block ** 2;
    const split = b.reshape(x, [n, h, w, block, block, depth]);
    return b.reshape(b.transpose(split, [0, 1, 3, 2, 4, 5]), [n, h * block, w * block, depth]);
  },
  SpaceToBatchND: (b, inputs, { blockShape, paddings }) =>
    spaceToBatch(b, input(inputs, 'x'), blockShape as number[], paddings as [number, number][]),
  BatchToSpaceND: (b, inputs, { blockShape, crops }) =>
    batchToSpace(b, input(inputs, 'x'), blockShape as number[], crops as [number, number][]),
} satisfies RuleTable;
