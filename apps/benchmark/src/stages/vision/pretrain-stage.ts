import { basename } from 'node:path';
import { DataLoader, twoViews } from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import type { Encoder } from '@selfsup/ssl-nn';
import { fetched, foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, decayEverything, oneCycle } from '@selfsup/ssl-train';
import { ProjectionHead, SimClr } from '@selfsup/ssl-vision';
import type { VisionRecipe } from '../../recipes/vision-schema.js';
import type { PipelineContext } from '../../runs/pipeline.js';
import type { StageProgress } from '../../runs/progress.js';
import { plannedCheckpoints } from '../planned-checkpoints.js';
import { StageProgressReporter } from '../stage-progress-reporter.js';
import { EncoderFeatures } from './encoder-features.js';
import type { PretrainResult } from './results.js';
import type { VisionData } from './vision-data.js';
import { randomView } from './vision-views.js';

/** Steps between two logged losses. */
const logEvery = 5;

/** What SimCLR trains and where it leaves its results. */
export interface PretrainOptions {
  readonly recipe: VisionRecipe;
  readonly data: VisionData;
  /** Trained in place and saved as `encoder.safetensors`. */
  readonly encoder: Encoder;
  readonly key: RandomKey;
  /** kNN accuracy of the encoder before training. */
  readonly knnBefore: number;
  readonly context: PipelineContext;
  readonly progress: StageProgress;
}

/** Trains the encoder with SimCLR; goes on from the newest checkpoint of the run. */
export async function pretrainVision({
  recipe,
  data,
  encoder,
  key,
  knnBefore,
  context,
  progress,
}: PretrainOptions): Promise<PretrainResult> {
  const { pretrain, head, seed } = recipe;
  const { directory, interruption, device, workers } = context;
  const projection = new ProjectionHead(encoder.featureDim, {
    key: foldIn(key, 'projection'),
    hiddenDim: head.hidden,
    outDim: head.output,
  });
  const method = new SimClr({
    backbone: encoder,
    head: projection,
    temperature: pretrain.temperature,
    normalize: data.statistics,
  });
  const loader = new DataLoader({
    dataset: data.pretrain,
    views: twoViews(randomView(recipe.views, data.size)),
    batchSize: pretrain.batchSize,
    seed,
    ...(workers === undefined ? {} : { workers }),
  });
  const features = new EncoderFeatures(encoder, recipe, data, device);
  const totalSteps = pretrain.epochs * loader.batchesPerEpoch;
  const trainer = new Trainer({
    method,
    loader,
    optimizer: new AdamW([{ parameters: method.trainable() }], {
      weightDecay: pretrain.weightDecay,
      decayFilter: decayEverything,
    }),
    schedule: oneCycle({ max: pretrain.learningRate, totalSteps }),
    epochs: pretrain.epochs,
    seed,
    logEvery,
    logFile: directory.file('log.jsonl'),
    checkpoint: { dir: directory.file('checkpoints'), everySteps: pretrain.checkpointEvery, resume: 'latest-good' },
    compile: { device },
    ...interruption.trainerOptions,
    progress: new StageProgressReporter(progress, context.progress),
    config: { views: recipe.views, batchSize: pretrain.batchSize, images: data.pretrain.length },
    observers: {
      onCheckpoint: ({ path }) => directory.adopt(`checkpoints/${basename(path)}`),
      onEpochEnd: async () => ({ knn: await features.reducedKnn() }),
    },
  });
  try {
    await directory.declare(...plannedCheckpoints(totalSteps, pretrain.checkpointEvery));
    const result = await interruption.training(() => trainer.fit());
    await fetched();
    await saveSafetensors(directory.file('encoder.safetensors'), encoder.stateDict(), {
      encoder: recipe.encoder,
      method: method.name,
    });
    return {
      steps: result.steps,
      stepsPerEpoch: loader.batchesPerEpoch,
      seconds: result.trainingSeconds,
      loss: result.history.map(({ step, loss }) => ({ step, value: loss })),
      knnAlong: [
        { step: 0, value: knnBefore },
        ...result.evaluations.map(({ step, metrics }) => ({ step, value: metrics['knn']! })),
      ],
    };
  } finally {
    features.dispose();
    await loader.close();
    projection.dispose();
  }
}
