/**
 * Our side of a comparison with Hugging Face's masked-language modelling, in a process of its own so that its memory is
 * its own: `mlm-side.ts <MlmSide as JSON>`. Prints one JSON line; bench/peers/text_mlm.py is the other side.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomKey } from '@selfsup/ssl-core';
import { loadSafetensors } from '@selfsup/ssl-nn';
import { BertForMaskedLM, loadBertConfig, MaskedLanguageModelling, MaskedLmEvaluator } from '@selfsup/ssl-text-mlm';
import { readBatches } from './batch-file.js';
import type { MlmSide } from './mlm-beside-hugging-face.js';
import { train } from './train.js';

const { folder, threads, steps } = JSON.parse(process.argv[2]!) as MlmSide;
const { config } = await loadBertConfig(join(folder, 'config.json'));
const model = new BertForMaskedLM(config, { key: randomKey(0) });
model.loadStateDict((await loadSafetensors(join(folder, 'model.safetensors'))).tensors);
const rates = JSON.parse(await readFile(join(folder, 'rates.json'), 'utf8')) as number[];
const batches = {
  batchesPerEpoch: steps,
  close: async () => {},
  epoch: async function* (_: number, from = 0) {
    let place = 0;
    for (const batch of readBatches(join(folder, 'train.bin'))) if (place++ >= from) yield batch;
  },
};
const { timed } = await train(new MaskedLanguageModelling(model), batches, {
  steps,
  schedule: (step) => rates[Math.min(step, steps - 1)]!,
  seed: 0,
  threads,
});
const trained = process.resourceUsage().maxRSS / 1024;
const { loss } = await new MaskedLmEvaluator(model, { threads }).evaluate({
  epoch: async function* () {
    yield* readBatches(join(folder, 'held-out.bin'));
  },
});
process.stdout.write(`${JSON.stringify({ milliseconds: timed.all, loss, megabytes: trained })}\n`);
