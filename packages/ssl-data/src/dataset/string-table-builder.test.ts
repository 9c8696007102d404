import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sortStrings } from './sort-strings.js';
import { stringAt, type StringTable, stringTable } from './string-table.js';
import { StringTableBuilder } from './string-table-builder.js';

const all = (table: StringTable): string[] => Array.from(table.lengths, (_, index) => stringAt(table, index));
const strings = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom('', 'a', 'ab', 'a/', '\u{10000}', '\uffff', '\ue000'),
  ),
);
const runs = { seed: 6, numRuns: 300 };

describe('StringTableBuilder', () => {
  it('makes the table that the strings at once make', () => {
    fc.assert(
      fc.property(strings, (texts) => {
        const built = new StringTableBuilder();
        texts.forEach((text, index) => (index % 2 === 0 ? built.add(text) : built.addBytes(Buffer.from(text))));
        expect(built).toHaveLength(texts.length);
        expect(built.finish()).toEqual(stringTable(texts));
      }),
      runs,
    );
  });

  it('keeps strings longer than its blocks, and many', () => {
    const builder = new StringTableBuilder();
    const texts = Array.from({ length: 3000 }, (_, i) => `${i} ${'é'.repeat(i % 50 === 0 ? 20_000 : i % 50)}`);
    for (const text of texts) builder.add(text);
    const table = builder.finish();
    expect(all(table)).toEqual(texts);
    expect(table.bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
  });
});

describe('sortStrings', () => {
  it('sorts as JavaScript compares strings', () => {
    fc.assert(
      fc.property(strings, (texts) => {
        expect(all(sortStrings(stringTable(texts)))).toEqual(texts.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
      }),
      runs,
    );
  });
});
