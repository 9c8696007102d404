import { isDeepStrictEqual } from 'node:util';
import path from 'node:path';
import { clearLeftovers, FolderLock } from '@selfsup/ssl-core/files';
import type { RunSettings } from '../commands/run-options.js';
import type { LoadedRecipe } from '../recipes/load-recipe.js';
import type { Recipe } from '../recipes/recipe-schema.js';
import { collectReport } from '../report/collect-report.js';
import { reportFiles, writeReport } from '../report/write-report.js';
import { duration } from './duration.js';
import { Interruption } from './interruption.js';
import { openOutFolder } from './out-folder.js';
import { Progress } from './progress.js';
import type { PlannedStage } from './progress.js';
import type { Pipeline } from './pipeline.js';
import { RunDirectory } from './run-directory.js';
import type { Existing } from './run-directory.js';
import { Stages } from './stages.js';
import type { Summary } from './summary.js';
import { isUnfinished } from './unfinished.js';
import { versions } from './versions.js';
import { WrittenRecord } from './written-record.js';
import { textPipeline } from '../stages/text/text-pipeline.js';
import { visionPipeline } from '../stages/vision/vision-pipeline.js';

/** What to run and where. */
export interface Execution {
  readonly runs: readonly { readonly loaded: LoadedRecipe; readonly directory: string }[];
  /** Where the summary and the report of all runs go. */
  readonly root: string;
  readonly settings: RunSettings;
  readonly existing: Existing;
  /** Shown after Ctrl-C. */
  readonly resumeCommand: string;
}

/** Runs recipes one after the other and writes one summary and one report. */
export async function execute({ runs, root, settings, existing, resumeCommand }: Execution): Promise<Summary> {
  const started = performance.now();
  const opened = await Promise.all(runs.map((run) => open(run, settings.seed)));
  const progress = new Progress(
    opened.flatMap(({ plan }) => plan),
    settings.quiet ? undefined : process.stderr,
  );
  const interruption = new Interruption(resumeCommand);
  const directories: RunDirectory[] = [];
  let rootLock: FolderLock | undefined;
  try {
    for (const note of opened.flatMap(({ notes }) => notes)) progress.note(note);
    const goesOn = existing !== 'resume' && (await isUnfinished(opened));
    if (goesOn) progress.note(`Going on with what was stopped in ${root}; delete that folder to begin anew`);
    if (opened.every(({ directory }) => directory !== root)) rootLock = await openRoot(root);
    for (const { loaded, directory } of opened) {
      const run = await RunDirectory.begin(directory, loaded, goesOn ? 'resume' : existing, (note) =>
        progress.note(note),
      );
      directories.push(run);
      if (!isDeepStrictEqual(run.config.versions, versions()))
        progress.note(
          'Note: other versions than those that this run began with; its figures may differ from an unbroken run.',
        );
    }
    for (const [index, directory] of directories.entries()) {
      const { loaded, pipeline } = opened[index]!;
      const stages = new Stages(directory, progress, `${loaded.name}/`);
      await pipeline.run(loaded.recipe, {
        directory,
        stages,
        progress,
        interruption,
        workers: settings.workers,
        device: settings.device,
        quiet: settings.quiet,
      });
      await directory.checkPresent('log.jsonl');
      if (directory.path !== root) await writeReport(directory.path, [directory]);
    }
    const report = await writeReport(root, directories);
    progress.note(
      `Done in ${duration((performance.now() - started) / 1000)}. Report: ${path.relative(process.cwd(), report)}`,
    );
    const { summary } = await collectReport(directories);
    if (settings.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    return summary;
  } finally {
    interruption.close();
    for (const directory of directories) await directory.close();
    await rootLock?.release();
  }
}

/** The folder of a report of several runs, which are folders in it. */
async function openRoot(root: string): Promise<FolderLock> {
  await openOutFolder(root);
  const lock = await FolderLock.acquire(root, { purpose: 'ssl-benchmark demo' });
  try {
    await clearLeftovers(root, { locked: true });
    // A report of somebody else's is in the way now, and not after all the training.
    await (await WrittenRecord.of(root)).add(reportFiles);
  } catch (error) {
    await lock.release();
    throw error;
  }
  return lock;
}

interface OpenedRun {
  readonly loaded: LoadedRecipe;
  readonly directory: string;
  readonly pipeline: Pipeline<Recipe>;
  readonly plan: readonly PlannedStage[];
  readonly notes: readonly string[];
}

async function open({ loaded, directory }: Execution['runs'][number], seed: number | undefined): Promise<OpenedRun> {
  const pipeline = pipelineOf(loaded.recipe);
  const seeded = seed === undefined ? loaded.recipe : { ...loaded.recipe, seed };
  const { recipe, plan, notes } = await pipeline.open(seeded);
  return {
    loaded: { ...loaded, recipe },
    directory,
    pipeline,
    plan: plan.map((stage) => ({ ...stage, name: `${loaded.name}/${stage.name}` })),
    notes: notes.map((note) => `${loaded.name}: ${note}`),
  };
}

function pipelineOf({ kind }: Recipe): Pipeline<Recipe> {
  return (kind === 'vision-simclr' ? visionPipeline : textPipeline) as Pipeline<Recipe>;
}
