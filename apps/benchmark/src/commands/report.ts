import path from 'node:path';
import { defineCommand } from 'citty';
import { DataError, printable } from '@selfsup/ssl-core';
import { RunDirectory } from '../runs/run-directory.js';

/** `ssl-benchmark report <folder>`: makes the report again from what the run saved. */
export const report = defineCommand({
  meta: { name: 'report', description: 'Render the report of a finished run again' },
  args: {
    folder: { type: 'positional', required: true, description: 'Folder of a run, or of several' },
    help: { type: 'boolean', alias: 'h', description: 'Show this help' },
  },
  async run({ args }) {
    const root = path.resolve(args.folder);
    const runs = await RunDirectory.openAll(root);
    if (runs.length === 0) throw new DataError('holds no run (no run.json here or one folder down)', { path: root });
    const { writeReport } = await import('../report/write-report.js');
    process.stderr.write(`Report: ${printable(await writeReport(root, runs))}\n`);
  },
});
