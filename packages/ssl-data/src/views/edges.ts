import type { Box } from '../image/box.js';

/**
 * Where the first and the last row and column of a view's result lie in its input: as shares of the input's height and
 * width, or in its pixels. The outer borders of the pixels; `bottom` is less than `top` where the view turned it over.
 */
export interface Edges {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** Of a view that moves no pixel. */
export const wholeEdges: Edges = { top: 0, left: 0, bottom: 1, right: 1 };

/** A box of pixels as shares of its image. */
export function edgesOfBox({ top, left, height, width }: Box, imageHeight: number, imageWidth: number): Edges {
  return {
    top: top / imageHeight,
    left: left / imageWidth,
    bottom: (top + height) / imageHeight,
    right: (left + width) / imageWidth,
  };
}

/** The edges of a part of what has edges itself. */
export function edgesWithin(outer: Edges, part: Edges): Edges {
  const down = (share: number): number => outer.top + share * (outer.bottom - outer.top);
  const along = (share: number): number => outer.left + share * (outer.right - outer.left);
  return { top: down(part.top), left: along(part.left), bottom: down(part.bottom), right: along(part.right) };
}

/** What of a view's steps says where its result lies. */
interface EdgeSteps<P> {
  part?(height: number, width: number, parameters: P): Box;
  edges?(height: number, width: number, parameters: P): Edges;
}

/** The edges of a view's result for one draw, as shares of its input; for views that `located` takes. */
export function edgesOf<P>(steps: EdgeSteps<P>, height: number, width: number, parameters: P): Edges {
  if (steps.edges !== undefined) return steps.edges(height, width, parameters);
  const part = steps.part?.(height, width, parameters);
  return part === undefined ? wholeEdges : edgesOfBox(part, height, width);
}
