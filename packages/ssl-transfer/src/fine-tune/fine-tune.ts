import type * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext, Module } from '@selfsup/ssl-nn';
import { checkCount, foldIn, randomKey } from '@selfsup/ssl-tensor';
import type { CompileOptions, RandomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, warmupCosine } from '@selfsup/ssl-train';
import type {
  ProgressOption,
  Schedule,
  Tensors,
  TrainerObserver,
  TrainerCheckpointOptions,
  TrainerResult,
} from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { batchRows } from '../features/batch-rows.js';
import { checkLabels } from '../labels/check-labels.js';
import { ClassificationFineTuning } from './classification-fine-tuning.js';
import { Classifier } from './classifier.js';
import type { LinearWeights } from './classifier.js';
import { LabelledBatches } from './labelled-batches.js';

/** Defaults of {@link fineTune}. */
export const fineTuneDefaults = {
  batchSize: 64,
  learningRate: 1e-3,
  bodyLearningRateScale: 0.1,
  weightDecay: 1e-4,
  backboneMode: 'training',
  seed: 0,
  progress: 'silent',
} as const;

/** Options of {@link fineTune}. `B` is the inputs' structure: an `NdArray` of images, a record of token arrays. */
export interface FineTuneOptions<B> {
  /** The pretrained encoder; it is trained in place. */
  readonly backbone: Module;
  /** Width of the features. */
  readonly featureDim: number;
  /** Features `[batch, featureDim]` of a batch, by the backbone; see `ClassifierOptions.features`. */
  readonly features: (inputs: Tensors<B>, ctx: ForwardContext) => tf.Tensor2D;
  /** All training inputs, first axis = sample. */
  readonly inputs: B;
  /** `[n]` their classes, each 0 or more. */
  readonly labels: Int32Array;
  /** Number of classes. Default: the largest label + 1. */
  readonly classes?: number;
  /** Training steps. */
  readonly steps: number;
  /** Default 64. */
  readonly batchSize?: number;
  /** Peak learning rate of the head. Default 1e-3. */
  readonly learningRate?: number;
  /** Learning rate of the backbone relative to the head's: 0 trains the head alone, 1 suits a start from scratch. Default 0.1. */
  readonly bodyLearningRateScale?: number;
  /** Weight decay of AdamW. Default 1e-4. */
  readonly weightDecay?: number;
  /** Learning rate by step. Default: linear warm-up over a tenth of the steps, then cosine to 0. */
  readonly schedule?: Schedule;
  /** Start of the head, for instance a linear probe's result. Default: small random weights. */
  readonly head?: LinearWeights;
  /** Changes a batch of inputs on the host; the key is the batch's own. */
  readonly augment?: (inputs: B, key: RandomKey) => B;
  /** How the backbone's batch normalisation and dropout run; see `ClassificationFineTuningOptions`. Default `training`. */
  readonly backboneMode?: 'training' | 'evaluation';
  /** Default 0. */
  readonly seed?: number;
  readonly observers?: TrainerObserver;
  /** How progress is shown. Default `silent`. */
  readonly progress?: ProgressOption;
  /** As the Trainer's: with a directory, an interrupted run goes on when the same program is run again. Default: none. */
  readonly checkpoint?: TrainerCheckpointOptions;
  /** As the Trainer's: weights of encoder and head from a checkpoint of another fine-tuning. Default: none. */
  readonly initFrom?: string;
  /** As the Trainer's: a log of one JSON object per line. Default: none. */
  readonly logFile?: string;
  /** Stops the run when it is aborted. */
  readonly signal?: AbortSignal;
  /** As the Trainer's: SIGINT and SIGTERM finish the step and stop, with `training.interrupted: true`. Default true. */
  readonly handleSignals?: boolean;
  /** Engine options of the compiled step. */
  readonly compile?: CompileOptions;
}

const fineTuneOptionNames: OptionNames<FineTuneOptions<object>> = {
  backbone: 'required',
  featureDim: 'requiredNumber',
  features: 'requiredFunction',
  inputs: 'required',
  labels: 'required',
  classes: 'optionalNumber',
  steps: 'requiredNumber',
  batchSize: 'optionalNumber',
  learningRate: 'optionalNumber',
  bodyLearningRateScale: 'optionalNumber',
  weightDecay: 'optionalNumber',
  schedule: 'optionalFunction',
  head: 'optional',
  augment: 'optionalFunction',
  backboneMode: 'optional',
  seed: 'optionalNumber',
  observers: 'optional',
  progress: 'optional',
  signal: 'optional',
  compile: 'optional',
  checkpoint: 'optional',
  initFrom: 'optional',
  logFile: 'optional',
  handleSignals: 'optionalFlag',
};

/** Result of {@link fineTune}. */
export interface FineTuneResult<B> {
  readonly classifier: Classifier<B>;
  readonly training: TrainerResult;
}

/**
 * Fine-tunes a pretrained encoder with a linear classifier on labelled data in memory: AdamW, the backbone at a fraction
 * of the head's learning rate. With a fresh backbone and `bodyLearningRateScale: 1` it trains from scratch.
 *
 * @returns the classifier, which holds the given backbone
 * @throws ShapeError, DataError, InvalidOptionError for data or options that do not fit
 */
export async function fineTune<B>(options: FineTuneOptions<B>): Promise<FineTuneResult<B>> {
  const settings = { ...fineTuneDefaults, ...checkOptions('fineTune', options, fineTuneOptionNames) };
  const {
    backbone,
    featureDim,
    features,
    inputs,
    labels,
    steps,
    batchSize,
    learningRate,
    bodyLearningRateScale,
    weightDecay,
    backboneMode,
    seed,
  } = settings;
  checkCount('fineTune', { steps });
  const classes = checkLabels('fineTune', 'labels', labels, batchRows('fineTune', inputs), options.classes);
  const key = foldIn(randomKey(seed), 'fineTune');
  const { head, augment, observers, checkpoint, initFrom, logFile, signal, handleSignals, compile } = options;

  const classifier = new Classifier<B>({
    backbone,
    featureDim,
    features,
    classes,
    key: foldIn(key, 'head'),
    ...(head === undefined ? {} : { head }),
  });
  const method = new ClassificationFineTuning(classifier, { backboneMode });
  const loader = new LabelledBatches<B>({
    inputs,
    labels,
    classes,
    batchSize,
    key: foldIn(key, 'batches'),
    ...(augment === undefined ? {} : { augment }),
  });
  const trainer = new Trainer({
    method,
    loader,
    optimizer: new AdamW(method.parameterGroups(bodyLearningRateScale), { weightDecay }),
    schedule:
      options.schedule ?? warmupCosine({ base: learningRate, warmupSteps: Math.floor(steps / 10), totalSteps: steps }),
    steps,
    seed,
    progress: settings.progress,
    ...(observers === undefined ? {} : { observers }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(initFrom === undefined ? {} : { initFrom }),
    ...(logFile === undefined ? {} : { logFile }),
    ...(signal === undefined ? {} : { signal }),
    ...(handleSignals === undefined ? {} : { handleSignals }),
    ...(compile === undefined ? {} : { compile }),
  });
  return { classifier, training: await trainer.fit() };
}
