import { expect, it } from 'vitest';
import { randomKey } from '@selfsup/ssl-core';
import { beamSearch } from './beam-search.js';
import { largest, type NextTokens } from './caption-search.js';
import { nucleus } from './nucleus.js';
import { oneByOne } from './one-by-one.js';

const [end, start] = [0, 9];
const limits = { begin: [start], end, minLength: 0, maxLength: 4 };
/** Log probabilities of tokens 0 to 3 after a text, made up but the same each time. */
const probabilities = (ids: readonly number[]): number[] => {
  const values = [0, 1, 2, 3].map((id) => 1.5 * Math.sin(7 * id + ids.reduce((sum, x, at) => sum + (at + 2) * x, 0)));
  const total = values.reduce((sum, value) => sum + Math.exp(value), 0);
  return values.map((value) => value - Math.log(total));
};
const next: NextTokens = async (drafts) => drafts.map(({ ids }) => Float32Array.from(probabilities(ids)));

/** Every text there is, with its score. */
function all(ids: readonly number[], score: number): { ids: readonly number[]; score: number }[] {
  const isWhole = ids.length === limits.maxLength || (ids.length > 1 && ids.at(-1) === end);
  if (isWhole) return [{ ids, score: score / (ids.length - 1) }];
  return probabilities(ids).flatMap((value, id) => all([...ids, id], score + value));
}

it('with beams enough for every text, finds the best one', async () => {
  const [best] = all([start], 0).sort((a, b) => b.score - a.score);
  const [found] = await beamSearch(1, next, limits, { beams: 64, lengthPenalty: 1 });
  expect(found).toEqual(best!.ids);
});

it('with one beam takes the likeliest token, as greedy does, until it ends', async () => {
  const greedy = await oneByOne(1, next, limits, (scores) => largest(scores, 1)[0]!);
  expect(greedy[0]!.slice(1)).toEqual(
    greedy[0]!.slice(1).map((_, at) => largest(Float32Array.from(probabilities(greedy[0]!.slice(0, at + 1))), 1)[0]),
  );
  const late = await oneByOne(1, next, { ...limits, minLength: 4 }, (scores) => largest(scores, 1)[0]!);
  expect(late[0]!.slice(0, 3)).not.toContain(end);
});

it('the nucleus is the fewest tokens of that mass', () => {
  const scores = Float32Array.from([0.5, 0.2, 0.2, 0.1].map(Math.log));
  const drawn = (topP: number): Set<number> =>
    new Set(Array.from({ length: 200 }, (_, picture) => nucleus(topP, randomKey(1), 0)(scores, picture, 1)));
  expect([...drawn(0.4)]).toEqual([0]);
  expect([...drawn(0.6)].sort((a, b) => a - b)).toEqual([0, 1]);
  expect([...drawn(1)].sort((a, b) => a - b)).toEqual([0, 1, 2, 3]);
  const share = Array.from({ length: 2000 }, (_, at) => nucleus(1, randomKey(2), 0)(scores, at, 1)).filter(
    (x) => x === 0,
  );
  expect(share.length / 2000).toBeCloseTo(0.5, 1);
});

it('the largest are in order, the lower place first', () => {
  expect(largest(Float32Array.of(1, 3, 3, 2, -Infinity), 4)).toEqual([1, 2, 3, 0]);
});
