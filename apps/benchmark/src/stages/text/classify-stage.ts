import type { StateDict } from '@selfsup/ssl-nn';
import { foldIn } from '@selfsup/ssl-tensor';
import type { CompileOptions, RandomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, warmupCosine } from '@selfsup/ssl-train';
import type { ParameterGroup } from '@selfsup/ssl-train';
import {
  BertForSequenceClassification,
  ClassificationLoader,
  SequenceClassification,
  SequenceClassifierEvaluator,
} from '@selfsup/ssl-text-mlm';
import type { BertInputs, ClassificationBatch, ClassificationLoaderOptions } from '@selfsup/ssl-text-mlm';
import { extractFeatures, gatherRows, labelDraws, linearProbe } from '@selfsup/ssl-transfer';
import type { StageProgress } from '../../runs/progress.js';
import type { ClassifyResult } from './results.js';
import type { TextSession } from './text-session.js';

/**
 * Fine-tunes a classifier of glosses with few labels per class, once for each number of labels.
 *
 * @param pretrained weights to start from; without, the same network starts from scratch
 */
export async function classify(
  session: TextSession,
  pretrained: StateDict | undefined,
  progress: StageProgress,
): Promise<ClassifyResult> {
  const { labelsPerClass, steps } = session.recipe.fineTune;
  const labelled = await session.dataset('labelled');
  const accuracy: Record<string, number> = {};
  for (const [index, perClass] of labelsPerClass.entries()) {
    // The same draw for both starts.
    const key = foldIn(foldIn(session.key, 'classify'), perClass);
    const rows = drawRows(labelled.labels!, perClass, foldIn(key, 'labels'));
    accuracy[perClass] = await classifyOnce(session, {
      pretrained,
      rows,
      key,
      onStep: (step) => progress.advance(index * steps + step, labelsPerClass.length * steps),
    });
  }
  return { classes: session.classes.length, accuracy };
}

/** Up to `perClass` rows of every class, -1 being none: the rarest classes have fewer, and then give all they have. */
export function drawRows(labels: Int32Array, perClass: number, key: RandomKey): Int32Array {
  const members = new Map<number, number[]>();
  labels.forEach((label, row) => {
    if (label >= 0) members.set(label, [...(members.get(label) ?? []), row]);
  });
  const chosen = [...members]
    .sort(([a], [b]) => a - b)
    .flatMap(([label, rows]) => {
      const [draw] = labelDraws(new Int32Array(rows.length), Math.min(perClass, rows.length), 1, foldIn(key, label));
      return Array.from(draw!, (position) => rows[position]!);
    });
  return Int32Array.from(chosen);
}

interface Start {
  readonly pretrained: StateDict | undefined;
  readonly rows: Int32Array;
  readonly key: RandomKey;
  readonly onStep: (step: number) => void;
}

async function classifyOnce(session: TextSession, { pretrained, rows, key, onStep }: Start): Promise<number> {
  const { recipe, context } = session;
  const { steps, batchSize, learningRate, bodyScale, headL2, weightDecay } = recipe.fineTune;
  const { pad } = (await session.tokenizer()).specialIds;
  const compile = { device: context.device };
  const model = new BertForSequenceClassification(await session.config(), {
    key: foldIn(key, 'model'),
    numLabels: session.classes.length,
  });
  if (pretrained !== undefined) model.loadEncoder(pretrained);
  const method = new SequenceClassification(model);
  const dataset = (await session.dataset('labelled')).subset(rows);
  const bucketLengths = session.bucketLengths;
  const loader = new ClassificationLoader({
    dataset,
    padId: pad,
    batchSize: Math.min(batchSize, dataset.length),
    key: foldIn(key, 'batches'),
    bucketLengths,
    classes: session.classes.length,
  });
  if (pretrained !== undefined)
    await fitHead(model, { dataset, padId: pad, batchSize: 128, key, bucketLengths }, headL2, compile);
  const trainer = new Trainer({
    method,
    loader,
    optimizer: new AdamW(groups(method, pretrained === undefined ? 1 : bodyScale), { weightDecay }),
    schedule: warmupCosine({ base: learningRate, warmupSteps: Math.floor(steps / 10), totalSteps: steps }),
    steps,
    seed: foldIn(key, 'seed')[0],
    compile,
    progress: 'silent',
    ...context.interruption.trainerOptions,
    observers: { onStep: ({ step }) => onStep(step) },
  });
  const evaluator = new SequenceClassifierEvaluator(model, compile);
  try {
    await context.interruption.training(() => trainer.fit());
    const test = await session.dataset('test');
    const { accuracy } = await evaluator.evaluate(
      new ClassificationLoader({
        dataset: test,
        padId: pad,
        batchSize: 128,
        key,
        bucketLengths,
        classes: session.classes.length,
        mode: 'evaluation',
      }),
    );
    return accuracy;
  } finally {
    evaluator.dispose();
    model.dispose();
  }
}

/**
 * Sets the classifier to the linear probe of the frozen encoder. A random one would first pull the pretrained features
 * out of shape (Kumar et al. 2022, arXiv 2202.10054).
 */
async function fitHead(
  model: BertForSequenceClassification,
  options: Omit<ClassificationLoaderOptions, 'mode'>,
  l2: number,
  compile: CompileOptions,
): Promise<void> {
  const loader = new ClassificationLoader({ ...options, mode: 'evaluation' });
  const batches: ClassificationBatch[] = [];
  for await (const batch of loader.epoch(0)) batches.push(batch);
  const features = await extractFeatures(
    (inputs: BertInputs) => model.features(inputs),
    batches.map(({ inputIds, attentionMask }) => ({ inputIds, attentionMask })),
    { compile },
  );
  // The last batch of each length is padded with rows of weight 0.
  const labels = batches.flatMap((batch) => [...batch.labels.data]);
  const weights = batches.flatMap((batch) => [...batch.weights.data]);
  const rows = Int32Array.from([...weights.keys()].filter((row) => weights[row] === 1));
  const train = gatherRows(features, rows);
  const { weight, bias } = linearProbe({
    train,
    trainLabels: rows.map((row) => labels[row]!),
    test: train,
    classes: model.numLabels,
    l2,
  });
  model.classifier.loadStateDict(
    new Map([
      ['weight', weight],
      ['bias', bias],
    ]),
  );
}

function groups(method: SequenceClassification, bodyScale: number): ParameterGroup[] {
  const all = [...method.trainable()];
  const isHead = ([name]: readonly [string, unknown]): boolean => name.startsWith('model.classifier.');
  return [
    { parameters: all.filter((entry) => !isHead(entry)), learningRateScale: bodyScale },
    { parameters: all.filter(isHead) },
  ];
}
