import { checkShare } from '@selfsup/ssl-core';
import { edgesOf, wholeEdges } from './edges.js';
import { checkViewFunctions, type DescribedView, describedView, isDescribed, type View } from './view.js';

/** One draw of {@link randomApply}: the view's own, or `null` for none. */
export type RandomApplyParameters<P = unknown> = { readonly applied: P } | null;

/**
 * Applies `view` with probability `p`, else returns the image unchanged.
 *
 * @throws InvalidOptionError
 */
export function randomApply<P>(view: DescribedView<P>, p: number): DescribedView<RandomApplyParameters<P>>;
export function randomApply(view: View, p: number): View;
export function randomApply(view: View, p: number): View {
  checkViewFunctions('randomApply', [view]);
  checkShare('randomApply', { p });
  if (!isDescribed(view)) return (image, random) => (random.bernoulli(p) ? view(image, random) : image);
  const { spec, steps } = view;
  return describedView<RandomApplyParameters>(
    'randomApply',
    { view: spec, p },
    {
      draw: (height, width, random) => (random.bernoulli(p) ? { applied: steps.draw(height, width, random) } : null),
      apply: (image, parameters) => (parameters === null ? image : steps.apply(image, parameters.applied)),
      outputSize: (height, width, parameters) =>
        (parameters === null ? undefined : steps.outputSize?.(height, width, parameters.applied)) ?? [height, width],
      edges: (height, width, parameters) =>
        parameters === null ? wholeEdges : edgesOf(steps, height, width, parameters.applied),
    },
  );
}
