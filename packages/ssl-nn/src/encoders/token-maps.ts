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
  const refuse = (expected: string, actual: unknown, advice?: string): never => {
    throw new InvalidOptionError('tokenMaps', 'encoded', expected, actual, advice);
  };
  if (!Array.isArray((encoded as Partial<Tokens> | null)?.blocks))
    refuse('what encode gives', encoded, 'Such as tokenMaps(encoder.encode(images))');
  const { blocks, prefix, grid, kept } = encoded;
  if (kept !== undefined) refuse('tokens of all places', 'tokens of some', 'Leave keep out of the options of encode');
  if (grid.length !== 2) refuse('tokens of rows and columns', `a grid of [${grid.join(', ')}]`);
  const [rows, columns] = grid as [number, number];
  return blocks.map((tokens) => {
    const [batch, count, dim] = tokens.shape;
    const places = tf.slice(tokens, [0, prefix, 0], [batch, count - prefix, dim]);
    return tf.reshape(places, [batch, rows, columns, dim]) as tf.Tensor4D;
  });
}
