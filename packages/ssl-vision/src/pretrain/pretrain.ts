import { join } from 'node:path';
import { checkChoice, checkOptions, foldIn, type OptionNames, type RandomKey, randomKey } from '@selfsup/ssl-core';
import { checkPath } from '@selfsup/ssl-core/files';
import { DataLoader, type Dataset, type ImageSample, maeViews, simclrViews, smallImageViews } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { fetched } from '@selfsup/ssl-tensor';
import {
  AdamW,
  checkFolderRun,
  type FolderRunResult,
  type ProgressOption,
  readFolderRun,
  type RunConfig,
  trainInFolder,
  type TrainerObserver,
  warmupCosine,
} from '@selfsup/ssl-train';
import type { BackboneName } from '../encoders/registry.js';
import { MaskedAutoencoder, type MaskedAutoencoderOptions } from '../methods/mae/masked-autoencoder.js';
import { Mae } from '../methods/mae/mae.js';
import { SimClr } from '../methods/simclr/simclr.js';
import { buildEncoder, chooseArchitecture, type EncoderArchitecture } from './encoder-architecture.js';
import { descriptionEntry, descriptionFormat, type EncoderDescription } from './encoder-description.js';
import { encoderFile, LoadedEncoder, loadEncoder, openPictures } from './load-encoder.js';
import { pictureFacts } from './picture-facts.js';

/** Options of {@link pretrain}: all but the first two have defaults chosen from the data, which are told and saved. */
export interface PretrainOptions {
  /** A folder of pictures, or a data set. */
  readonly data: string | Dataset<ImageSample>;
  /** Folder of the run. */
  readonly out: string;
  /** Default `simclr`. */
  readonly method?: 'simclr' | 'mae';
  readonly backbone?: BackboneName;
  /** Side of the square pictures, pixels. */
  readonly imageSize?: number;
  readonly batchSize?: number;
  readonly epochs?: number;
  /** Highest learning rate. */
  readonly learningRate?: number;
  readonly weightDecay?: number;
  /** Default 0. */
  readonly seed?: number;
  readonly workers?: number;
  readonly observers?: readonly TrainerObserver[];
  readonly progress?: ProgressOption;
  /** Finish the step, save and stop when this is aborted. */
  readonly signal?: AbortSignal;
}

const pretrainOptionNames: OptionNames<PretrainOptions> = {
  data: 'required',
  out: 'required',
  method: 'optional',
  backbone: 'optional',
  imageSize: 'optionalNumber',
  batchSize: 'optionalNumber',
  epochs: 'optionalNumber',
  learningRate: 'optionalNumber',
  weightDecay: 'optionalNumber',
  seed: 'optionalNumber',
  workers: 'optionalNumber',
  observers: 'optional',
  progress: 'optional',
  signal: 'optional',
};

/** What {@link pretrain} returns. */
export interface PretrainResult {
  /** Nothing where the run was interrupted: the same call goes on. */
  readonly encoder?: LoadedEncoder;
  readonly interrupted: boolean;
  readonly settings: RunConfig;
}

/**
 * Pretrains an encoder on pictures without labels and writes `encoder.safetensors`, which describes itself,
 * `config.json`, `encoder.onnx`, `log.jsonl` and `checkpoints`. The same call goes on after a stop; of a finished run it
 * returns the encoder.
 *
 * @throws InvalidOptionError for options out of range; CheckpointError where `out` holds a run with other settings
 */
