import { DataError, InvalidOptionError, type RandomStream } from '@selfsup/ssl-core';
import { type Image, imageSize } from '../image/image.js';
import type { Box } from '../image/box.js';
import type { Edges } from './edges.js';

/** How to make a view again in a worker thread: plain data. */
export interface ViewSpec {
  readonly kind: string;
  readonly options: unknown;
}

/**
 * A view in two steps: numbers are drawn, then applied. Whoever draws on the host and applies elsewhere (a batch inside
 * a compiled step) needs nothing but the numbers.
 */
export interface ViewSteps<P = unknown> {
  /**
   * Draws one set of parameters.
   *
   * @param height of the image, pixels
   * @param width of the image, pixels
   * @returns plain data: numbers, booleans, `null`, and arrays and records of them
   */
  draw(height: number, width: number, random: RandomStream): P;
  /** Deterministic in image and parameters; never writes into its input, may return it unchanged. */
  apply(image: Image, parameters: P): Image;
  /** Size of the result for an image of the given size; without it, the size stays. */
  outputSize?(height: number, width: number, parameters: P): readonly [height: number, width: number];
  /** A part of what `apply` gives, the same levels at less cost. */
  applyPart?(image: Image, parameters: P, part: Box): Image;
  /** For a view whose result is a part of its input and nothing else: which one. May lie outside the input. */
  part?(height: number, width: number, parameters: P): Box;
  /**
   * Where the result's borders lie in the input, as shares of its height and width, for a view that is a part of its input,
   * perhaps mirrored or resized. Default: those of `part`, or the whole.
   */
  edges?(height: number, width: number, parameters: P): Edges;
}

/**
 * A random change of one image: a pure function of the image and the numbers drawn from `random`.
 *
 * A view never writes into its input; it may return it unchanged. Built-in views carry `spec`, so that the loader can
 * make them again in a worker, and `steps`; a view of one's own has neither and goes to workers as a {@link ModuleView}.
 */
export interface View {
  (image: Image, random: RandomStream): Image;
  readonly spec?: ViewSpec;
  readonly steps?: ViewSteps;
}

/** A built-in view. */
export interface DescribedView<P = unknown> extends View {
  readonly spec: ViewSpec;
  readonly steps: ViewSteps<P>;
}

/** A view that workers import: `module` exports, as `exportName`, a function from `options` to a {@link View}. */
export interface ModuleView {
  /** URL (`new URL('./my-view.js', import.meta.url)`), absolute path or package name. */
  readonly module: string | URL;
  readonly exportName: string;
  /** Passed to the exported function; must survive structured cloning. */
  readonly options?: unknown;
}

/** Makes a built-in view of its recipe and its two steps. */
export function describedView<P>(kind: string, options: unknown, steps: ViewSteps<P>): DescribedView<P> {
  const view = (image: Image, random: RandomStream): Image => {
    const [height, width] = imageSize(image, kind);
    try {
      return steps.apply(image, steps.draw(height, width, random));
    } catch (cause) {
      // What a picture's size is to blame for names it.
      if (!DataError.isInstance(cause)) throw cause;
      throw new DataError(`image of ${height} x ${width}: ${cause.message}`, { cause });
    }
  };
  return Object.assign(view, { spec: { kind, options }, steps });
}

/** True for a view that has both recipe and steps, as all built-in ones do. */
export function isDescribed(view: View): view is DescribedView {
  return view.spec !== undefined && view.steps !== undefined;
}

/** Throws {@link InvalidOptionError} for what is no view: a list of views, or a view's options. */
export function checkViewFunctions(where: string, views: readonly unknown[]): void {
  views.forEach((view, index) => {
    if (typeof view === 'function') return;
    const advice = Array.isArray(view) ? 'Is it a list of views? Spread it: ...views' : undefined;
    throw new InvalidOptionError(where, `views[${index}]`, 'a view: (image, random) => image', view, advice);
  });
}

/** A closed range `[low, high]` from which a parameter is drawn uniformly. */
export type Range = readonly [low: number, high: number];

/** Throws {@link InvalidOptionError} unless `low <= high` and both lie within the bounds. */
export function checkRange(where: string, option: string, range: Range, least: number, most: number): void {
  // A number or text comes from JavaScript.
  const given: unknown = range;
  const isPair = Array.isArray(given) && given.length === 2 && given.every((end) => typeof end === 'number');
  if (isPair && range[0] >= least && range[0] <= range[1] && range[1] <= most) return;
  const expected = `[low, high] with ${least} <= low <= high <= ${most}`;
  throw new InvalidOptionError(where, option, expected, isPair ? `[${range.join(', ')}]` : given);
}

/** Pixels that a size may have. */
const maxSize = 2 ** 28;

/** Height and width from one number or two; throws {@link InvalidOptionError} unless they are positive integers. */
export function checkSize(
  where: string,
  size: number | readonly [height: number, width: number],
): readonly [height: number, width: number] {
  const pair = typeof size === 'number' ? ([size, size] as const) : size;
  // Text of an environment variable, or an object { height, width }, comes from JavaScript.
  const isPair = Array.isArray(pair) && pair.length === 2;
  if (!isPair || !pair.every((side) => Number.isInteger(side) && side > 0))
    throw new InvalidOptionError(where, 'size', 'a positive integer or two', size);
  if (pair[0] * pair[1] > maxSize)
    throw new InvalidOptionError(where, 'size', `at most ${maxSize} pixels in all`, `${pair[0]} x ${pair[1]}`);
  return pair;
}
