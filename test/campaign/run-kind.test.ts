import { expect, test } from 'vitest';
import { kinds as harnessKinds } from './harness-kinds.js';
import type { KindResult } from './kind.js';
import { kinds } from './kinds.js';
import { resultsTable } from './results-table.js';
import { runKind } from './run-kind.js';

const [endings, unprepared] = harnessKinds as [(typeof harnessKinds)[0], (typeof harnessKinds)[0]];
const play = (kind: typeof endings, seed: number, numbers: readonly number[]): Promise<KindResult> =>
  runKind(kind, seed, numbers, './harness-kinds.ts');

test.skipIf(process.platform === 'win32')(
  'tells every way in which a case ends, and goes on after each',
  { timeout: 240_000 },
  async () => {
    const result = await play(endings, 1, [5, 6, 7, 0, 1, 2, 3, 4, 8, 0]);
    expect(result).toMatchObject({ cases: 10, same: 2, refused: 1, other: 1 });
    const reasons = new Map(result.failures.map(({ number, reason, what }) => [number, `${what}: ${reason}`]));
    expect(reasons.get(3)).toContain('another result without a word');
    expect(reasons.get(4)).toContain('TypeError: of nothing');
    expect(reasons.get(5)).toBe('a loop without end: did not end in 3 s');
    expect(reasons.get(6)).toMatch(/MB resident, the limit is 350/);
    expect(reasons.get(7)).toContain('the process died (status 3)');
    expect(reasons.get(8)).toContain('left a file operation behind');
    expect(result.failures).toHaveLength(6);
    expect(result.peakMegabytes).toBeGreaterThan(350);
    expect(resultsTable([result])).toMatch(
      /\| `endings`: every way to end \| 10 \| 1 \| 2 \| 1 \| 6 \| [\d.]+ \| \d+ \|/,
    );
  },
);

test('the same seed and number give the same case, others another', { timeout: 120_000 }, async () => {
  const drawn = async (seed: number): Promise<string> =>
    (await play(endings, seed, [9])).failures[0]!.reason.split('\n')[0]!;
  const [first, again, other] = [await drawn(1), await drawn(1), await drawn(2)];
  expect(first).toMatch(/drew \d+/);
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test('what cannot be prepared is one failure', { timeout: 120_000 }, async () => {
  const { failures } = await play(unprepared, 1, [0, 1, 2, 3, 4]);
  expect(failures).toEqual([{ number: 0, what: 'preparation', reason: expect.stringContaining('no good input') }]);
});

test('every kind of the campaign has a name of its own', () => {
  const names = kinds.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { cases } of kinds) expect(cases.small).toBeLessThanOrEqual(cases.full);
});
