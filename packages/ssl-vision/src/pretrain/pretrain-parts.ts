import { foldIn, randomKey } from '@selfsup/ssl-core';
import { DataLoader, type Dataset, type ImageSample } from '@selfsup/ssl-data';
import {
  AdamW,
  clipByGlobalNorm,
  type GradientStage,
  type Optimizer,
  type Schedule,
  warmupCosine,
} from '@selfsup/ssl-train';
import type { PretrainSettings } from './choose-settings.js';
import type { EncoderArchitecture } from './architecture.js';
import { buildEncoder, chooseArchitecture } from './encoder-architecture.js';
import type { OpenedTeacher } from './opened-teacher.js';
import type { PretrainOptions } from './pretrain-options.js';
import { chooseViews } from './pretrain-views.js';
import type { BuiltMethod, ChosenViews } from './recipes/recipe.js';
import { recipeOf } from './recipes/recipes.js';

/** What a run of `pretrain` is made of: nothing that is not public. */
export interface PretrainParts extends ChosenViews, Pick<BuiltMethod, 'method' | 'encoder'> {
  readonly architecture: EncoderArchitecture;
  readonly loader: ReturnType<typeof loaderOf>;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly gradientStages: readonly GradientStage[];
  readonly steps: number;
}

const loaderOf = (
  dataset: Dataset<ImageSample>,
  views: ChosenViews['views'],
  { batchSize, seed }: PretrainSettings,
  workers: number | undefined,
) => new DataLoader({ dataset, views, batchSize, seed, ...(workers === undefined ? {} : { workers }) });

/** Builds what the settings say. */
export function pretrainParts(
  dataset: Dataset<ImageSample>,
  settings: PretrainSettings,
  own: Pick<PretrainOptions, 'views' | 'workers'>,
  teacher?: OpenedTeacher,
): PretrainParts {
  const { backbone, imageSize, channels, seed, normalize, learningRate, weightDecay, clipNorm } = settings;
  const architecture = chooseArchitecture(backbone, settings.method, imageSize, channels);
  const chosen = chooseViews(settings, own.views);
  const key = randomKey(seed);
  const { method, encoder, groups } = recipeOf(settings.method).build({
    architecture,
    encoder: () => buildEncoder(architecture, foldIn(key, 'backbone')),
    options: settings.methodOptions,
    key,
    normalize,
    imageSize,
    channels,
    ...(teacher === undefined ? {} : { teacher }),
  });
  const loader = loaderOf(dataset, chosen.views, settings, own.workers);
  const steps = settings.epochs * loader.batchesPerEpoch;
  return {
    ...chosen,
    architecture,
    method,
    encoder,
    loader,
    optimizer: new AdamW(groups?.(learningRate) ?? [{ parameters: method.trainable() }], { weightDecay }),
    schedule: warmupCosine({ base: learningRate, warmupSteps: settings.warmupSteps, totalSteps: steps }),
    gradientStages: clipNorm === undefined ? [] : [clipByGlobalNorm(clipNorm)],
    steps,
  };
}
