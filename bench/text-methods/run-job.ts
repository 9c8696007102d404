/** Makes one run and prints its row: `run-job.ts <job as JSON>`, called by bench/text-methods.ts in a process of its own. */
import { conditions } from '../runs/conditions.js';
import { textData } from './data-of.js';
import { domain } from './domain.js';
import { fineTuned } from './fine-tuning.js';
import type { EncoderName, KindName } from './kinds.js';
import { besideHuggingFace } from './mlm-beside-hugging-face.js';
import { objective } from './objectives.js';
import { pretrained } from './pretrained.js';
import type { Figures, TextJob, TextRow } from './rows.js';
import { sentences } from './sentences.js';
import { throughput } from './throughput.js';
import { wordVectors } from './word-vectors.js';

/** Who measures each kind. */
const measures: Readonly<Record<KindName, (job: TextJob) => Promise<Figures>>> = {
  'fine-tuning': fineTuned,
  sentences,
  'mlm-beside-hugging-face': besideHuggingFace,
  encoders: async ({ variant, seed, budget, threads }) => {
    const data = await textData('glosses', budget);
    return (await pretrained(variant as EncoderName, data, seed, threads)).figures;
  },
  objectives: objective,
  domain,
  throughput,
  word2vec: wordVectors,
};

const job = JSON.parse(process.argv[2]!) as TextJob;
const under = conditions();
const start = performance.now();
const figures = await measures[job.kind](job);
const row: TextRow = {
  ...job,
  figures: Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(value.toPrecision(6))])),
  seconds: Math.round((performance.now() - start) / 1000),
  peakMemory: Math.round(process.resourceUsage().maxRSS / 1024),
  ...under,
};
process.stdout.write(`${JSON.stringify(row)}\n`);
