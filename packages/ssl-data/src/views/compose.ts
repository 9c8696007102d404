import { type DescribedView, describedView, isDescribed, type View } from './view.js';

/**
 * One view after the other, all drawing from the same stream. The parameters of a draw are the list of the parts'
 * parameters.
 *
 * @returns a view; it can go to worker threads when all its parts can
 */
export function compose(...views: readonly DescribedView[]): DescribedView<readonly unknown[]>;
export function compose(...views: readonly View[]): View;
export function compose(...views: readonly View[]): View {
  const described = views.filter(isDescribed);
  if (described.length < views.length)
    return (image, random) => views.reduce((result, view) => view(result, random), image);
  const parts = described.map(({ steps }) => steps);
  const specs = described.map(({ spec }) => spec);
  return describedView<readonly unknown[]>('compose', specs, {
    draw: (height, width, random) => {
      // What a part draws may depend on the size that the parts before it leave.
      let size: readonly [number, number] = [height, width];
      return parts.map((part) => {
        const parameters = part.draw(size[0], size[1], random);
        size = part.outputSize?.(size[0], size[1], parameters) ?? size;
        return parameters;
      });
    },
    apply: (image, parameters) => parts.reduce((result, part, i) => part.apply(result, parameters[i]), image),
    outputSize: (height, width, parameters) =>
      parts.reduce<readonly [number, number]>(
        (size, part, i) => part.outputSize?.(size[0], size[1], parameters[i]) ?? size,
        [height, width],
      ),
  });
}
