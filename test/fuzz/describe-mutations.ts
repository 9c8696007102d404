import { foldIn, randomKey, RandomStream, SslError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { problemOf } from './describe-fuzz.js';
import { mutateJson } from './mutate-json.js';

const cases = Number(process.env['SSL_FUZZ_CASES'] ?? 500);
const perTest = 500;

/**
 * Fuzzing of a reader of parsed JSON: each case damages the values of a good document. A case passes when `use` comes back or
 * throws an error of ours within a second of processor time.
 *
 * @param maxAllocation bytes that one case may ask for in buffers, in all
 */
export function describeMutations(
  name: string,
  seeds: readonly unknown[],
  use: (document: unknown) => void | Promise<void>,
  maxAllocation = Infinity,
): void {
  describe(`fuzz: ${name}`, () => {
    it('takes the seeds', async () => {
      for (const seed of seeds) await use(structuredClone(seed));
    });

    const starts = Array.from({ length: Math.ceil(cases / perTest) }, (_, part) => part * perTest);
    it.each(starts)('survives damaged documents from case %i on', { timeout: 600_000 }, async (start) => {
      let refused = 0;
      for (let number = start; number < Math.min(start + perTest, cases); number++) {
        const random = new RandomStream(foldIn(randomKey(8), `${name} ${number}`));
        const { value, steps } = mutateJson(seeds[random.integer(seeds.length)], random);
        const problem = await problemOf(async () => use(value), maxAllocation, SslError);
        if (problem === 'refused') refused++;
        else if (problem !== undefined) expect.fail(`case ${number} (${steps.join('; ')}): ${problem.reason}`);
      }
      expect(refused, 'a fuzzer whose documents are all good tests nothing').toBeGreaterThan(0);
    });
  });
}
