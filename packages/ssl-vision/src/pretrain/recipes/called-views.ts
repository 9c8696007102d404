import type { View } from '@selfsup/ssl-data';
import type { JsonValue } from '@selfsup/ssl-train';
import type { ChosenViews } from './recipe.js';

/**
 * Views, with the call that makes them.
 *
 * @param name that the function is exported by: its own may be shortened by a bundler
 */
export const calledViews = <const O extends JsonValue>(
  name: string,
  make: (options: O) => readonly View[],
  options: O,
): ChosenViews => ({ views: make(options), call: { name, options } });
