import type { StateEntries } from '@selfsup/ssl-nn';

function ofTorchvision(name: string): string {
  const place = /^features\.(\d+)\.(.*)$/.exec(name);
  if (place === null) return name;
  const [step, rest] = [Number(place[1]), place[2]!];
  if (step === 0) return `patch_embed.${rest.replace(/^0\./, 'proj.').replace(/^2\./, 'norm.')}`;
  if (step % 2 === 0) return `layers.${step / 2}.downsample.${rest}`;
  const inner = rest.replace(/\.mlp\.0\./, '.mlp.fc1.').replace(/\.mlp\.3\./, '.mlp.fc2.');
  return `layers.${(step - 1) / 2}.blocks.${inner}`;
}

/**
 * Names of torchvision's `SwinTransformer`, and of microsoft/Swin-Transformer, which merges patches at the end of a stage
 * where timm does at the start of the next, to timm's. Masks and indices follow from the windows and are left out.
 */
export function upgradeSwin(state: StateEntries): void {
  for (const name of state.names())
    if (/\.(?:relative_position_index|attn_mask)$/.test(name)) state.ignore(name, 'follows from the windows');
  if (state.get('features.0.0.weight') !== undefined)
    for (const name of state.names()) {
      const to = ofTorchvision(name);
      if (to !== name) state.rename(name, to);
    }
  if (state.get('layers.0.downsample.reduction.weight') === undefined) return;
  const merging = state.names().filter((name) => /^layers\.\d+\.downsample\./.test(name));
  // From the last on, so that none takes the name of one that has still to move.
  const ofLayer = (name: string): number => Number(/\d+/.exec(name)![0]);
  for (const name of merging.toSorted((a, b) => ofLayer(b) - ofLayer(a)))
    state.rename(name, name.replace(/\d+/, String(ofLayer(name) + 1)));
}
