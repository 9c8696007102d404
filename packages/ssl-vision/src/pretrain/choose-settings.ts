import { availableParallelism } from 'node:os';
import { InvalidOptionError } from '@selfsup/ssl-core';
import type { JsonValue, RunConfig } from '@selfsup/ssl-train';
import type { BackboneName } from '../encoders/registry.js';
import type { ImageStatistics } from '../images/check-image-statistics.js';
import { patchSizeOf } from './encoder-architecture.js';
import type { PictureFacts } from './picture-facts.js';
import type { PretrainOptions } from './pretrain-options.js';
import { chooseViews, describeViews } from './pretrain-views.js';
import { type MethodName, recipeOf } from './recipes/recipes.js';

/** What a run of `pretrain` is: compared by name where a run goes on. */
export interface PretrainSettings extends RunConfig {
  readonly images: number;
  readonly method: MethodName;
  readonly methodOptions: RunConfig;
  /** Digest and pixel statistics of what is copied, where the method copies. */
  readonly teacher?: JsonValue;
  readonly backbone: BackboneName;
  readonly imageSize: number;
  readonly channels: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly weightDecay: number;
  /** Of all gradients together, where the method's recipe has it. */
  readonly clipNorm?: number;
  readonly seed: number;
  readonly normalize: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** Their recipes. */
  readonly views: readonly JsonValue[];
}

/** Settings, and why those are so that the caller did not choose. */
export interface Chosen {
  readonly settings: PretrainSettings;
  readonly reasons: Readonly<Record<string, string>>;
}

/** What stands from an earlier choice: the run in the folder, or a batch that fits the memory. */
export interface Standing {
  readonly settings: RunConfig;
  readonly why: string;
}

/** Largest pictures by cores: what a step takes grows with their area. */
const largestSide = (cores: number): number => (cores >= 16 ? 128 : cores >= 8 ? 96 : 64);
/** Steps of a run by cores. */
const stepsOf = (cores: number): number => Math.min(8000, Math.max(2000, 500 * cores));

/**
 * All settings of a run: what was given, else what stands, else what fits the pictures and the machine.
 *
 * @param cores of the machine; a run that goes on elsewhere has its choices from `standing`
 */
export function chooseSettings(
  given: PretrainOptions & { readonly method: MethodName; readonly teacherSettings?: JsonValue },
  { count, channels, side, normalize }: PictureFacts,
  standing: Standing = { settings: {}, why: '' },
  cores = availableParallelism(),
): Chosen {
  const { method, seed = 0 } = given;
  const reasons: Record<string, string> = {};
  const choose = <T extends JsonValue>(name: keyof PretrainOptions, own: T, why: string): T => {
    if (given[name] !== undefined) return given[name] as unknown as T;
    const stands = Object.hasOwn(standing.settings, name);
    reasons[name] = stands ? standing.why : why;
    return stands ? (standing.settings[name] as T) : own;
  };
  const most = largestSide(cores);
  const recipe = recipeOf(method);
  const largest = Math.min(most, side);
  const multiple = patchSizeOf(given.backbone ?? recipe.usualBackbone(largest).value, largest) ?? 4;
  const imageSize = choose(
    'imageSize',
    Math.min(most, Math.max(16, multiple * Math.round(side / multiple))),
    `the shorter sides have ${side} pixels, and ${coresText(cores)} should have no more than ${most}`,
  );
  const usual = recipe.usualBackbone(imageSize);
  const backbone = choose<BackboneName>('backbone', usual.value, usual.why);
  const batchSize = choose(
    'batchSize',
    Math.min(128, Math.max(2, 2 ** Math.floor(Math.log2(count / 5)))),
    `of ${count} pictures, at most 128`,
  );
  const stepsPerEpoch = Math.max(1, Math.floor(count / batchSize));
  const wanted = stepsOf(cores);
  const epochs = choose(
    'epochs',
    Math.min(100, Math.max(10, Math.ceil(wanted / stepsPerEpoch))),
    `some ${wanted} steps for ${coresText(cores)}, within 10 to 100 epochs`,
  );
  const learningRate = choose(
    'learningRate',
    recipe.learningRate * Math.sqrt(batchSize / 128),
    `AdamW: ${recipe.learningRate} for 128 pictures, by the root of the batch`,
  );
  const weightDecay = choose('weightDecay', recipe.weightDecay, `as usual for ${method}`);
  if (given.normalize === undefined)
    reasons['normalize'] = channels === 3 ? "ImageNet's, for colour" : 'of the pictures';
  if (given.views === undefined) reasons['views'] = `as usual for ${method}`;
  const patchSize = patchSizeOf(backbone, imageSize);
  const preset = recipe.preset?.({ count, backbone, batchSize, epochs, stepsPerEpoch, imageSize, patchSize });
  if (preset !== undefined && Object.keys(preset.value).some((name) => !Object.hasOwn(given.methodOptions ?? {}, name)))
    reasons['methodOptions'] = preset.why;
  const methodOptions = { ...preset?.value, ...given.methodOptions };
  const settings = {
    images: count,
    method,
    methodOptions: methodOptions as RunConfig,
    ...(given.teacherSettings === undefined ? {} : { teacher: given.teacherSettings }),
    backbone,
    imageSize,
    channels,
    batchSize,
    epochs,
    learningRate,
    warmupSteps: Math.floor((epochs * stepsPerEpoch) / 10),
    weightDecay,
    ...(recipe.clipNorm === undefined ? {} : { clipNorm: recipe.clipNorm }),
    seed,
    normalize: given.normalize === undefined ? normalize : listsOf(given.normalize, channels),
    views: describeViews(chooseViews({ method, backbone, channels, imageSize }, given.views).views),
  };
  return { settings, reasons };
}

/** Statistics with a number for each channel. */
function listsOf({ mean, std }: ImageStatistics, channels: number): PretrainSettings['normalize'] {
  const listOf = (name: string, value: number | readonly number[]): readonly number[] => {
    const list = typeof value === 'number' ? [value] : value;
    if (list.length !== 1 && list.length !== channels)
      throw new InvalidOptionError(
        'pretrain',
        `normalize.${name}`,
        `one number, or ${channels} for the channels`,
        value,
      );
    return Array.from({ length: channels }, (_, channel) => list[channel] ?? list[0]!);
  };
  return { mean: listOf('mean', mean), std: listOf('std', std) };
}

const coresText = (cores: number): string => `${cores} ${cores === 1 ? 'core' : 'cores'}`;
