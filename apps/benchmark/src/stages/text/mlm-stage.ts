import { basename } from 'node:path';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { fetched, foldIn } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, decayEverything, oneCycle } from '@selfsup/ssl-train';
import { MaskedLanguageModelling, MaskedLmEvaluator, MlmLoader } from '@selfsup/ssl-text-mlm';
import type { StageProgress } from '../../runs/progress.js';
import { plannedCheckpoints } from '../planned-checkpoints.js';
import { StageProgressReporter } from '../stage-progress-reporter.js';
import type { MlmResult } from './results.js';
import type { TextSession } from './text-session.js';

/** Steps between two logged losses. */
const logEvery = 20;

/** Pretrains BERT by masked-language modelling; goes on from the newest checkpoint of the run. */
export async function pretrainText(session: TextSession, progress: StageProgress): Promise<MlmResult> {
  const { recipe, context, key } = session;
  const { steps, batchSize, maskRate, learningRate, riseFraction, beta2, weightDecay, checkpointEvery, evaluateEvery } =
    recipe.pretrain;
  const { directory, interruption, device } = context;
  const tokenizer = await session.tokenizer();
  const model = await session.freshModel();
  const method = new MaskedLanguageModelling(model);
  const masking = { maskProbability: maskRate };
  const bucketLengths = session.bucketLengths;
  const loader = new MlmLoader({
    dataset: await session.dataset('pretrain'),
    tokenizer,
    batchSize,
    key: foldIn(key, 'batches'),
    bucketLengths,
    masking,
  });
  const heldOut = new MlmLoader({
    dataset: await session.dataset('maskedTest'),
    tokenizer,
    batchSize,
    key: foldIn(key, 'held-out'),
    bucketLengths,
    masking,
    mode: 'evaluation',
  });
  const evaluator = new MaskedLmEvaluator(model, { device });
  const evaluate = async (): Promise<Record<string, number>> => {
    const { accuracy, loss } = await evaluator.evaluate(heldOut);
    return { maskedAccuracy: accuracy, maskedLoss: loss };
  };
  const trainer = new Trainer({
    method,
    loader,
    optimizer: new AdamW([{ parameters: method.trainable() }], {
      weightDecay,
      betas: [0.9, beta2],
      decayFilter: decayEverything,
    }),
    schedule: oneCycle({ max: learningRate, totalSteps: steps, riseFraction }),
    steps,
    seed: recipe.seed,
    logEvery,
    logFile: directory.file('log.jsonl'),
    checkpoint: { dir: directory.file('checkpoints'), everySteps: checkpointEvery, resume: 'latest-good' },
    config: { batchSize, maskRate, glosses: session.splits.pretrain.length },
    compile: { device },
    ...interruption.trainerOptions,
    progress: new StageProgressReporter(progress, context.progress),
    observers: {
      onCheckpoint: ({ path }) => directory.adopt(`checkpoints/${basename(path)}`),
      onStep: ({ step }) => (step % evaluateEvery === 0 || step === steps ? evaluate() : Promise.resolve()),
    },
  });
  try {
    await directory.declare(...plannedCheckpoints(steps, checkpointEvery));
    const result = await interruption.training(() => trainer.fit());
    await fetched();
    await saveSafetensors(directory.file('encoder.safetensors'), model.stateDict(), { method: method.name });
    const along = (name: string): MlmResult['maskedLoss'] =>
      result.evaluations.map(({ step, metrics }) => ({ step, value: metrics[name]! }));
    return {
      steps: result.steps,
      seconds: result.trainingSeconds,
      loss: result.history.map(({ step, loss }) => ({ step, value: loss })),
      maskedAccuracy: along('maskedAccuracy'),
      maskedLoss: along('maskedLoss'),
    };
  } finally {
    evaluator.dispose();
    model.dispose();
  }
}
