import { foldIn, type RandomKey, randomKey } from '@selfsup/ssl-core';
import {
  BertForMaskedLM,
  bertConfig,
  extendVocabulary,
  MaskedLanguageModelling,
  MaskedLmEvaluator,
  MlmLoader,
  mixSources,
} from '@selfsup/ssl-text-mlm';
import { pretrainingTexts, type TextData, textData, maskedBatches } from './data-of.js';
import { sizesOf } from './encoders.js';
import { pretrained, pretrainingRates } from './pretrained.js';
import type { Figures, TextJob } from './rows.js';
import { train } from './train.js';

/** Highest rate of going on; the demo's is three times as high. */
const learningRate = 5e-4;
/** Share of general texts, and words that are added, by the variant. */
const variants = {
  'domain alone': { replay: 0, words: 0 },
  replay: { replay: 0.2, words: 0 },
  'replay and more words': { replay: 0.2, words: 1000 },
} as const;

/** A BERT of glosses goes on with speeches: losses of both per character, before and after. */
export async function domain({ variant, seed, budget: name, threads }: TextJob): Promise<Figures> {
  const { replay, words } = variants[variant as keyof typeof variants];
  const general = await textData('glosses', name);
  const { train: lines, heldOut } = (await textData('addresses', name)).texts;
  const key = foldIn(randomKey(seed), 'domain');
  const before = new BertForMaskedLM(bertConfig(sizesOf(general)), { key });
  before.loadStateDict((await pretrained('bert', general, 0, threads)).state);
  const { model, tokenizer } =
    words === 0
      ? { model: before, tokenizer: general.tokenizer }
      : await extendVocabulary(before, general.tokenizer, { lines: [...lines], count: words });
  // Positions and buckets are the model's.
  const own: TextData = {
    ...general,
    corpus: 'addresses',
    tokenizer,
    texts: { train: lines, heldOut, maxLength: general.texts.maxLength },
  };
  const others: TextData = { ...general, tokenizer };
  const losses = async (measured: BertForMaskedLM): Promise<readonly [number, number]> => [
    await lossPerCharacter(measured, own, threads),
    await lossPerCharacter(measured, others, threads),
  ];
  const [domainBefore, generalBefore] = await losses(model);
  await goOn(model, own, others, { replay, seed, key, threads });
  const [domainAfter, generalAfter] = await losses(model);
  return { domainBefore, domainAfter, generalBefore, generalAfter };
}

interface GoingOn {
  readonly replay: number;
  readonly seed: number;
  readonly key: RandomKey;
  readonly threads: number;
}

async function goOn(
  model: BertForMaskedLM,
  own: TextData,
  others: TextData,
  { replay, seed, key, threads }: GoingOn,
): Promise<void> {
  const texts = pretrainingTexts(own, 'train');
  const dataset =
    replay === 0 ? texts : mixSources({ domain: texts, general: pretrainingTexts(others, 'train'), replay, key });
  const { tokenizer, bucketLengths, batchSize, budget } = own;
  const steps = budget.sentenceSteps;
  await train(
    new MaskedLanguageModelling(model),
    new MlmLoader({ dataset, tokenizer, bucketLengths, batchSize, key, unmaskable: 'skip' }),
    { steps, schedule: pretrainingRates(steps, learningRate), seed, threads },
  );
}

/** Held-out loss of a masked token times tokens per character: so vocabularies compare. In nats per 100 characters. */
async function lossPerCharacter(model: BertForMaskedLM, data: TextData, threads: number): Promise<number> {
  const evaluator = new MaskedLmEvaluator(model, { threads });
  const { loss } = await evaluator.evaluate(maskedBatches(data, 'heldOut', 0));
  evaluator.dispose();
  const { texts, tokenizer } = data;
  const tokens = texts.heldOut.reduce(
    (sum, text) => sum + tokenizer.encode(text, { addSpecialTokens: false }).length,
    0,
  );
  const characters = texts.heldOut.reduce((sum, text) => sum + text.length, 0);
  return (100 * loss * tokens) / characters;
}
