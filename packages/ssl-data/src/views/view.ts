import type { RandomStream } from 'ssl-tensor/host';
import { InvalidOptionError } from 'ssl-tensor/host';
import type { Image } from '../image/image.js';

/** How to make a view again in a worker thread: plain data. */
export interface ViewSpec {
  readonly kind: string;
  readonly options: unknown;
}

/**
 * A random change of one image: a pure function of the image and the numbers drawn from `random`.
 *
 * A view never writes into its input; it may return it unchanged. Built-in views carry `spec`, so that the loader can
 * make them again in a worker; a view of one's own has none and goes to workers as a {@link ModuleView}.
 */
export interface View {
  (image: Image, random: RandomStream): Image;
  readonly spec?: ViewSpec;
}

/** A view that workers import: `module` exports, as `exportName`, a function from `options` to a {@link View}. */
export interface ModuleView {
  /** URL (`new URL('./my-view.js', import.meta.url)`), absolute path or package name. */
  readonly module: string | URL;
  readonly exportName: string;
  /** Passed to the exported function; must survive structured cloning. */
  readonly options?: unknown;
}

/** Attaches the recipe to a built-in view. */
export function describedView(
  kind: string,
  options: unknown,
  apply: (image: Image, random: RandomStream) => Image,
): View {
  return Object.assign(apply, { spec: { kind, options } });
}

/** A closed range `[low, high]` from which a parameter is drawn uniformly. */
export type Range = readonly [low: number, high: number];

/** Throws {@link InvalidOptionError} unless `low <= high` and both lie within the bounds. */
export function checkRange(where: string, option: string, range: Range, least: number, most: number): void {
  const [low, high] = range;
  if (!(low >= least && low <= high && high <= most))
    throw new InvalidOptionError(
      where,
      option,
      `[low, high] with ${least} <= low <= high <= ${most}`,
      `[${range.join(', ')}]`,
    );
}

/** Throws {@link InvalidOptionError} unless `p` is a probability. */
export function checkProbability(where: string, option: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw new InvalidOptionError(where, option, 'a probability between 0 and 1', p);
}

/** Height and width from one number or two; throws {@link InvalidOptionError} unless they are positive integers. */
export function checkSize(
  where: string,
  size: number | readonly [height: number, width: number],
): readonly [height: number, width: number] {
  const pair = typeof size === 'number' ? ([size, size] as const) : size;
  if (!pair.every((side) => Number.isInteger(side) && side > 0))
    throw new InvalidOptionError(where, 'size', 'a positive integer or two', String(size));
  return pair;
}