export async function pretrain(options: PretrainOptions): Promise<PretrainResult> {
  const given = checkOptions('pretrain', options, pretrainOptionNames);
  const { data, out, method: name = 'simclr', seed = 0, observers = [] } = given;
  checkPath('pretrain', 'out', out);
  checkChoice('pretrain', 'method', name, ['simclr', 'mae']);
  const dataset = await openPictures('pretrain', data);
  const { count, channels, side, normalize } = await pictureFacts(dataset);
  const { imageSize = Math.min(64, Math.max(16, 4 * Math.round(side / 4))) } = given;
  const { backbone = name === 'mae' ? 'vit-tiny' : imageSize <= 32 ? 'small-conv' : 'resnet18' } = given;
  const { batchSize = Math.min(128, Math.max(2, 2 ** Math.floor(Math.log2(count / 5)))) } = given;
  const stepsPerEpoch = Math.max(1, Math.floor(count / batchSize));
  const { epochs = Math.min(100, Math.max(10, Math.ceil(2000 / stepsPerEpoch))) } = given;
  const { learningRate = 1e-3 * Math.sqrt(batchSize / 128), weightDecay = name === 'mae' ? 0.05 : 0.01 } = given;
  const architecture = chooseArchitecture(backbone, name, imageSize, channels);
  const steps = epochs * stepsPerEpoch;
  const warmupSteps = Math.floor(steps / 10);
  const settings: RunConfig = {
    images: count,
    method: name,
    backbone,
    imageSize,
    channels,
    batchSize,
    epochs,
    learningRate,
    warmupSteps,
    weightDecay,
    seed,
    normalize,
  };
  const run = await readFolderRun(out, encoderFile);
  checkFolderRun(run, settings);
  if (run.state === 'finished') {
    process.stderr.write(`pretrain: the run in ${out} is finished\n`);
    return { encoder: await loadEncoder(out), interrupted: false, settings };
  }
  const key = randomKey(seed);
  const views =
    name === 'mae'
      ? maeViews({ size: imageSize })
      : channels === 3
        ? simclrViews({ size: imageSize, strength: 0.5 })
        : smallImageViews({ size: imageSize });
  const method =
    name === 'mae'
      ? new Mae({ model: new MaskedAutoencoder(maeOptions(architecture.options, key)), normalize })
      : new SimClr({
          backbone: buildEncoder(architecture, foldIn(key, 'backbone')),
          key: foldIn(key, 'head'),
          normalize,
        });
  const { workers, progress, signal } = given;
  const loader = new DataLoader({ dataset, views, batchSize, seed, ...(workers === undefined ? {} : { workers }) });
  let trained: FolderRunResult;
  try {
    trained = await trainInFolder({
      out,
      settings,
      about: { encoder: { ...architecture } },
      method,
      loader,
      steps,
      seed,
      optimizer: new AdamW([{ parameters: method.trainable() }], { weightDecay }),
      schedule: warmupCosine({ base: learningRate, warmupSteps, totalSteps: steps }),
      observers,
      ...(progress === undefined ? {} : { progress }),
      ...(signal === undefined ? {} : { signal }),
    });
  } finally {
    await loader.close();
  }
  if (!trained.finished) return { interrupted: true, settings };
  const encoder = method.modules.backbone;
  await fetched();
  const description: EncoderDescription = {
    format: descriptionFormat,
    encoder: architecture,
    featureDim: encoder.featureDim,
    imageSize,
    channels,
    normalize,
    method: { name, settings: method.settings },
    views: views.map(({ spec }) => JSON.parse(JSON.stringify(spec))),
    training: { ...settings, steps: trained.steps },
    versions: trained.environment.versions,
  };
  const loaded = new LoadedEncoder(encoder, description);
  await loaded.exportOnnx(join(out, 'encoder.onnx'));
  // Last: it says that the run is finished.
  await saveSafetensors(join(out, encoderFile), encoder.stateDict(), {
    [descriptionEntry]: JSON.stringify(description),
  });
  return { encoder: loaded, interrupted: false, settings };
}

/** Options of the masked autoencoder around an encoder, which chooses positions and draws weights itself. */
function maeOptions(options: EncoderArchitecture['options'], key: RandomKey): MaskedAutoencoderOptions {
  const own = Object.fromEntries(Object.entries(options).filter(([name]) => name !== 'positions'));
  return { ...(own as unknown as Omit<MaskedAutoencoderOptions, 'key'>), key: foldIn(key, 'model') };
}
