import type { StateEntries } from '@selfsup/ssl-nn';

/** Parts of a torchvision block by their place, in timm's names. */
const blockParts: Readonly<Record<string, string>> = {
  'block.0': 'conv_dw',
  'block.2': 'norm',
  'block.3': 'mlp.fc1',
  'block.5': 'mlp.fc2',
};

function ofTorchvision(name: string): string {
  const place = /^features\.(\d+)\.(\d+)\.(.*)$/.exec(name);
  if (place === null) return name.replace(/^classifier\.0\./, 'head.norm.');
  const [, step, index, rest] = place as unknown as [string, string, string, string];
  const stage = Math.floor((Number(step) - 1) / 2);
  if (step === '0') return `stem.${index}.${rest}`;
  if (Number(step) % 2 === 0) return `stages.${Number(step) / 2}.downsample.${index}.${rest}`;
  const inner = rest.replace(/^block\.\d/, (part) => blockParts[part] ?? part).replace('layer_scale', 'gamma');
  return `stages.${stage}.blocks.${index}.${inner}`;
}

const ofAuthors = (name: string): string =>
  name
    .replace(/^downsample_layers\.0\./, 'stem.')
    .replace(/^downsample_layers\.(\d+)\./, 'stages.$1.downsample.')
    .replace(/^stages\.(\d+)\.(\d+)\./, 'stages.$1.blocks.$2.')
    .replace('.dwconv.', '.conv_dw.')
    .replace('.pwconv', '.mlp.fc')
    .replace(/^norm\./, 'head.norm.');

/** Names of torchvision's `ConvNeXt` and of facebookresearch/ConvNeXt to timm's. */
export function upgradeConvNeXt(state: StateEntries): void {
  const has = (name: string): boolean => state.get(name) !== undefined;
  const rename = has('features.0.0.weight')
    ? ofTorchvision
    : has('downsample_layers.0.0.weight')
      ? ofAuthors
      : undefined;
  if (rename === undefined) return;
  for (const name of state.names()) {
    const to = rename(name);
    if (to !== name) state.rename(name, to);
    const array = to.endsWith('.gamma') ? state.get(to) : undefined;
    if (array?.shape.length === 3) state.set(to, { ...array, shape: array.shape.slice(0, 1) });
  }
}
