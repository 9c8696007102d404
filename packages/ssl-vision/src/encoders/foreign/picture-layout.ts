import { InvalidOptionError, ShapeError } from '@selfsup/ssl-core';
import { axesOf, describeValue, type OnnxValue } from './onnx-values.js';

/** How a file wants pictures. */
export interface PictureLayout {
  readonly layout: 'NHWC' | 'NCHW';
  /** Undefined: of any number or size. */
  readonly batch: number | undefined;
  readonly height: number | undefined;
  readonly width: number | undefined;
  readonly channels: number | undefined;
}

const isChannels = (axis: number | undefined): boolean => axis === 1 || axis === 3 || axis === 4;

/**
 * Layout of a file's pictures, by the axis that has 1, 3 or 4 places, or a name that speaks of channels.
 *
 * @param given what the caller says
 * @throws InvalidOptionError where it cannot be told
 */
export function pictureLayoutOf(where: string, value: OnnxValue, given: 'NHWC' | 'NCHW' | undefined): PictureLayout {
  const [batch, second, third, fourth] = axesOf(value);
  const names = value.isTensor ? value.shape.map((axis) => /channel|^c$/i.test(String(axis))) : [];
  const first = isChannels(second) || names[1] === true;
  const last = isChannels(fourth) || names[3] === true;
  if (given === undefined && first === last)
    throw new InvalidOptionError(
      where,
      'layout',
      `given, 'NCHW' or 'NHWC': the input ${describeValue(value)} does not tell which axis has the channels`,
      given,
    );
  const layout = given ?? (first ? 'NCHW' : 'NHWC');
  return layout === 'NCHW'
    ? { layout, batch, channels: second, height: third, width: fourth }
    : { layout, batch, height: second, width: third, channels: fourth };
}

/** @throws ShapeError unless pictures `[batch, height, width, channels]` are of the sizes that the file fixes */
export function checkPictures(where: string, shape: readonly number[], layout: PictureLayout): void {
  const { height, width, channels } = layout;
  const wanted = [undefined, height, width, channels];
  if (shape.length === 4 && wanted.every((axis, at) => axis === undefined || axis === shape[at])) return;
  const names = ['batch', 'height', 'width', 'channels'];
  throw new ShapeError(
    where,
    'images',
    `[${names.map((name, at) => wanted[at] ?? name).join(', ')}], the sizes of the file (a teacher's size brings pictures to them)`,
    `[${shape.join(', ')}]`,
  );
}
