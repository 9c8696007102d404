import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { Tokens } from './token-encoder.js';

/**
 * The tokens of images as maps, without the prefix: what a {@link MapEncoder}'s users take.
 *
 * @returns of each chosen block, `[batch, rows, columns, tokenDim]`
 * @throws InvalidOptionError for tokens of some places only, or whose grid is not of rows and columns
 */
export function tokenMaps(encoded: Tokens): tf.Tensor4D[] {
  return mapsOf(
    'tokenMaps',
    encoded,
    ['rows', 'columns'],
    'Those of volumes are given by tokenVolumes',
  ) as tf.Tensor4D[];
}

/**
 * The tokens of volumes as maps, without the prefix, as {@link tokenMaps} those of images.
 *
 * @returns of each chosen block, `[batch, depth, height, width, tokenDim]`, in patches
 * @throws InvalidOptionError for tokens of some places only, or whose grid is not of three axes
 */
export function tokenVolumes(encoded: Tokens): tf.Tensor5D[] {
  const axes = ['depth', 'height', 'width'];
  return mapsOf('tokenVolumes', encoded, axes, 'Those of images are given by tokenMaps') as tf.Tensor5D[];
}

function mapsOf(where: string, encoded: Tokens, axes: readonly string[], others: string): tf.Tensor[] {
  const refuse = (expected: string, actual: unknown, advice?: string): never => {
    throw new InvalidOptionError(where, 'encoded', expected, actual, advice);
  };
  if (!Array.isArray((encoded as Partial<Tokens> | null)?.blocks))
    refuse(
      'what encode gives',
      encoded,
      `Such as ${where}(encoder.encode(${axes.length === 2 ? 'images' : 'volumes'}))`,
    );
  const { blocks, prefix, grid, kept } = encoded;
  if (kept !== undefined) refuse('tokens of all places', 'tokens of some', 'Leave keep out of the options of encode');
  if (grid.length !== axes.length)
    refuse(
      `tokens of ${axes.join(', ').replace(/, (\w+)$/, ' and $1')}`,
      `a grid of [${grid.join(', ')}]`,
      grid.length === 1 ? undefined : others,
    );
  return blocks.map((tokens) => {
    const [batch, count, dim] = tokens.shape;
    const places = tf.slice(tokens, [0, prefix, 0], [batch, count - prefix, dim]);
    return tf.reshape(places, [batch, ...grid, dim]);
  });
}
