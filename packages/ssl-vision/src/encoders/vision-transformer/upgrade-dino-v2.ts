import type { Buffer, Parameter, StateEntries } from '@selfsup/ssl-nn';

/** What a {@link VisionTransformer} has of what DINOv2's files name otherwise. */
export interface PrefixStates {
  readonly clsToken: Parameter;
  readonly maskToken: Parameter | undefined;
  readonly registerTokens: Parameter | undefined;
  readonly posEmbed: Parameter | Buffer | undefined;
}

/**
 * DINOv2's published names and shapes to timm's: `register_tokens`, a `mask_token` `[1, dim]`, blocks in chunks
 * (`blocks.0.3.norm1.weight`), and with registers a class token whose position is added to it.
 *
 * Source: `dinov2/models/vision_transformer.py` of facebookresearch/dinov2; `timm/models/vision_transformer.py` has no
 * position of the class token where there are registers.
 */
export function upgradeDinoV2(state: StateEntries, { maskToken, registerTokens, posEmbed }: PrefixStates): void {
  // MAE's, whose decoder may share the names of its encoder, has three axes.
  const mask = state.get('mask_token');
  if (mask?.shape.length === 2) {
    if (maskToken !== undefined) state.set('mask_token', { ...mask, shape: [1, ...mask.shape] });
    else state.ignore('mask_token', 'stands in for masked patches, which a model without maskToken: true has none of');
  }
  for (const name of state.names())
    if (/^blocks\.\d+\.\d+\./.test(name)) state.rename(name, name.replace(/^blocks\.\d+\./, 'blocks.'));
  if (registerTokens === undefined || posEmbed === undefined) return;
  state.rename('register_tokens', 'reg_token');
  const [cls, positions] = [state.get('cls_token'), state.get('pos_embed')];
  const [, patches, dim] = posEmbed.variable.shape as [number, number, number];
  if (!(cls?.data instanceof Float32Array && positions?.data instanceof Float32Array)) return;
  if (positions.shape[1] !== patches + 1 || positions.shape[2] !== dim || cls.data.length !== dim) return;
  const first = positions.data;
  state.set('cls_token', { data: cls.data.map((value, i) => value + first[i]!), shape: cls.shape });
  state.set('pos_embed', { data: first.slice(dim), shape: [1, patches, dim] });
}
