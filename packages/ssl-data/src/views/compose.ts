import { type Image, imageSize } from '../image/image.js';
import type { Box } from '../image/box.js';
import { edgesOf, edgesWithin, wholeEdges } from './edges.js';
import {
  checkViewFunctions,
  type DescribedView,
  describedView,
  isDescribed,
  type View,
  type ViewSteps,
} from './view.js';

/**
 * One view after the other, all drawing from the same stream. The parameters of a draw are the list of the parts'
 * parameters.
 *
 * @returns a view; it can go to worker threads when all its parts can
 */
export function compose(...views: readonly DescribedView[]): DescribedView<readonly unknown[]>;
export function compose(...views: readonly View[]): View;
export function compose(...views: readonly View[]): View {
  checkViewFunctions('compose', views);
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
    apply: (image, parameters) => {
      let result = image;
      for (let i = 0; i < parts.length; i++) {
        const kept = keptPart(parts, i, result, parameters);
        if (kept === undefined) result = parts[i]!.apply(result, parameters[i]);
        // The next one would take this part, and nothing else.
        else result = parts[i]!.applyPart!(result, parameters[i++], kept);
      }
      return result;
    },
    outputSize: (height, width, parameters) =>
      parts.reduce<readonly [number, number]>(
        (size, part, i) => part.outputSize?.(size[0], size[1], parameters[i]) ?? size,
        [height, width],
      ),
    edges: (height, width, parameters) => {
      let [size, edges] = [[height, width] as readonly [number, number], wholeEdges];
      parts.forEach((part, i) => {
        edges = edgesWithin(edges, edgesOf(part, size[0], size[1], parameters[i]));
        size = part.outputSize?.(size[0], size[1], parameters[i]) ?? size;
      });
      return edges;
    },
  });
}

/** What the view after number `i` takes of its result, where both can be done in one: inside the result. */
function keptPart(
  parts: readonly ViewSteps[],
  i: number,
  image: Image,
  parameters: readonly unknown[],
): Box | undefined {
  const [part, next] = [parts[i]!, parts[i + 1]];
  if (part.applyPart === undefined || next?.part === undefined) return undefined;
  const [height, width] = imageSize(image, 'compose');
  const size = part.outputSize?.(height, width, parameters[i]) ?? [height, width];
  const box = next.part(size[0], size[1], parameters[i + 1]);
  const isInside = box.top >= 0 && box.left >= 0 && box.top + box.height <= size[0] && box.left + box.width <= size[1];
  return isInside ? box : undefined;
}
