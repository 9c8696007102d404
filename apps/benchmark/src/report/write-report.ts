import path from 'node:path';
import type { RunDirectory } from '../runs/run-directory.js';
import { writeWhole } from '@selfsup/ssl-core/files';
import { writeJson } from '../runs/write-json.js';
import { WrittenRecord } from '../runs/written-record.js';
import { collectReport } from './collect-report.js';
import { renderReport } from './render-report.js';

/** What {@link writeReport} writes. */
export const reportFiles = ['summary.json', 'report.html'] as const;

/**
 * Writes `summary.json` and `report.html` of finished runs. Needs no lock: each is written whole, and runs that are not
 * finished are refused.
 *
 * @returns path of the report
 * @throws DataError for a run that is not finished, or where files of these names are there that this program did not write
 */
export async function writeReport(folder: string, runs: readonly RunDirectory[]): Promise<string> {
  const data = await collectReport(runs);
  const file = path.join(folder, 'report.html');
  await (await WrittenRecord.of(folder)).add(reportFiles);
  await writeJson(path.join(folder, 'summary.json'), data.summary);
  await writeWhole(file, renderReport(data));
  return file;
}
