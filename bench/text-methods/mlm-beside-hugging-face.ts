import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foldIn, randomKey } from '@selfsup/ssl-core';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { BertForMaskedLM, bertConfig, bertConfigToJson } from '@selfsup/ssl-text-mlm';
import { ownProcess, peerProcess } from '../runs/job-process.js';
import type { CorpusName } from '../texts/corpora.js';
import { writeBatches } from './batch-file.js';
import { maskedBatches, textData } from './data-of.js';
import { families, sizesOf } from './encoders.js';
import { pretrainingRates } from './pretrained.js';
import type { Figures, TextJob } from './rows.js';
import { meanAfterWarming } from './timed-steps.js';
import { adamW } from './train.js';

/** What a side is told; the folder has the model, its first weights, the rates of the updates and all batches. */
export interface MlmSide {
  readonly folder: string;
  readonly steps: number;
  readonly threads: number;
  readonly adamW: typeof adamW;
}

/** What a side says. */
interface Said {
  /** Of each update. */
  readonly milliseconds: readonly number[];
  /** Held-out, after all updates. */
  readonly loss: number;
  /** Peak in training. */
  readonly megabytes: number;
}

/** Both sides on the same batches from the same first weights, one after the other. */
export async function besideHuggingFace({ variant, seed, budget: budgetName, threads }: TextJob): Promise<Figures> {
  const data = await textData(variant as CorpusName, budgetName);
  const steps = data.budget.peerSteps;
  const folder = await mkdtemp(join(tmpdir(), 'text-mlm-'));
  try {
    const config = bertConfig(sizesOf(data));
    const model = new BertForMaskedLM(config, { key: foldIn(randomKey(seed), 'bert') });
    await saveSafetensors(join(folder, 'model.safetensors'), model.stateDict(), { format: 'pt' });
    await writeFile(join(folder, 'config.json'), JSON.stringify(bertConfigToJson(config, 'BertForMaskedLM')));
    const rate = pretrainingRates(steps, families.bert.learningRate);
    await writeFile(join(folder, 'rates.json'), JSON.stringify(Array.from({ length: steps }, (_, step) => rate(step))));
    await writeBatches(join(folder, 'train.bin'), maskedBatches(data, 'train', seed), steps);
    await writeBatches(join(folder, 'held-out.bin'), maskedBatches(data, 'heldOut', 0));
    const side: MlmSide = { folder, steps, threads, adamW };
    const ours = await ownProcess<Said>(new URL('mlm-side.ts', import.meta.url), side);
    const theirs = await peerProcess<Said>('text_mlm.py', side);
    const [own, their] = [meanAfterWarming(ours.milliseconds), meanAfterWarming(theirs.milliseconds)];
    return {
      ours: ours.loss,
      theirs: theirs.loss,
      oursMilliseconds: own,
      theirMilliseconds: their,
      time: own / their,
      oursMegabytes: ours.megabytes,
      theirMegabytes: theirs.megabytes,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
