import { checkCount, InvalidOptionError } from '@selfsup/ssl-core';
import type { ModuleView, View } from './view.js';
import type { VolumeView } from './volume/volume.js';

/** The views of a sample, in order: entry `v` makes the batch's `views[v]`. */
export type Views = readonly (View | ModuleView)[];

/** Two independent draws of one view: SimCLR, BYOL, VICReg and their kin. */
export function twoViews<V extends View | VolumeView | ModuleView>(view: V): readonly [V, V] {
  return [view, view];
}

/**
 * Several draws of several views, for example multi-crop: `multiViews([large, 2], [small, 6])`.
 *
 * @throws InvalidOptionError for a count that is not a positive integer
 */
export function multiViews(...groups: readonly (readonly [view: View | ModuleView, count: number])[]): Views {
  return groups.flatMap((group, index) => {
    if (!Array.isArray(group))
      throw new InvalidOptionError('multiViews', `groups[${index}]`, 'a pair [view, count]', group, 'Write [view, 2]');
    const [view, count] = group as readonly [View | ModuleView, number];
    checkCount('multiViews', { count });
    return Array.from({ length: count }, () => view);
  });
}
