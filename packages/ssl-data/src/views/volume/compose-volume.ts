import type { VolumeView } from './volume.js';

/** One view after the other, all drawing from the same stream. @returns a view of volumes */
export function composeVolume(...views: readonly VolumeView[]): VolumeView {
  return (volume, random) => views.reduce((result, view) => view(result, random), volume);
}
