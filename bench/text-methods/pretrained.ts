import { foldIn, randomKey } from '@selfsup/ssl-core';
import { BertForMaskedLM, bertConfig, MaskedLmEvaluator } from '@selfsup/ssl-text-mlm';
import { type BatchLoader, oneCycle } from '@selfsup/ssl-train';
import { meanOf } from '../runs/spread.js';
import { maskedBatches, type TextData } from './data-of.js';
import { families, sizesOf } from './encoders.js';
import { keptModel, type KeptModel } from './kept-model.js';
import type { EncoderName } from './kinds.js';
import { type MaskingName, maskings } from './maskings.js';
import { train } from './train.js';

/** Rates of a run of pretraining: the demo's form. */
export const pretrainingRates = (steps: number, max: number) => oneCycle({ max, totalSteps: steps, riseFraction: 0.1 });

/** An encoder pretrained on a corpus without labels, from this run or an earlier one, and what it measured. */
export function pretrained(
  name: EncoderName,
  data: TextData,
  seed: number,
  threads: number,
  masking: MaskingName = 'dynamic',
): Promise<KeptModel> {
  const { corpus, budget, budgetName } = data;
  const way = masking === 'dynamic' ? '' : `-${masking.replaceAll(/\W+/g, '-')}`;
  return keptModel(`${name}${way}-${corpus}-${seed}-${budgetName}`, async () => {
    const family = families[name];
    const key = foldIn(randomKey(seed), name);
    const teacher = async (): Promise<BertForMaskedLM> => {
      const model = new BertForMaskedLM(bertConfig(sizesOf(data)), { key });
      model.loadStateDict((await pretrained('bert', data, seed, threads)).state);
      return model;
    };
    const { method, kept, masked } = await family.pretraining(data, key, teacher);
    const { packing = false } = family;
    const loader = maskedBatches(data, 'train', seed, { packing, masking: maskings[masking] });
    const { timed, history } = await train(method, masking === 'static' ? firstEpoch(loader) : loader, {
      steps: budget.steps,
      schedule: pretrainingRates(budget.steps, family.learningRate),
      seed,
      threads,
    });
    const evaluator = new MaskedLmEvaluator(masked, { threads });
    const { loss, accuracy } = await evaluator.evaluate(maskedBatches(data, 'heldOut', 0));
    evaluator.dispose();
    const late = history.slice(-Math.ceil(history.length / 10));
    const told = Object.fromEntries(
      ['detected', 'detectionAccuracy']
        .filter((metric) => metric in history.at(-1)!.metrics)
        .map((metric) => [metric, meanOf(late.map(({ metrics }) => metrics[metric]!))]),
    );
    const figures = { loss, accuracy, ...told, milliseconds: timed.milliseconds };
    return { state: () => kept.stateDict(), figures };
  });
}

/** The first epoch again and again. */
const firstEpoch = <B>(loader: BatchLoader<B>): BatchLoader<B> => ({
  batchesPerEpoch: loader.batchesPerEpoch,
  epoch: (_, from) => loader.epoch(0, from),
  close: () => loader.close(),
});
