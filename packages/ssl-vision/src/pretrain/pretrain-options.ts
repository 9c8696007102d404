import { checkChoice, checkOptions, InvalidOptionError, type NdArray, type OptionNames } from '@selfsup/ssl-core';
import { checkPath } from '@selfsup/ssl-core/files';
import type { Dataset, ImageSample, ModuleView, View } from '@selfsup/ssl-data';
import type { ProgressOption, TrainerObserver } from '@selfsup/ssl-train';
import type { BackboneName } from '../encoders/registry.js';
import { checkImageStatistics, type ImageStatistics } from '../images/check-image-statistics.js';
import type { PretrainTeacher } from './opened-teacher.js';
import { type MethodChoices, type MethodName, recipeOf, recipes } from './recipes/recipes.js';

/** Pictures with a class each, to see what the features are worth. */
export interface LabelledPictures {
  /** uint8 `[n, height, width, channels]`. */
  readonly images: NdArray<Uint8Array>;
  /** `[n]` classes. */
  readonly labels: Int32Array;
}

/** Options of `pretrain`: all but the first two have defaults chosen from data and machine, which are told and saved. */
export interface PretrainOptions {
  /** A folder of pictures, or a data set. */
  readonly data: string | Dataset<ImageSample>;
  /** Folder of the run. */
  readonly out: string;
  /** Its recipe chooses encoder, views, rates and numbers for small pictures and batches. Default `simclr`. */
  readonly method?: MethodName;
  /** Numbers in place of the recipe's, by the names of the options of the method's class and of its head. */
  readonly methodOptions?: MethodChoices;
  /** What `distillation` copies: a run's folder, a file that `pretrain` wrote, or an encoder. */
  readonly teacher?: PretrainTeacher;
  readonly backbone?: BackboneName;
  /** Side of the square pictures, pixels. */
  readonly imageSize?: number;
  /** Recipes of the views; squares of `imageSize` must come out. */
  readonly views?: readonly (View | ModuleView)[];
  /** Statistics of the pixels on the scale 0 .. 1. Default: ImageNet's for colour, else those of the data. */
  readonly normalize?: Omit<ImageStatistics, 'scale'>;
  readonly batchSize?: number;
  readonly epochs?: number;
  /** Highest learning rate. */
  readonly learningRate?: number;
  readonly weightDecay?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Threads that build batches. */
  readonly workers?: number;
  /** Threads that compute. */
  readonly threads?: number;
  /**
   * Pictures with classes, a folder per class or arrays, of which the kNN accuracy is told while the run goes on. Nothing
   * is trained on the classes. Default: `data`, where it is a folder of two or more classes of ten or more pictures.
   */
  readonly labelled?: string | LabelledPictures;
  /** Whether the features are watched: collapse, and kNN where there are classes. Default true. */
  readonly watch?: boolean;
  readonly observers?: readonly TrainerObserver[];
  readonly progress?: ProgressOption;
  /** Finish the step, save and stop when this is aborted. */
  readonly signal?: AbortSignal;
}

const pretrainOptionNames: OptionNames<PretrainOptions> = {
  data: 'required',
  out: 'required',
  method: 'optional',
  methodOptions: 'optional',
  teacher: 'optional',
  backbone: 'optional',
  imageSize: 'optionalNumber',
  views: 'optional',
  normalize: 'optional',
  batchSize: 'optionalNumber',
  epochs: 'optionalNumber',
  learningRate: 'optionalNumber',
  weightDecay: 'optionalNumber',
  seed: 'optionalNumber',
  workers: 'optionalNumber',
  threads: 'optionalNumber',
  labelled: 'optional',
  watch: 'optionalFlag',
  observers: 'optional',
  progress: 'optional',
  signal: 'optional',
};

/** @throws InvalidOptionError for options that are not known or of another kind; ranges are checked where they are used */
export function checkPretrainOptions(options: PretrainOptions): PretrainOptions & { readonly method: MethodName } {
  const given = checkOptions('pretrain', options, pretrainOptionNames);
  const { method = 'simclr', views, methodOptions, normalize, observers } = given;
  checkPath('pretrain', 'out', given.out);
  checkChoice('pretrain', 'method', method, Object.keys(recipes));
  if (methodOptions !== undefined)
    checkOptions<object>('pretrain', methodOptions, recipeOf(method).choices, 'methodOptions');
  if (normalize !== undefined) {
    checkImageStatistics('pretrain', 'normalize', normalize);
    const { scale = 'pixels' } = normalize as ImageStatistics;
    if (scale !== 'pixels')
      throw new InvalidOptionError('pretrain', 'normalize.scale', "'pixels', of pictures of 0 .. 255", scale);
  }
  if (views !== undefined && (!Array.isArray(views) || views.length === 0))
    throw new InvalidOptionError('pretrain', 'views', 'a list of views', views, 'Such as simclrViews({ size: 32 })');
  if (observers !== undefined && !Array.isArray(observers))
    throw new InvalidOptionError('pretrain', 'observers', 'a list of observers', observers);
  return { ...given, method };
}
