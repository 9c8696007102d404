import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** Megabytes that the process and its workers have without pictures, at most. */
const base = 420;
/** Of one picture's pixels. */
const picture = (9000 * 9000 * 3) / 2 ** 20;

it.each([
  [0, 2 ** 28],
  [3, 2 ** 28],
])(
  'six pictures of 81 megapixels take the memory of one at a time, with %i workers',
  async (workers, bytes) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--no-warnings',
      '--conditions=ssl-source',
      '--import=tsx',
      join(import.meta.dirname, 'decode-memory.ts'),
      String(workers),
      String(bytes),
    ]);
    const { pictures, most } = JSON.parse(stdout) as { pictures: number; most: number };
    expect(pictures).toBe(6);
    // Three more at a time would be 700 more.
    expect(most).toBeLessThan(base + 1.5 * picture);
  },
  120_000,
);
