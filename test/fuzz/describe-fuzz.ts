/**
 * Fuzzing of a reader of files: each case damages a good file (a seed) and opens it.
 *
 *     describeFuzz('npy', [{ name: 'a.npy', bytes }], async (path) => {
 *       const array = await openNpy(path, { maxBytes: 1 << 20 });
 *       expect(array.data.length).toBe(array.shape.reduce((a, b) => a * b, 1));
 *     });
 *
 * A case passes when `open` resolves (it asserts by itself that the answer has the right form) or throws a DataError
 * (or what `refusal` names).
 * It fails when `open` throws anything else, uses more than a second of processor time, does not come back, or asks for
 * more memory than `maxAllocation`. The undamaged seeds must open. A failure names the seed, the case and the damage;
 * the same case gives the same bytes again.
 *
 * `npm test` runs 500 cases per format, `npm run test:fuzz` 10,000; `SSL_FUZZ_CASES` sets another number.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, foldIn, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mutateBytes } from './mutate-bytes.js';
import { watchAllocations } from './watch-allocations.js';

export interface FuzzSeed {
  /** Name of the file, with the extension that the reader wants to see. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What is done after the damage, such as compression, so that the damage reaches the format inside. */
  readonly wrap?: (bytes: Uint8Array) => Uint8Array;
}

export interface FuzzOptions {
  /** Bytes that one case may ask for in buffers, in all. Default 64 MiB. */
  readonly maxAllocation?: number;
  /** First bytes of a file, which get most of the damage. Default 512. */
  readonly headerBytes?: number;
  /** What the reader throws for a damaged file. Default DataError. */
  readonly refusal?: { isInstance(error: unknown): boolean };
  /**
   * The reader mends damage, so that there may be cases enough without a refusal; its test then has to show by itself that
   * damage was met. Default false.
   */
  readonly mends?: boolean;
}

const casesPerFormat = Number(process.env['SSL_FUZZ_CASES'] ?? 500);
const casesPerTest = 500;
/** Only a hang takes that long on the wall clock; slowness is told by processor time. */
const hangSeconds = 40;

/**
 * Declares the tests of one format.
 *
 * @param open reads the damaged file at `path` to its end and asserts the form of the answer
 */
export function describeFuzz(
  format: string,
  seeds: readonly FuzzSeed[],
  open: (path: string) => Promise<void>,
  options: FuzzOptions = {},
): void {
  const { maxAllocation = 2 ** 26, headerBytes = 512, refusal = DataError, mends = false } = options;

  describe(`fuzz: ${format}`, () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'fuzz-'));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it.each(seeds.map(({ name }, index) => [name, index] as const))('opens the seed %s', async (_, index) => {
      const { name, bytes, wrap } = seeds[index]!;
      const path = join(folder, name);
      await writeFile(path, wrap?.(bytes) ?? bytes);
      await open(path);
    });

    const starts = Array.from({ length: Math.ceil(casesPerFormat / casesPerTest) }, (_, part) => part * casesPerTest);
    it.each(starts)('survives damaged files from case %i on', { timeout: 600_000 }, async (start) => {
      let refused = 0;
      const end = Math.min(start + casesPerTest, casesPerFormat);
      for (let number = start; number < end; number++) {
        const random = new RandomStream(foldIn(randomKey(6), `${format} ${number}`));
        const seed = seeds[random.integer(seeds.length)]!;
        const donor = seeds[random.integer(seeds.length)]!;
        const { bytes, steps } = mutateBytes(seed.bytes, donor.bytes, random, headerBytes);
        const path = join(folder, seed.name);
        await writeFile(path, seed.wrap?.(bytes) ?? bytes);
        const problem = await problemOf(() => open(path), maxAllocation, refusal);
        if (problem === 'refused') refused++;
        else if (problem !== undefined)
          expect.fail(`case ${number}, ${seed.name} (${steps.join('; ')}): ${problem.reason}`);
      }
      if (!mends) expect(refused, 'a fuzzer whose files are all good tests nothing').toBeGreaterThan(0);
    });
  });
}

/** What is wrong with how `open` ended, `refused` when nothing is but it threw a `refusal`. */
export async function problemOf(
  open: () => Promise<void>,
  maxAllocation: number,
  refusal: { isInstance(error: unknown): boolean } = DataError,
): Promise<'refused' | { readonly reason: string } | undefined> {
  const before = process.cpuUsage();
  const watch = watchAllocations();
  let outcome: 'opened' | 'refused';
  try {
    outcome = await withinWallTime(open()).then(
      () => 'opened' as const,
      (error: unknown) => {
        if (refusal.isInstance(error)) return 'refused' as const;
        throw error;
      },
    );
  } catch (error) {
    return { reason: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  } finally {
    watch.stop();
  }
  const { user, system } = process.cpuUsage(before);
  if (user + system > 1e6) return { reason: `took ${(user + system) / 1e6} s of processor time` };
  if (watch.total() > maxAllocation)
    return { reason: `asked for ${watch.total()} bytes of memory, the limit is ${maxAllocation}` };
  return outcome === 'refused' ? 'refused' : undefined;
}

async function withinWallTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    let ticks = 0;
    // Ticks, not a date: a process that was stopped and goes on did not hang.
    timer = setInterval(() => {
      if (++ticks === hangSeconds) reject(new Error(`did not come back in ${hangSeconds} s`));
    }, 1000);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearInterval(timer);
  }
}
