import type { StateDict, StateEntries } from '@selfsup/ssl-nn';
import type { NdArray } from '@selfsup/ssl-core';

const prefix = 'vision_model.';

/** Beginnings of names: transformers', timm's. */
type Names = readonly (readonly [transformers: string, timm: string])[];

const outer: Names = [
  ['embeddings.class_embedding', 'cls_token'],
  ['embeddings.position_embedding', 'pos_embed'],
  ['embeddings.patch_embedding.', 'patch_embed.proj.'],
  ['post_layernorm.', 'norm.'],
];
const blocks = ['encoder.layers.', 'blocks.'] as const;
const inner: Names = [
  ['self_attn.qkv.', 'attn.qkv.'],
  ['self_attn.projection.', 'attn.proj.'],
  ['layer_norm1.', 'norm1.'],
  ['layer_norm2.', 'norm2.'],
  ['mlp.', 'mlp.'],
];

/** The other name of a tensor of the encoder of pictures; undefined where there is none. */
function otherName(name: string, from: 0 | 1): string | undefined {
  const to = from === 0 ? 1 : 0;
  const begun = (rest: string, names: Names): string | undefined => {
    const rule = names.find((pair) => rest.startsWith(pair[from]));
    return rule && rule[to] + rest.slice(rule[from].length);
  };
  const block = name.startsWith(blocks[from]) ? /^(\d+\.)(.*)$/.exec(name.slice(blocks[from].length)) : null;
  if (block === null) return begun(name, outer);
  const own = begun(block[2]!, inner);
  return own && blocks[to] + block[1]! + own;
}

/**
 * Names of transformers' `BlipVisionModel` below `vision_model` to those of timm, which `VisionTransformer` has. Shapes and
 * their order are the same. Other names stay.
 */
export function upgradeBlipVision(state: StateEntries): void {
  for (const name of state.names()) {
    const other = name.startsWith(prefix) ? otherName(name.slice(prefix.length), 0) : undefined;
    if (other !== undefined) state.rename(name, prefix + other);
  }
}

/**
 * The state dict of a `BlipCaptioner` or `BlipMatcher` with a `VisionTransformer`, with all names as transformers'
 * `BlipForConditionalGeneration` or `BlipForImageTextRetrieval` reads them.
 *
 * @param state its `stateDict()`
 */
export function blipStateForTransformers(state: StateDict): Map<string, NdArray> {
  return new Map(
    [...state].map(([name, array]) => {
      const other = name.startsWith(prefix) ? otherName(name.slice(prefix.length), 1) : undefined;
      return [other === undefined ? name : prefix + other, array];
    }),
  );
}
