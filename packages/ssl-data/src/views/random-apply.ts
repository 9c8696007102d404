import { checkProbability, describedView, type View } from './view.js';

/**
 * Applies `view` with probability `p`, else returns the image unchanged.
 *
 * @throws InvalidOptionError
 */
export function randomApply(view: View, p: number): View {
  checkProbability('randomApply', 'p', p);
  const apply: View = (image, random) => (random.bernoulli(p) ? view(image, random) : image);
  return view.spec === undefined ? apply : describedView('randomApply', { view: view.spec, p }, apply);
}
