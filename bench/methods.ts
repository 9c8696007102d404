/**
 * What each method of `pretrain` is worth after the same small budget on letters, digits and emoji, beside random encoders
 * of the same architecture, the architecture trained on labels alone, and lightly's methods: bench/results/methods.json and
 * methods.md, at the last epoch. See `--help`.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { Architecture } from './methods/architecture.js';
import { budgets, mainMethods, peerMethods } from './methods/budgets.js';
import type { Job } from './methods/job.js';
import { methodsPage } from './methods/page.js';
import { keyOf, type Row } from './methods/rows.js';
import { type PictureSetName, pictureSet, pictureSets } from './pictures/picture-set.js';
import { ownProcess } from './runs/job-process.js';
import { ResultsFile } from './runs/results-file.js';

type OwnRow = Row & { readonly architecture: Architecture };

const usage = `usage: npm run bench:methods -- [options]

  --data letters,digits,emoji  sets of pictures (default: letters)
  --methods simclr,byol        (default: the twelve main ones)
  --seeds 0,1,2                (default: 0)
  --sides ours,lightly         (default: ours; lightly wants PEER_PYTHON, a Python with torch, torchvision, lightly, timm)
  --scratch                    also the architectures trained on labels alone
  --threads 2                  that compute in a run (default: all cores)
  --jobs 1                     runs at a time: more of them, of one thread each, are sooner done but no measure of speed
  --options '{"epochs":1}'     for searches: options of pretrain in place of what is chosen; rows are printed, not kept
  --page                       write methods.md of the rows that are there, and run nothing

Writes bench/results/methods.json and methods.md after each run; runs that are there are not run again, so that the command
goes on where it was stopped. On two quiet cores a run on letters or digits takes two to five minutes, one on emoji about
ten; the pictures are made once, in ten minutes, from packages of the npm registry.
`;
const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    data: { type: 'string', default: 'letters' },
    methods: { type: 'string', default: mainMethods.join() },
    seeds: { type: 'string', default: '0' },
    sides: { type: 'string', default: 'ours' },
    scratch: { type: 'boolean', default: false },
    threads: { type: 'string', default: String(availableParallelism()) },
    jobs: { type: 'string', default: '1' },
    options: { type: 'string' },
    page: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit();
}
const listOf = (text: string): string[] => text.split(',').map((item) => item.trim());
const sets = listOf(values.data) as PictureSetName[];
for (const name of sets) {
  if (Object.hasOwn(pictureSets, name)) continue;
  process.stderr.write(`--data: ${name} is none of ${Object.keys(pictureSets).join(', ')}\n`);
  process.exit(2);
}
/** Runs that go on. */
const underWay = new Map<string, Promise<OwnRow | undefined>>();
/** Of random encoders. */
const randomSeeds = [0, 1, 2, 3, 4];

const results = await ResultsFile.open<OwnRow>('methods', methodsPage);
const { rows } = results;

if (!values.page) for (const data of sets) await benchmark(data);
// Searches keep nothing, and may run beside a run that does.
if (values.options === undefined) await results.save();

/** Makes the rows of a set that are not there. */
async function benchmark(data: PictureSetName): Promise<void> {
  await pictureSet(data);
  const runs = listOf(values.methods).flatMap((method) =>
    listOf(values.seeds).map((seed) => ({ method, seed: Number(seed) })),
  );
  const worker = async (): Promise<void> => {
    for (let run = runs.shift(); run !== undefined; run = runs.shift()) await compare(data, run.method, run.seed);
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
}

/** A method and what stands beside it. */
async function compare(data: PictureSetName, method: string, seed: number): Promise<void> {
  const own = await made({ ...jobOf(data, seed), side: 'ours', method });
  if (own === undefined) return;
  const { architecture } = own;
  for (const one of randomSeeds) await made({ ...jobOf(data, one), side: 'random', method: '', architecture });
  if (values.scratch) await made({ ...jobOf(data, seed), side: 'scratch', method: '', architecture });
  if (listOf(values.sides).includes('lightly') && peerMethods.includes(method))
    await made({ ...jobOf(data, seed), side: 'lightly', method, architecture });
}

function jobOf(data: PictureSetName, seed: number): Omit<Job, 'side' | 'method'> {
  const options =
    values.options === undefined ? {} : { options: JSON.parse(values.options) as Record<string, unknown> };
  return { data, seed, ...budgets[data], threads: Number(values.threads), ...options };
}

/** The row of a job: that which is there, or of a run. */
function made(job: Job): Promise<OwnRow | undefined> {
  const search = job.options !== undefined && job.side === 'ours';
  const there = rows.find((row) => sameRun(row, job));
  if (there !== undefined && !search) return Promise.resolve(there);
  const name = JSON.stringify(job);
  const running = underWay.get(name) ?? run(job, search);
  underWay.set(name, running);
  return running;
}

async function run(job: Job, search: boolean): Promise<OwnRow | undefined> {
  try {
    const row = await ownProcess<OwnRow>(new URL('methods/run-job.ts', import.meta.url), job);
    const { architecture, ...told } = row;
    process.stdout.write(`${JSON.stringify(told)}\n`);
    if (search) return undefined;
    rows.push({ ...told, architecture });
    await results.save();
    return row;
  } catch (error) {
    process.stderr.write(`${job.side} ${job.method} on ${job.data}: ${(error as Error).message}\n`);
    return undefined;
  }
}

/** Whether a row is a job's. Which encoder a method has is its own choice; other sides are told which. */
function sameRun(row: OwnRow, job: Job): boolean {
  const same = keyOf({ ...row, encoder: '' }) === keyOf({ ...row, ...job, encoder: '' });
  return (
    same && (job.architecture === undefined || JSON.stringify(row.architecture) === JSON.stringify(job.architecture))
  );
}
