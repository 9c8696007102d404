import { smallImageViews } from '@selfsup/ssl-data';
import { calledViews } from './called-views.js';
import type { ChosenViews, ViewFacts } from './recipe.js';

/** Two views: the method's own for colour; for others those that keep orientation, as digits and signs want. */
export const pairViews = (
  { channels, imageSize: size }: ViewFacts,
  colour: (size: number) => ChosenViews,
): ChosenViews => (channels === 3 ? colour(size) : calledViews('smallImageViews', smallImageViews, { size }));
