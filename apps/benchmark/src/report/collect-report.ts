import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { readSealedJson } from '../runs/read-json.js';
import type { RunDirectory } from '../runs/run-directory.js';
import type { StageRecord } from '../runs/stages.js';
import type { Summary, TextFigures, VisionFigures } from '../runs/summary.js';
import type { ReportData, StageTime, TextReport, VisionReport } from './report-data.js';

/** Stages in the order of the report's table of timings. */
const visionStages = ['random', 'pretrain', 'knn', 'linear', 'fine-tune', 'scratch', 'map', 'neighbours'] as const;
const textStages = ['tokenizer', 'pretrain', 'fine-tune', 'scratch', 'masks'] as const;

/**
 * Reads what runs have saved.
 *
 * @throws DataError for a run that is not finished or whose files are damaged
 */
export async function collectReport(runs: readonly RunDirectory[]): Promise<ReportData> {
  const reports = await Promise.all(
    runs.map((run) => (run.config.recipe.kind === 'vision-simclr' ? collectVision(run) : collectText(run))),
  );
  const first = runs[0];
  if (first === undefined) throw new InvalidOptionError('collectReport', 'runs', 'at least one run', 'none');
  const vision = reports.find((report) => report.kind === 'vision');
  const text = reports.find((report) => report.kind === 'text');
  const summary: Summary = {
    ...(vision === undefined ? {} : { vision: visionFigures(vision) }),
    ...(text === undefined ? {} : { text: textFigures(text) }),
    seed: first.config.recipe.seed,
    versions: first.config.versions,
    machine: first.config.machine,
  };
  return { summary, runs: reports };
}

async function collectVision(run: RunDirectory): Promise<VisionReport> {
  const { records, times } = await readStages(run, visionStages);
  const { recipe, name, startedAt } = run.config;
  return {
    kind: 'vision',
    name,
    startedAt,
    recipe: recipe as VisionReport['recipe'],
    random: records['random'] as VisionReport['random'],
    pretrain: records['pretrain'] as VisionReport['pretrain'],
    knn: records['knn'] as VisionReport['knn'],
    linear: records['linear'] as VisionReport['linear'],
    fineTune: records['fine-tune'] as VisionReport['fineTune'],
    scratch: records['scratch'] as VisionReport['scratch'],
    map: records['map'] as VisionReport['map'],
    neighbours: records['neighbours'] as VisionReport['neighbours'],
    times,
  };
}

async function collectText(run: RunDirectory): Promise<TextReport> {
  const { records, times } = await readStages(run, textStages);
  const { recipe, name, startedAt } = run.config;
  return {
    kind: 'text',
    name,
    startedAt,
    recipe: recipe as TextReport['recipe'],
    tokenizer: records['tokenizer'] as TextReport['tokenizer'],
    pretrain: records['pretrain'] as TextReport['pretrain'],
    fineTune: records['fine-tune'] as TextReport['fineTune'],
    scratch: records['scratch'] as TextReport['scratch'],
    masks: records['masks'] as TextReport['masks'],
    times,
  };
}

async function readStages(
  run: RunDirectory,
  names: readonly string[],
): Promise<{ records: Record<string, unknown>; times: StageTime[] }> {
  const records: Record<string, unknown> = {};
  const times: StageTime[] = [];
  for (const name of names) {
    const record = (await readSealedJson(run.file('artifacts', `${name}.json`))) as StageRecord | undefined;
    if (record?.result === undefined)
      throw new DataError(`the run is not finished: stage ${name} has no result; go on with --resume`, {
        path: run.path,
      });
    records[name] = record.result;
    times.push({ title: record.title, seconds: record.seconds });
  }
  return { records, times };
}

function visionFigures({ knn, linear, fineTune, scratch, random, pretrain }: VisionReport): VisionFigures {
  return {
    knn: knn.accuracy,
    linear: linear.accuracy,
    fineTune: fineTune.accuracy,
    scratch: scratch.accuracy,
    random: { knn: random.knn, linear: random.linear.accuracy },
    seconds: pretrain.seconds,
    knnAlong: pretrain.knnAlong,
  };
}

function textFigures({ pretrain, fineTune, scratch }: TextReport): TextFigures {
  return {
    maskedAccuracy: pretrain.maskedAccuracy,
    maskedLoss: pretrain.maskedLoss,
    fineTune: fineTune.accuracy,
    scratch: scratch.accuracy,
    seconds: pretrain.seconds,
  };
}
