import { join } from 'node:path';
import { fetched } from '@selfsup/ssl-tensor';
import { foldIn, randomKey } from '@selfsup/ssl-tensor/host';
import {
  AdamW,
  decayEverything,
  earlyStop,
  type FolderRunResult,
  type JsonValue,
  nanWatch,
  oneCycle,
  type ProgressOption,
  type RunConfig,
  trainInFolder,
  type TrainerObserver,
} from '@selfsup/ssl-train';
import { MlmLoader } from '../data/mlm-loader.js';
import { textConfigToJson } from '../models/text-families.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import type { ChosenTraining } from './choose-training.js';
import { maskExamples } from './mask-examples.js';
import { LoadedTextEncoder } from './loaded-text-encoder.js';
import { classPrefixOf, textModelConfig } from './text-architecture.js';
import { architectureOf } from './text-encoder-description.js';
import { textLearning } from './text-learning.js';

/** All that a training needs. */
export interface TextTrainingRun {
  readonly out: string;
  readonly tokenizer: TextTokenizer;
  readonly chosen: ChosenTraining;
  /** What a run that goes on must have again. */
  readonly settings: RunConfig;
  readonly seed: number;
  readonly threads?: number | undefined;
  readonly observers: readonly TrainerObserver[];
  readonly progress?: ProgressOption | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @returns the trained encoder and the threads that computed it; nothing where the run was interrupted from outside */
export async function trainTextEncoder(
  run: TextTrainingRun,
): Promise<{ readonly encoder: LoadedTextEncoder; readonly threads: number } | undefined> {
  const { out, tokenizer, chosen, settings, seed, threads, observers, progress, signal } = run;
  const { training, train, heldOut, stepsPerEpoch } = chosen;
  const { model: type, objective, sequences, batchSize, bucketLengths, maskProbability, epochs } = training;
  const { learningRate, weightDecay } = training;
  const key = randomKey(seed);
  const learning = textLearning(objective, type, trainedConfig(tokenizer, chosen), key);
  const { method, evaluator } = learning;
  const loading = { tokenizer, batchSize, masking: { maskProbability }, unmaskable: 'skip' } as const;
  const evaluation = (): readonly TrainerObserver[] => {
    if (heldOut === undefined) return [];
    const held = {
      ...loading,
      bucketLengths,
      dataset: heldOut,
      key: foldIn(key, 'held-out'),
      mode: 'evaluation',
    } as const;
    const loader = new MlmLoader(held);
    return [
      { onEpochEnd: () => evaluator.evaluate(loader) },
      earlyStop({ metric: 'heldOutLoss', mode: 'min', patience: 3 }),
    ];
  };
  // Its charts are only loaded where there is a run.
  const { runReport } = await import('@selfsup/ssl-train/report');
  const report = runReport(join(out, 'report.html'), {
    title: `${classPrefixOf(type)} on texts`,
    sections: async () => {
      if (heldOut === undefined) return [];
      const text = await maskExamples(learning.maskedLm, tokenizer, heldOut);
      return [{ title: 'Held-out texts with a hidden word', text }];
    },
  });
  let result: FolderRunResult | undefined;
  try {
    result = await trainInFolder({
      out,
      settings,
      reasons: chosen.reasons,
      method,
      loader: new MlmLoader({
        ...loading,
        bucketLengths,
        packing: sequences === 'packed',
        dataset: train,
        key: foldIn(key, 'batches'),
      }),
      epochs,
      seed,
      optimizer: new AdamW([{ parameters: method.trainable() }], {
        weightDecay,
        betas: [0.9, 0.98],
        decayFilter: decayEverything,
      }),
      schedule: oneCycle({ max: learningRate, totalSteps: epochs * stepsPerEpoch, riseFraction: 0.1 }),
      checkpoint: { everySteps: Math.min(500, Math.max(100, stepsPerEpoch)) },
      observers: [...evaluation(), nanWatch({ dir: out }), report, ...observers],
      ...(threads === undefined ? {} : { threads }),
      ...(progress === undefined ? {} : { progress }),
      ...(signal === undefined ? {} : { signal }),
    });
  } finally {
    evaluator.dispose();
    if (result?.finished !== true) learning.dispose();
  }
  if (!result.finished) return undefined;
  await fetched();
  const measured = result.evaluations.findLast(({ metrics }) => 'heldOutLoss' in metrics)?.metrics;
  const model = learning.keep();
  const head = objective === 'masked-language-modelling' ? 'masked-lm' : 'token-detection';
  const encoder = new LoadedTextEncoder(model, tokenizer, {
    format: 1,
    config: textConfigToJson(model.encoder, architectureOf(head, model.encoder)) as Readonly<Record<string, JsonValue>>,
    head,
    specialTokens: tokenizer.specialTokens,
    maxLength: training.maxLength,
    pooling: 'mean',
    method: { name: method.name, settings: method.settings },
    training: {
      ...settings,
      steps: result.steps,
      ...Object.fromEntries(Object.entries(measured ?? {}).filter(([name]) => name.startsWith('heldOut'))),
    },
    versions: result.environment.versions,
  });
  return { encoder, threads: result.environment.threads };
}

/** The configuration of the encoder that is trained. */
export function trainedConfig(tokenizer: TextTokenizer, { training }: Pick<ChosenTraining, 'training'>): object {
  const { vocabSize, specialIds } = tokenizer;
  return textModelConfig(training.model, { ...training, vocabSize, padTokenId: specialIds.pad });
}
