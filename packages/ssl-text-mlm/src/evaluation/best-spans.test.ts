import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { type AnswerSpan, bestSpans } from './best-spans.js';

it('the best answers are those of a search over all pairs', () => {
  const stream = new RandomStream(randomKey(3));
  for (let round = 0; round < 40; round++) {
    const tokens = 1 + stream.integer(12);
    // Whole numbers, so that scores are often equal.
    const numbers = (): number[] => Array.from({ length: tokens }, () => stream.integer(4));
    const [start, end] = [numbers(), numbers()];
    const allowed = Array.from({ length: tokens }, () => (stream.bernoulli(0.7) ? 1 : 0));
    const [maxAnswerLength, count] = [1 + stream.integer(5), 1 + stream.integer(4)];
    const all: AnswerSpan[] = [];
    for (let first = 0; first < tokens; first++)
      for (let last = first; last < tokens; last++)
        if (last - first < maxAnswerLength && allowed[first] === 1 && allowed[last] === 1)
          all.push({ start: first, end: last, score: start[first]! + end[last]! });
    const wanted = all.toSorted((a, b) => b.score - a.score).slice(0, count);
    expect(bestSpans(start, end, { maxAnswerLength, count, allowed })).toEqual(wanted);
  }
});

it('an answer does not end before it begins, nor is it longer than allowed', () => {
  expect(bestSpans([0, 0, 9, 0], [0, 9, 0, 1])).toEqual([{ start: 2, end: 3, score: 10 }]);
  expect(bestSpans([9, 0, 0, 1], [0, 0, 0, 9], { maxAnswerLength: 2 })).toEqual([{ start: 3, end: 3, score: 10 }]);
  expect(bestSpans([1, 2], [1, 2], { allowed: [0, 0] })).toEqual([]);
});

it('names what does not fit', () => {
  expect(() => bestSpans([1, 2], [1])).toThrow(ShapeError);
  expect(() => bestSpans([1], [1], { allowed: [1, 1] })).toThrow(ShapeError);
  expect(() => bestSpans([NaN], [1])).toThrow(InvalidOptionError);
  expect(() => bestSpans([1], [1], { maxAnswerLength: 0 })).toThrow(InvalidOptionError);
});
