import { BatchNorm, FrozenBatchNorm, GroupNorm } from '@selfsup/ssl-nn';

/** Normalisation of a ResNet: by batch, by group of channels, or with statistics that no longer change. */
export type ResNetNorm = { readonly kind: 'batch' | 'frozen' } | { readonly kind: 'group'; readonly groups: number };

/** The module for some channels; `zero`: its scale starts at 0. */
export function createNorm(norm: ResNetNorm, channels: number, zero = false): BatchNorm | FrozenBatchNorm | GroupNorm {
  if (norm.kind === 'frozen') return new FrozenBatchNorm(channels);
  const made = norm.kind === 'group' ? new GroupNorm(channels, { groups: norm.groups }) : new BatchNorm(channels);
  if (zero) made.weight!.write({ data: new Float32Array(channels), shape: [channels] });
  return made;
}
