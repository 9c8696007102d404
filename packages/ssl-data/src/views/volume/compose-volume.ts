import { checkViewFunctions } from '../view.js';
import type { VolumeView } from './volume.js';

/**
 * One view after the other, all drawing from the same stream. Of built-in views it goes to the loader's workers as they do.
 *
 * @returns a view of volumes
 */
export function composeVolume(...views: readonly VolumeView[]): VolumeView {
  checkViewFunctions('composeVolume', views);
  const view: VolumeView = (volume, random) => views.reduce((result, each) => each(result, random), volume);
  const specs = views.flatMap(({ spec }) => (spec === undefined ? [] : [spec]));
  return specs.length < views.length ? view : Object.assign(view, { spec: { kind: 'composeVolume', options: specs } });
}
