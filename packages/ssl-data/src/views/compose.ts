import { describedView, type View, type ViewSpec } from './view.js';

/**
 * One view after the other, all drawing from the same stream.
 *
 * @returns a view; it can go to worker threads when all its parts can
 */
export function compose(...views: readonly View[]): View {
  const apply: View = (image, random) => {
    let result = image;
    for (const view of views) result = view(result, random);
    return result;
  };
  const specs = views.map((view) => view.spec).filter((spec): spec is ViewSpec => spec !== undefined);
  return specs.length === views.length ? describedView('compose', specs, apply) : apply;
}
