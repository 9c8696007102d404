import type { StateEntries } from '@selfsup/ssl-nn';

const names: readonly (readonly [RegExp, string])[] = [
  [/^embeddings\.class_embedding$/, 'cls_token'],
  [/^embeddings\.position_embedding$/, 'pos_embed'],
  [/^embeddings\.patch_embedding\./, 'patch_embed.proj.'],
  [/^encoder\.layers\.(\d+)\.self_attn\.qkv\./, 'blocks.$1.attn.qkv.'],
  [/^encoder\.layers\.(\d+)\.self_attn\.projection\./, 'blocks.$1.attn.proj.'],
  [/^encoder\.layers\.(\d+)\.layer_norm([12])\./, 'blocks.$1.norm$2.'],
  [/^encoder\.layers\.(\d+)\.mlp\./, 'blocks.$1.mlp.'],
  [/^post_layernorm\./, 'norm.'],
];

/**
 * Names of transformers' `BlipVisionModel` below `vision_model` to those of timm, which `VisionTransformer` has. Shapes and
 * their order are the same. Other names stay.
 */
export function upgradeBlipVision(state: StateEntries): void {
  const prefix = 'vision_model.';
  for (const name of state.names()) {
    if (!name.startsWith(prefix)) continue;
    const own = name.slice(prefix.length);
    const rule = names.find(([pattern]) => pattern.test(own));
    if (rule !== undefined) state.rename(name, prefix + own.replace(...rule));
  }
}
