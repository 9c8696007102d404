import path from 'node:path';
import type { RunDirectory } from '../runs/run-directory.js';
import { writeFileAtomic, writeJson } from '../runs/write-file-atomic.js';
import { collectReport } from './collect-report.js';
import { renderReport } from './render-report.js';

/**
 * Writes `summary.json` and `report.html` of finished runs.
 *
 * @returns path of the report
 * @throws DataError for a run that is not finished
 */
export async function writeReport(folder: string, runs: readonly RunDirectory[]): Promise<string> {
  const data = await collectReport(runs);
  const file = path.join(folder, 'report.html');
  await writeJson(path.join(folder, 'summary.json'), data.summary);
  await writeFileAtomic(file, renderReport(data));
  return file;
}
