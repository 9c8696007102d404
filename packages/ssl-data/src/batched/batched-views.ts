import * as tf from '@tensorflow/tfjs-core';
import {
  checkOptions,
  foldIn,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
  RandomStream,
  ShapeError,
} from '@selfsup/ssl-core';
import { type DescribedView, isDescribed, type View } from '../views/view.js';
import { checkPixelStatistics, type PixelStatistics } from '../views/normalize-batch.js';
import type { PackedParameters, Size, StepTensors } from './batched-step.js';
import { channelValues } from './channel-values.js';
import { stepsOfView } from './steps-of-view.js';

export interface BatchedViewsOptions {
  /** Value of white in the images, before and after. Default 255. */
  readonly white?: 1 | 255;
  /** Ends with `(image / white - mean) / std`. Default: none. */
  readonly normalize?: PixelStatistics;
}

const batchedViewsOptionNames: OptionNames<BatchedViewsOptions> = {
  white: 'optionalNumber',
  normalize: 'optional',
};

/** What was drawn for a batch: for each view, for each of its steps, arrays by name; ready for a compiled function. */
export type DrawnViews = readonly (readonly PackedParameters[])[];

/** {@link DrawnViews} as tensors, as they arrive inside a compiled function. */
export type DrawnViewTensors = StepTensors[][];

/** Views that are executed on whole batches by tensor ops. */
export interface BatchedViews {
  /**
   * Draws on the host: a pure function of the keys.
   *
   * @param size height and width of the images, pixels
   * @param keys one per image; view `v` draws from `foldIn(key, v)`, as in a `DataLoader`
   * @throws DataError for images that are too small for a view
   */
  draw(size: Size, keys: readonly RandomKey[]): DrawnViews;
  /**
   * Applies what was drawn; runs eagerly and inside `compile()`. Not differentiable.
   *
   * @param images `[batch, height, width, channels]`, int32 or float32, whole levels 0..255 (or 255ths up to 1, see `white`)
   * @param drawn of as many images of that size
   * @returns one tensor for each view, `[batch, size, size, channels]`, float32, of the same range unless normalised
   * @throws ShapeError
   */
  apply(images: tf.Tensor4D, drawn: DrawnViewTensors): tf.Tensor4D[];
}

/**
 * The same views as in a loader's workers, on a batch at once inside a compiled step.
 *
 * Parameters are drawn on the host, per image and from the same keys, and go in as tensors; filters become matrices, one
 * per image. Colours, crops and flips equal the per-image execution level for level, `gaussianBlur` within one level.
 *
 * ```ts
 * const batched = batchedViews(simclrViews({ size: 32 }));
 * const augment = compile((images: tf.Tensor4D, drawn: DrawnViewTensors) => batched.apply(images, drawn));
 * for await (const { images, index } of loader.epoch(epoch)) {
 *   const views = await augment(images, batched.draw([32, 32], sampleKeys(seed, epoch, index.data)));
 * }
 * ```
 *
 * @param views built-in views; the images of a batch all have one size
 * @throws InvalidOptionError naming a view that has no batched form
 * Source: Riba et al. 2020, arXiv 1910.02190 (Kornia) for augmentation as batched tensor ops; the views' own definitions.
 */
export function batchedViews(views: readonly View[], options: BatchedViewsOptions = {}): BatchedViews {
  checkOptions('batchedViews', options, batchedViewsOptionNames);
  const { white = 255, normalize } = options;
  if (normalize !== undefined) checkPixelStatistics('batchedViews', 'normalize', normalize);
  if (white !== 1 && white !== 255) throw new InvalidOptionError('batchedViews', 'white', '1 or 255', white);
  const plans = views.map((view) => ({ view: describedOnly(view), steps: stepsOfView(describedOnly(view).spec) }));
  return {
    draw: (size, keys) =>
      plans.map(({ view, steps }, v) => {
        const drawn = keys.map((key) => view.steps.draw(size[0], size[1], new RandomStream(foldIn(key, v))));
        let at = size;
        return steps.map(({ step, read }) => {
          const packed = step.pack(drawn.map(read), at);
          at = step.outputSize?.(at) ?? at;
          return packed;
        });
      }),
    apply: (images, drawn) =>
      tf.tidy(() => {
        if (images.rank !== 4)
          throw new ShapeError(
            'batchedViews',
            'images',
            '[batch, height, width, channels]',
            `[${images.shape.join(', ')}]`,
          );
        if (drawn.length !== plans.length || drawn.some((view, v) => view.length !== plans[v]!.steps.length))
          throw new ShapeError(
            'batchedViews',
            'drawn',
            `the draws of these ${plans.length} views`,
            `${drawn.length} views`,
          );
        const planes = toPlanes(images, white);
        return plans.map(({ steps }, v) =>
          fromPlanes(
            steps.reduce((result, { step }, i) => step.apply(result, drawn[v]![i]!), planes),
            white,
            normalize,
          ),
        );
      }),
  };
}

/** Draws as tensors, for eager use; dispose them. A compiled function takes {@link DrawnViews} as they are. */
export function drawnTensors(drawn: DrawnViews): DrawnViewTensors {
  return drawn.map((steps) =>
    steps.map((packed) =>
      Object.fromEntries(
        Object.entries(packed).map(([name, { data, shape }]) => [
          name,
          tf.tensor(data, [...shape], data instanceof Int32Array ? 'int32' : 'float32'),
        ]),
      ),
    ),
  );
}

function describedOnly(view: View): DescribedView {
  if (isDescribed(view)) return view;
  throw new InvalidOptionError('batchedViews', 'views', 'built-in views', 'a function, which has no batched form');
}

function toPlanes(images: tf.Tensor4D, white: number): tf.Tensor4D {
  const planes = tf.transpose(tf.cast(images, 'float32'), [0, 1, 3, 2]);
  return white === 255 ? planes : tf.floor(tf.add(tf.mul(planes, 255), 0.5));
}

function fromPlanes(planes: tf.Tensor4D, white: number, normalize: PixelStatistics | undefined): tf.Tensor4D {
  const images = (x: tf.Tensor4D): tf.Tensor4D => tf.transpose(x, [0, 1, 3, 2]);
  if (normalize === undefined) return images(white === 255 ? planes : tf.div(planes, 255));
  const channels = planes.shape[2];
  const mean = channelValues(normalize.mean, channels);
  return images(tf.div(tf.sub(tf.div(planes, 255), mean), channelValues(normalize.std, channels)));
}
