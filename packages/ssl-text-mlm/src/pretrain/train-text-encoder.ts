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
import { type BertConfig, bertConfig } from '../bert/bert-config.js';
import { bertConfigToJson } from '../bert/bert-config-json.js';
import { BertForMaskedLM } from '../bert/bert-for-masked-lm.js';
import { MlmLoader } from '../data/mlm-loader.js';
import { MaskedLmEvaluator } from '../evaluation/masked-lm-evaluator.js';
import { MaskedLanguageModelling } from '../methods/masked-language-modelling.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import type { ChosenTraining } from './choose-training.js';
import { maskExamples } from './mask-examples.js';
import { LoadedTextEncoder } from './loaded-text-encoder.js';

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
  const { batchSize, bucketLengths, maskProbability, epochs, learningRate, weightDecay } = training;
  const key = randomKey(seed);
  const model = new BertForMaskedLM(textModelConfig(tokenizer, chosen), { key: foldIn(key, 'model') });
  const method = new MaskedLanguageModelling(model);
  const loading = { tokenizer, batchSize, bucketLengths, masking: { maskProbability } };
  const evaluator = new MaskedLmEvaluator(model);
  const evaluation = (): readonly TrainerObserver[] => {
    if (heldOut.length === 0) return [];
    const held = { ...loading, dataset: heldOut, key: foldIn(key, 'held-out'), mode: 'evaluation' } as const;
    const loader = new MlmLoader(held);
    const onEpochEnd = async (): Promise<Record<string, number>> => {
      const { loss, accuracy } = await evaluator.evaluate(loader);
      return { heldOutLoss: loss, heldOutAccuracy: accuracy };
    };
    return [{ onEpochEnd }, earlyStop({ metric: 'heldOutLoss', mode: 'min', patience: 3 })];
  };
  // Its charts are only loaded where there is a run.
  const { runReport } = await import('@selfsup/ssl-train/report');
  const report = runReport(join(out, 'report.html'), {
    title: 'BERT on texts',
    sections: async () =>
      heldOut.length === 0
        ? []
        : [{ title: 'Held-out texts with a hidden word', text: await maskExamples(model, tokenizer, heldOut) }],
  });
  let result: FolderRunResult | undefined;
  try {
    result = await trainInFolder({
      out,
      settings,
      reasons: chosen.reasons,
      method,
      loader: new MlmLoader({ ...loading, dataset: train, key: foldIn(key, 'batches') }),
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
    if (result?.finished !== true) model.dispose();
  }
  if (!result.finished) return undefined;
  await fetched();
  const measured = result.evaluations.findLast(({ metrics }) => 'heldOutLoss' in metrics)?.metrics;
  const encoder = new LoadedTextEncoder(model, tokenizer, {
    format: 1,
    config: bertConfigToJson(model.config, 'BertForMaskedLM') as Readonly<Record<string, JsonValue>>,
    specialTokens: tokenizer.specialTokens,
    maxLength: training.maxLength,
    pooling: 'mean',
    method: { name: method.name, settings: method.settings },
    training: {
      ...settings,
      steps: result.steps,
      ...(measured === undefined
        ? {}
        : { heldOutLoss: measured['heldOutLoss']!, heldOutAccuracy: measured['heldOutAccuracy']! }),
    },
    versions: result.environment.versions,
  });
  return { encoder, threads: result.environment.threads };
}

function textModelConfig(tokenizer: TextTokenizer, { training }: ChosenTraining): BertConfig {
  const { hiddenSize, numHiddenLayers, numAttentionHeads, intermediateSize, dropout, maxLength } = training;
  return bertConfig({
    vocabSize: tokenizer.vocabSize,
    hiddenSize,
    numHiddenLayers,
    numAttentionHeads,
    intermediateSize,
    maxPositionEmbeddings: maxLength,
    hiddenDropout: dropout,
    attentionDropout: dropout,
    padTokenId: tokenizer.specialIds.pad,
  });
}
