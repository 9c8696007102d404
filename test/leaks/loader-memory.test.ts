import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('20 epochs of files in workers take no more memory than the first 7: growth below 10 %', async () => {
  // A process of its own: what other tests leave in memory must not hide a leak.
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    '--no-warnings',
    '--conditions=ssl-source',
    '--import=tsx',
    join(import.meta.dirname, 'loader-memory.ts'),
  ]);
  const memory = JSON.parse(stdout) as {
    /** Megabytes at the end of each epoch. */
    readonly resident: readonly number[];
    /** Mean of the third to seventh epoch, and of the last five. */
    readonly early: number;
    readonly late: number;
    /** `late / early - 1`. */
    readonly growth: number;
    readonly batches: number;
    /** Of all views that were delivered. */
    readonly megabytes: number;
    readonly skipped: number;
  };
  expect(memory.resident).toHaveLength(20);
  expect(memory.batches).toBe(160);
  expect(memory.skipped).toBe(1);
  // Had the batches of the epochs between stayed, the growth would be three times the bound.
  expect(memory.megabytes * (12.5 / 20)).toBeGreaterThan(3 * 0.1 * memory.early);
  expect(memory.growth).toBeLessThan(0.1);
}, 300_000);
