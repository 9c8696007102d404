import { existsSync } from 'node:fs';
import { checkPath } from '@selfsup/ssl-core/files';
import { checkCount, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { RunLogger } from '../run-logger.js';
import { CsvFile } from './csv-file.js';

/**
 * A CSV file with a row per step and a column per name, by RFC 4180: what is found at a step stands in its row. A name
 * that comes later gets a column behind the others, empty in the rows before it; the file is then written anew, whole.
 * Numbers are written in full; `NaN`, `Infinity` and `-Infinity` so. Text, pictures and histograms have no place in it.
 *
 * A fresh run starts the file anew, a resumed one continues it after its step. One run writes to a file: beside it lies
 * `<name>.lock` meanwhile.
 *
 * @param path of the file; folders that are missing are made
 * @throws InvalidOptionError for what is no path
 *
 * @example
 * const observers = logTo(csvLog('runs/a/log.csv'));
 */
export function csvLog(path: string): RunLogger {
  checkPath('csvLog', 'path', path);
  let file: CsvFile | undefined;
  let work: Promise<void> = Promise.resolve();
  return {
    name: `csvLog ${path}`,
    async open({ startStep }, tell) {
      if (startStep > 0 && !existsSync(path))
        tell(`${path}: there is no log of the steps before; it begins after step ${startStep}`);
      file = await CsvFile.open(path, startStep, () =>
        tell(`${path}: waiting up to 30 s to see whether the run that holds it still lives`),
      );
    },
    scalars(step, values) {
      checkCount('csvLog', { step }, 0);
      if (Object.hasOwn(values, 'step'))
        throw new InvalidOptionError('csvLog', 'values.step', 'under another name: the first column has it', 'step');
      const cells = new Map(Object.entries(values).map(([name, value]) => [name, String(value)]));
      // One after the other, also for who does not wait.
      const done = work.then(() => file?.write(step, cells));
      work = done.catch(() => undefined);
      return done;
    },
    async flush() {
      await work;
      file?.flush();
    },
    async close() {
      await work;
      await file?.close();
      file = undefined;
    },
  };
}
