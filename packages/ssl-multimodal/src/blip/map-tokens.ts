import * as tf from '@tensorflow/tfjs-core';
import {
  childContext,
  evaluation,
  type ForwardContext,
  type MapEncoder,
  Module,
  type TokenEncoder,
  type TokenOptions,
  type Tokens,
} from '@selfsup/ssl-nn';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';

/** Options of {@link MapTokens.encode}: all places of the last map are computed, which has no final norm to leave out. */
export type MapTokenOptions = Pick<TokenOptions, 'norm'>;

const mapTokenOptionNames: OptionNames<MapTokenOptions> = { norm: 'optionalFlag' };

/**
 * A convolutional encoder as one with tokens: the places of its coarsest map, row by row, without a prefix. What BLIP reads
 * of a ResNet or another `MapEncoder`; of pictures of some 30 pixels these learn sooner than transformers.
 */
export class MapTokens extends Module implements TokenEncoder<tf.Tensor4D, MapTokenOptions> {
  static override readonly fieldNames = { encoder: '' };
  readonly encoder: MapEncoder;

  /** @throws InvalidOptionError for what gives no maps */
  constructor(encoder: MapEncoder) {
    super();
    const given = encoder as Partial<MapEncoder> | null | undefined;
    if (typeof given?.maps !== 'function' || !Array.isArray(given.stages))
      throw new InvalidOptionError('MapTokens', 'encoder', 'a MapEncoder, such as resnet18({ ... })', encoder);
    this.encoder = encoder;
  }

  get tokenDim(): number {
    return this.encoder.stages.at(-1)!.channels;
  }

  get depth(): number {
    return this.encoder.stages.length;
  }

  /**
   * @returns tokens of the last stage
   * @throws InvalidOptionError for `keep`, `mask` and other options of transformers, which it cannot follow
   */
  encode(images: tf.Tensor4D, ctx: ForwardContext = evaluation, options: MapTokenOptions = {}): Tokens {
    checkOptions('MapTokens.encode', options, mapTokenOptionNames);
    const last = { stages: [this.depth - 1] };
    const [map] = this.encoder.maps(images, childContext(ctx, 'encoder'), last) as [tf.Tensor4D];
    const [batch, rows, columns, dim] = map.shape;
    const tokens = tf.reshape(map, [batch, rows * columns, dim]) as tf.Tensor3D;
    return { tokens, blocks: [tokens], prefix: 0, grid: [rows, columns] };
  }
}
