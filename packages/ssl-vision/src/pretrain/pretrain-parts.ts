import { foldIn, randomKey } from '@selfsup/ssl-core';
import { DataLoader, type Dataset, type ImageSample } from '@selfsup/ssl-data';
import { AdamW, type JsonValue, type Optimizer, type Schedule, warmupCosine } from '@selfsup/ssl-train';
import { MaskedAutoencoder, type MaskedAutoencoderOptions } from '../methods/mae/masked-autoencoder.js';
import { Mae } from '../methods/mae/mae.js';
import { SimClr } from '../methods/simclr/simclr.js';
import type { PretrainSettings } from './choose-settings.js';
import { buildEncoder, chooseArchitecture, type EncoderArchitecture } from './encoder-architecture.js';
import type { MaeChoices, PretrainOptions, SimClrChoices } from './pretrain-options.js';
import { type ChosenViews, chooseViews } from './pretrain-views.js';

/** What a run of `pretrain` is made of: nothing that is not public. */
export interface PretrainParts extends ChosenViews {
  readonly architecture: EncoderArchitecture;
  readonly method: SimClr | Mae;
  readonly loader: ReturnType<typeof loaderOf>;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
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
): PretrainParts {
  const { method: name, backbone, imageSize, channels, seed, normalize, learningRate, weightDecay } = settings;
  const architecture = chooseArchitecture(backbone, name, imageSize, channels);
  const chosen = chooseViews(settings, own.views);
  const key = randomKey(seed);
  const method =
    name === 'mae'
      ? maeOf(architecture, settings)
      : new SimClr({
          ...(settings.methodOptions as SimClrChoices),
          backbone: buildEncoder(architecture, foldIn(key, 'backbone')),
          key: foldIn(key, 'head'),
          normalize,
        });
  const loader = loaderOf(dataset, chosen.views, settings, own.workers);
  const steps = settings.epochs * loader.batchesPerEpoch;
  return {
    ...chosen,
    architecture,
    method,
    loader,
    optimizer: new AdamW([{ parameters: method.trainable() }], { weightDecay }),
    schedule: warmupCosine({ base: learningRate, warmupSteps: settings.warmupSteps, totalSteps: steps }),
    steps,
  };
}

function maeOf(architecture: EncoderArchitecture, { seed, methodOptions, normalize }: PretrainSettings): Mae {
  const { decoder, ...own } = methodOptions as MaeChoices;
  const options = { ...autoencoderOptions(architecture), ...(decoder === undefined ? {} : { decoder }) };
  const model = new MaskedAutoencoder({
    ...(options as unknown as MaskedAutoencoderOptions),
    key: foldIn(randomKey(seed), 'model'),
  });
  return new Mae({ ...own, model, normalize });
}

/** The masked autoencoder around an encoder chooses its positions itself. */
export const autoencoderOptions = ({ options }: EncoderArchitecture): Readonly<Record<string, JsonValue>> =>
  Object.fromEntries(Object.entries(options).filter(([name]) => name !== 'positions'));
