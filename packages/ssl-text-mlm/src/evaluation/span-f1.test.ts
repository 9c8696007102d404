import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataError, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { spanF1, type SpanScores } from './span-f1.js';

interface Golden {
  readonly gold: string[][];
  readonly predicted: string[][];
  readonly report: Record<string, SpanScores>;
}
const file = join(import.meta.dirname, '../../../../test/golden/transfer/metrics.json');
const { spans } = JSON.parse(readFileSync(file, 'utf8')) as { readonly spans: Golden };

it('gives the precision, recall, F1 and support of seqeval, of each type and of all', () => {
  const { byType, ...all } = spanF1(spans.predicted, spans.gold);
  expect([...byType.keys()]).toEqual(['LOC', 'ORG', 'PER']);
  for (const [name, own] of [...byType, ['micro avg', all] as const])
    for (const key of ['precision', 'recall', 'f1', 'support'] as const)
      expect(own[key]).toBeCloseTo(spans.report[name]![key], 12);
});

it("gives the example of seqeval's documentation", () => {
  const gold = [
    ['O', 'O', 'O', 'B-MISC', 'I-MISC', 'I-MISC', 'O'],
    ['B-PER', 'I-PER', 'O'],
  ];
  const predicted = [
    ['O', 'O', 'B-MISC', 'I-MISC', 'I-MISC', 'I-MISC', 'O'],
    ['B-PER', 'I-PER', 'O'],
  ];
  const { byType, ...all } = spanF1(predicted, gold);
  expect(all).toEqual({ precision: 0.5, recall: 0.5, f1: 0.5, support: 2 });
  expect([...byType].map(([type, { f1 }]) => [type, f1])).toEqual([
    ['MISC', 0],
    ['PER', 1],
  ]);
});

it('counts whole spans: another end, another type or a missing part is wrong', () => {
  const gold = [['B-PER', 'I-PER', 'O', 'B-LOC']];
  const f1 = (...tags: string[]): number => spanF1([tags], gold).f1;
  expect(f1('B-PER', 'I-PER', 'O', 'B-LOC')).toBe(1);
  expect(f1('I-PER', 'I-PER', 'O', 'I-LOC')).toBe(1);
  expect(f1('B-PER', 'O', 'O', 'B-LOC')).toBe(0.5);
  expect(f1('B-PER', 'B-PER', 'O', 'B-LOC')).toBeCloseTo(0.4, 12);
  expect(f1('B-LOC', 'I-LOC', 'O', 'O')).toBe(0);
  expect(f1('O', 'O', 'O', 'O')).toBe(0);
  expect(spanF1([['O']], [['O']])).toEqual({ precision: 0, recall: 0, f1: 0, support: 0, byType: new Map() });
});

it('refuses what does not fit and what is no tag', () => {
  expect(() => spanF1([['O']], [['O', 'O']])).toThrow(ShapeError);
  expect(() => spanF1([], [])).toThrow(ShapeError);
  expect(() => spanF1(['O'] as never, [['O']])).toThrow(InvalidOptionError);
  expect(() => spanF1([['PER']], [['O']])).toThrow("predictions[0] has \"PER\" at 0; a tag is 'O', or 'B-' or 'I-'");
  expect(() => spanF1([['O']], [['B-']])).toThrow(DataError);
  expect(() => spanF1([['O']], [[3 as never]])).toThrow('labels[0] has 3 at 0');
});
