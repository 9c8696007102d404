import type { StateEntries } from '@selfsup/ssl-nn';

/** One name of torchvision's `r3d_18` in MONAI's. */
const ofTorchvision = (name: string): string =>
  name
    .replace(/^stem\.0\./, 'conv1.')
    .replace(/^stem\.1\./, 'bn1.')
    .replace(/\.conv(\d)\.0\./, '.conv$1.')
    .replace(/\.conv(\d)\.1\./, '.bn$1.');

/**
 * Names of torchvision's `r3d_18`, and of MedicalNet's files, which were saved from `DataParallel` (`module.conv1.weight`),
 * to MONAI's.
 */
export function upgradeR3d(state: StateEntries): void {
  const all = state.names();
  if (all.every((name) => name.startsWith('module.')))
    for (const name of all) state.rename(name, name.slice('module.'.length));
  if (state.get('stem.0.weight') === undefined) return;
  for (const name of all) if (ofTorchvision(name) !== name) state.rename(name, ofTorchvision(name));
}
