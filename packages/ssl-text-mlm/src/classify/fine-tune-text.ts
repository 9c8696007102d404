import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { checkPath } from '@selfsup/ssl-core/files';
import { fetched } from '@selfsup/ssl-tensor';
import { checkOptions, foldIn, InvalidOptionError, type OptionNames, randomKey } from '@selfsup/ssl-tensor/host';
import {
  AdamW,
  earlyStop,
  checkFolderRun,
  type FolderRunResult,
  type JsonValue,
  type ProgressOption,
  readFolderRun,
  type RunConfig,
  tellerOf,
  trainInFolder,
  type TrainerObserver,
  warmupCosine,
  weightsDigest,
} from '@selfsup/ssl-train';
import { classTargets } from '../data/targets.js';
import { TextExampleLoader } from '../data/text-example-loader.js';
import { SequenceClassifierEvaluator } from '../evaluation/classifier-evaluator.js';
import { TextForSequenceClassification } from '../heads/text-for-sequence-classification.js';
import { SequenceClassification } from '../methods/sequence-classification.js';
import { loadEncoder } from '../models/load-encoder.js';
import { readTextConfig, textConfigToJson } from '../models/text-families.js';
import type { TextModel } from '../models/text-model.js';
import { loadTextEncoder } from '../pretrain/load-text-encoder.js';
import { LoadedTextEncoder } from '../pretrain/loaded-text-encoder.js';
import { chooseFineTuning, textFineTuningChoiceNames, type TextFineTuningChoices } from './choose-fine-tuning.js';
import { fineTuningGroups } from './fine-tuning-groups.js';
import { checkLabelledTexts, type LabelledText, splitTexts } from './labelled-texts.js';
import { loadTextClassifier } from './load-text-classifier.js';
import { classifierFile, classifierPath, LoadedTextClassifier } from './loaded-text-classifier.js';

/** Options of {@link fineTuneText}: all but the first three have defaults chosen from the examples, which are told and saved. */
export interface FineTuneTextOptions extends TextFineTuningChoices {
  /** What `loadTextEncoder` reads, a folder of `pretrainText` or of transformers; or what it gave, which stays as it is. */
  readonly encoder: string | LoadedTextEncoder;
  /** Texts with the names of their classes. */
  readonly examples: readonly LabelledText[];
  /** Folder of the run. */
  readonly out: string;
  /** Texts that measure what was learnt. Default: one in ten of each class of ten or more. */
  readonly heldOut?: readonly LabelledText[];
  /** Default 0. */
  readonly seed?: number;
  /** Threads that compute. Default: all cores. */
  readonly threads?: number;
  readonly observers?: readonly TrainerObserver[];
  readonly progress?: ProgressOption;
  /** Finish the step, save and stop when this is aborted. */
  readonly signal?: AbortSignal;
}

const fineTuneTextOptionNames: OptionNames<FineTuneTextOptions> = {
  ...textFineTuningChoiceNames,
  encoder: 'required',
  examples: 'required',
  out: 'required',
  heldOut: 'optional',
  seed: 'optionalNumber',
  threads: 'optionalNumber',
  observers: 'optional',
  progress: 'optional',
  signal: 'optional',
};

/** What {@link fineTuneText} returns. */
export interface FineTuneTextResult {
  /** Nothing where the run was interrupted: the same call goes on. */
  readonly classifier?: LoadedTextClassifier;
  readonly interrupted: boolean;
  readonly settings: RunConfig;
}

const where = 'fineTuneText';

/**
 * Trains a classifier of texts from an encoder and some examples of each class, and writes `classifier.safetensors`, which
 * describes itself, `pipeline/` for transformers.js, `config.json` with every choice and why, `log.jsonl`, `report.html` and
 * `checkpoints`. Encoder and head learn together, lower layers less. The same call goes on after a stop; of a finished run it
 * returns the classifier.
 *
 * @throws InvalidOptionError for options out of range, with the number of an example that is none; DataError for fewer than
 *   two classes; CheckpointError where `out` holds a run with other examples or settings; as `loadTextEncoder`
 *
 * @example
 * const { classifier } = await fineTuneText({ encoder: 'runs/notes', examples, out: 'runs/topics' });
 * const [{ label }] = await classifier.classify('where did we go in May?');
 */
