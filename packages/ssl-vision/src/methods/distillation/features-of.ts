import type * as tf from '@tensorflow/tfjs-core';
import { type Encoder, type ForwardContext, type MapEncoder, type TokenEncoder, tokenMaps } from '@selfsup/ssl-nn';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { checkInteger } from '@selfsup/ssl-core';

/** What a pass is to give. */
export interface WantedFeatures {
  readonly global: boolean;
  /** Stage of the maps, or number of blocks that tokens have gone through; undefined: no map. */
  readonly stage: number | undefined;
}

/** What a pass gave, as far as it was wanted. */
export interface Features {
  /** `[batch, featureDim]` */
  readonly global?: tf.Tensor2D;
  /** `[batch, rows, columns, channels]` */
  readonly map?: tf.Tensor4D;
}

const isTokenEncoder = (encoder: Encoder): encoder is Encoder & TokenEncoder =>
  typeof (encoder as Partial<TokenEncoder>).encode === 'function';
const isMapEncoder = (encoder: Encoder): encoder is Encoder & MapEncoder =>
  typeof (encoder as Partial<MapEncoder>).maps === 'function' && (encoder as Partial<MapEncoder>).stages!.length > 0;

/**
 * Stage and width of the maps that an encoder gives.
 *
 * @param stage as in {@link WantedFeatures}. Default: the last
 * @param trains whether batch statistics may be taken, for which one pass has to give all
 * @throws InvalidOptionError for an encoder without maps or tokens, or a stage that it has not
 */
export function mapOf(
  where: string,
  option: string,
  encoder: Encoder,
  wanted: { readonly stage: number | undefined; readonly global: boolean; readonly trains: boolean },
): { readonly stage: number; readonly channels: number } {
  const isMap = isMapEncoder(encoder);
  if (!isMap && !isTokenEncoder(encoder))
    throw new InvalidOptionError(where, option, 'an encoder with maps or tokens where patchWeight is above 0', encoder);
  const pools = typeof (encoder as { readonly pooled?: unknown }).pooled === 'function';
  if (wanted.global && wanted.trains && !pools)
    throw new InvalidOptionError(
      where,
      option,
      'an encoder with pooled(map), so that one pass gives features and maps',
      encoder,
      'Write forward as pooled(maps(...)), or leave the features out by globalWeight: 0',
    );
  const last = isMap ? encoder.stages.length - 1 : encoder.depth;
  const stage = wanted.stage ?? last;
  checkInteger(where, option === 'backbone' ? 'stage' : 'teacher.stage', stage, isMap ? 0 : 1, last);
  return { stage, channels: isMap ? encoder.stages[stage]!.channels : encoder.tokenDim };
}

/**
 * Features and a map of one pass of an encoder.
 *
 * @param images normalised
 */
export function featuresOf(
  encoder: Encoder,
  images: tf.Tensor4D,
  { global, stage }: WantedFeatures,
  ctx: ForwardContext,
): Features {
  if (stage === undefined) return global ? { global: encoder.forward(images, ctx) } : {};
  if (isMapEncoder(encoder)) {
    const last = encoder.stages.length - 1;
    const stages = global && stage < last && encoder.pooled !== undefined ? [stage, last] : [stage];
    const maps = encoder.maps(images, ctx, { stages });
    const [map] = maps as [tf.Tensor4D];
    // A frozen encoder's second pass is the first one's ops, which a compiled step has once.
    return global ? { map, global: encoder.pooled?.(maps.at(-1)!, ctx) ?? encoder.forward(images, ctx) } : { map };
  }
  const tokens = encoder as Encoder & TokenEncoder;
  const blocks = global && stage < tokens.depth ? [stage, tokens.depth] : [stage];
  const encoded = tokens.encode(images, ctx, { blocks });
  const map = tokenMaps(encoded)[0]!;
  return global ? { map, global: tokens.pooled?.(encoded) ?? encoder.forward(images, ctx) } : { map };
}
