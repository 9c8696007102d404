import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-core';
import type { Box } from '../image/box.js';
import { centerCrop, type CenterCropOptions } from '../views/center-crop.js';
import type { ColorJitterOptions } from '../views/color-jitter.js';
import type { CutoutOptions, CutoutParameters } from '../views/cutout.js';
import type { GaussianBlurOptions } from '../views/gaussian-blur.js';
import { randomAffine, type RandomAffineOptions } from '../views/random-affine.js';
import { randomCrop, type RandomCropOptions } from '../views/random-crop.js';
import type { RandomErasingOptions, RandomErasingParameters } from '../views/random-erasing.js';
import type { RandomPosterizeOptions } from '../views/random-posterize.js';
import type { RandomResizedCropOptions } from '../views/random-resized-crop.js';
import { randomRotation, type RandomRotationOptions } from '../views/random-rotation.js';
import { resizeBox, type ResizeOptions } from '../views/resize.js';
import type { SolarizeOptions } from '../views/solarize.js';
import { checkSize, type DescribedView, type ViewSpec } from '../views/view.js';
import type { BatchedStep, Draw, Size } from './batched-step.js';
import { boxBlurStep, gaussianBlurStep } from './blur-step.js';
import { eraseStep } from './erase-step.js';
import { gatherStep } from './gather-step.js';
import { jitterStep } from './jitter-step.js';
import { lumaOf } from './luma-of.js';
import { resizeStep } from './resize-step.js';
import { sometimesStep } from './sometimes-step.js';

/** A step and where its draw lies in the draw of the whole view. */
export interface PlacedStep {
  readonly step: BatchedStep;
  readonly read: (drawn: unknown) => Draw<unknown>;
}

const makers = {
  boxBlur: boxBlurStep,
  centerCrop: (options: CenterCropOptions) => movingStep(centerCrop, options, checkSize('centerCrop', options.size)),
  colorJitter: (options: ColorJitterOptions) => jitterStep(options),
  cutout: ({ size, fill = 0 }: CutoutOptions) =>
    eraseStep<CutoutParameters>(fill, (corner) =>
      corner === null ? undefined : { ...corner, height: size, width: size },
    ),
  gaussianBlur: ({ kernelSize }: GaussianBlurOptions) => gaussianBlurStep(kernelSize),
  horizontalFlip: () => sometimesStep((planes) => tf.reverse(planes, 3)),
  randomAffine: (options: RandomAffineOptions) => {
    refuseBilinear('randomAffine', options.interpolation);
    return movingStep(randomAffine, options);
  },
  randomCrop: (options: RandomCropOptions) => movingStep(randomCrop, options, checkSize('randomCrop', options.size)),
  randomErasing: ({ value = 0 }: RandomErasingOptions) => {
    if (value === 'random') throw unsupported("randomErasing({ value: 'random' })", 'a fixed value');
    return eraseStep<RandomErasingParameters>(value, (drawn) => drawn?.box);
  },
  randomGrayscale: () => sometimesStep((planes) => tf.broadcastTo(lumaOf(planes), planes.shape)),
  randomInvert: () => sometimesStep((planes) => tf.sub(255, planes)),
  randomPosterize: ({ bits }: RandomPosterizeOptions) =>
    sometimesStep((planes) => tf.mul(tf.floor(tf.mul(planes, 2 ** (bits - 8))), 2 ** (8 - bits))),
  randomResizedCrop: ({ size, interpolation = 'bilinear' }: RandomResizedCropOptions) =>
    resizeStep<Box>(checkSize('randomResizedCrop', size), interpolation, (box) => box),
  randomRotation: (options: RandomRotationOptions) => {
    refuseBilinear('randomRotation', options.interpolation);
    return movingStep(randomRotation, options);
  },
  resize: ({ size, fit }: ResizeOptions) => {
    const [height, width] = checkSize('resize', size);
    return resizeStep<null>([height, width], 'bilinear', (_, image) => resizeBox(image, [height, width], fit));
  },
  solarize: ({ threshold = 128 }: SolarizeOptions) =>
    sometimesStep((planes) => tf.where(tf.less(planes, threshold), planes, tf.sub(255, planes))),
  verticalFlip: () => sometimesStep((planes) => tf.reverse(planes, 1)),
} as unknown as Readonly<Record<string, (options: unknown) => BatchedStep>>;

/**
 * The steps of a view in order, those of its parts put in their places.
 *
 * @throws InvalidOptionError for a view that has no batched form
 */
export function stepsOfView({ kind, options }: ViewSpec): readonly PlacedStep[] {
  if (kind === 'compose')
    return (options as readonly ViewSpec[]).flatMap((part, i) =>
      within(part, (drawn) => ({ applied: (drawn as readonly unknown[])[i] })),
    );
  if (kind === 'randomApply')
    return within((options as { readonly view: ViewSpec }).view, (drawn) =>
      drawn === null ? undefined : (drawn as { readonly applied: unknown }),
    );
  const make = Object.hasOwn(makers, kind) ? makers[kind] : undefined;
  if (make === undefined)
    throw unsupported(kind, `views made of ${Object.keys(makers).join(', ')}, compose and randomApply`);
  return [{ step: make(options), read: (drawn) => ({ applied: drawn }) }];
}

/** Steps of a part whose draw is found by `enter` in that of the whole. */
function within(part: ViewSpec, enter: (drawn: unknown) => Draw<unknown>): readonly PlacedStep[] {
  return stepsOfView(part).map(({ step, read }) => ({
    step,
    read: (drawn) => {
      const inner = enter(drawn);
      return inner === undefined ? undefined : read(inner.applied);
    },
  }));
}

/** A view that moves whole pixels; its own definition, with 0 outside, says where they come from. */
function movingStep<P, O extends { readonly fill?: number | readonly number[] }>(
  make: (options: O) => DescribedView<P>,
  options: O,
  outputSize?: Size,
): BatchedStep<P> {
  const { steps } = make({ ...options, fill: 0 });
  return gatherStep<P>(
    (image, drawn) => steps.apply(image, drawn),
    options.fill ?? 0,
    outputSize && (() => outputSize),
  );
}

function refuseBilinear(kind: string, interpolation: string | undefined): void {
  if (interpolation === 'bilinear') throw unsupported(`${kind}({ interpolation: 'bilinear' })`, "'nearest'");
}

function unsupported(view: string, instead: string): InvalidOptionError {
  return new InvalidOptionError('batchedViews', 'views', instead, `${view}, which has no batched form`);
}