export async function fineTuneText(options: FineTuneTextOptions): Promise<FineTuneTextResult> {
  const given = checkOptions(where, options, fineTuneTextOptionNames);
  const { encoder, examples, out, heldOut, seed = 0, threads, observers = [], progress, signal, ...choices } = given;
  checkPath(where, 'out', out);
  checkLabelledTexts(where, 'examples', examples);
  if (heldOut !== undefined) checkLabelledTexts(where, 'heldOut', heldOut);
  const split = splitTexts(where, examples, heldOut);
  if (choices.patience !== undefined && split.heldOut.length === 0)
    throw new InvalidOptionError(where, 'patience', 'left out where no example is held out', choices.patience);
  const loaded = await encoderOf(encoder);
  const { tokenizer } = loaded;
  const counts = new Map(split.labels.map((label) => [label, 0]));
  for (const { label } of split.train) counts.set(label, counts.get(label)! + 1);
  const lengths = split.train.map(({ text }) => tokenizer.encode(text).length);
  const chosen = chooseFineTuning(where, loaded, lengths, counts, choices);
  const { maxLength, batchSize, epochs, learningRate, layerDecay, weightDecay, unfreeze, pooling } = chosen.choices;
  const settings: RunConfig = {
    encoder: weightsDigest(loaded.encoder),
    examples: digestOf(split.train),
    heldOut: digestOf(split.heldOut),
    labels: split.labels,
    ...chosen.choices,
    classWeights: chosen.classWeights ?? null,
    patience: chosen.patience ?? null,
    seed,
  };
  const key = randomKey(seed);
  const body = copyOf(loaded);
  if (loaded !== encoder) loaded.dispose();
  const model = new TextForSequenceClassification(body, {
    key: foldIn(key, 'head'),
    numLabels: split.labels.length,
    pooling,
  });
  const evaluator = new SequenceClassifierEvaluator(model);
  let result: FolderRunResult | undefined;
  try {
    if ((await readFolderRun(out, classifierFile)).state === 'finished') return await finished(out, settings, progress);
    const loading = { collate: classTargets, padId: tokenizer.specialIds.pad, batchSize };
    const bucketLengths = [...new Set([Math.ceil(maxLength / 2), maxLength])];
    const loaderOf = (
      texts: readonly LabelledText[],
      mode: 'training' | 'evaluation',
    ): TextExampleLoader<number, object> =>
      new TextExampleLoader({
        ...loading,
        mode,
        bucketLengths,
        key: foldIn(key, mode),
        examples: texts.map(({ text, label }) => ({
          ids: tokenizer.encode(text, { maxLength }),
          target: split.labels.indexOf(label),
        })),
      });
    const loader = loaderOf(split.train, 'training');
    const totalSteps = epochs * loader.batchesPerEpoch;
    const warmupSteps = Math.floor(totalSteps / 10);
    const schedule = warmupCosine({ base: learningRate, warmupSteps, totalSteps });
    const method = new SequenceClassification(
      model,
      chosen.classWeights === undefined ? {} : { classWeights: chosen.classWeights },
    );
    const rates = { schedule, totalSteps, layerDecay, gradual: unfreeze === 'gradual' };
    const { runReport } = await import('@selfsup/ssl-train/report');
    result = await trainInFolder({
      out,
      settings,
      reasons: chosen.reasons,
      method,
      loader: loader as never,
      epochs,
      seed,
      optimizer: new AdamW([...fineTuningGroups(method.trainable(), body, rates)], { weightDecay }),
      schedule,
      observers: [
        ...measuring(evaluator, split.heldOut, () => loaderOf(split.heldOut, 'evaluation'), chosen.patience),
        runReport(join(out, 'report.html'), { title: 'Classes of texts' }),
        ...observers,
      ],
      ...(threads === undefined ? {} : { threads }),
      ...(progress === undefined ? {} : { progress }),
      ...(signal === undefined ? {} : { signal }),
    });
  } finally {
    evaluator.dispose();
    if (result?.finished !== true) model.dispose();
  }
  if (!result.finished) return { interrupted: true, settings };
  await fetched();
  const measured = result.evaluations.findLast(({ metrics }) => 'heldOutLoss' in metrics)?.metrics;
  const classifier = new LoadedTextClassifier(model, tokenizer, {
    format: 1,
    config: textConfigToJson(body, 'ForSequenceClassification') as Readonly<Record<string, JsonValue>>,
    specialTokens: tokenizer.specialTokens,
    maxLength,
    pooling,
    labels: split.labels,
    training: { ...settings, steps: result.steps, ...measured },
    versions: result.environment.versions,
  });
  await classifier.exportPipeline(join(out, 'pipeline'));
  // Last: it says that the run is finished.
  await classifier.save(classifierPath(out));
  return { classifier, interrupted: false, settings };
}

async function encoderOf(encoder: string | LoadedTextEncoder): Promise<LoadedTextEncoder> {
  if (typeof encoder === 'string') return loadTextEncoder(encoder);
  if (encoder instanceof LoadedTextEncoder) return encoder;
  const advice = "Such as 'runs/notes', a folder of pretrainText";
  throw new InvalidOptionError(where, 'encoder', 'a path for loadTextEncoder, or what it gave', encoder, advice);
}

/** An encoder with the weights of one that stays as it is. */
function copyOf({ model, encoder, description }: LoadedTextEncoder): TextModel {
  const { family, config } = readTextConfig(description.config);
  const copy = family.encoder(config as never, randomKey(0), encoder.poolerDense !== undefined);
  if (model === encoder) copy.loadStateDict(encoder.stateDict());
  else loadEncoder(copy, model.stateDict());
  return copy;
}

async function finished(
  out: string,
  settings: RunConfig,
  progress: ProgressOption | undefined,
): Promise<FineTuneTextResult> {
  checkFolderRun(await readFolderRun(out, classifierFile), settings);
  tellerOf(where, progress)(`the run in ${out} is finished`);
  return { classifier: await loadTextClassifier(out), interrupted: false, settings };
}

function measuring(
  evaluator: SequenceClassifierEvaluator,
  heldOut: readonly LabelledText[],
  makeLoader: () => TextExampleLoader<number, object>,
  patience: number | undefined,
): readonly TrainerObserver[] {
  if (heldOut.length === 0) return [];
  const loader = makeLoader();
  const onEpochEnd = async (): Promise<Record<string, number>> => {
    const { loss, accuracy } = await evaluator.evaluate(loader as never);
    return { heldOutLoss: loss, heldOutAccuracy: accuracy };
  };
  const watched = { metric: 'heldOutLoss', mode: 'min' } as const;
  return [{ onEpochEnd }, earlyStop({ ...watched, patience: patience ?? 3, stop: patience !== undefined })];
}

/** SHA-256 of texts and labels in their order, hexadecimal. */
function digestOf(texts: readonly LabelledText[]): string {
  const hash = createHash('sha256');
  for (const { text, label } of texts) hash.update(`${text.length}:${label.length}:`).update(text).update(label);
  return hash.digest('hex');
}
