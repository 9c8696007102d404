import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csvLine, firstCsvRecord } from './csv-text.js';

it('quotes what RFC 4180 wants quoted, and nothing else', () => {
  expect(csvLine(['a/b [c]', 'ä', '', 'x,y', 'say "hi"', 'two\nlines'])).toBe(
    'a/b [c],ä,,"x,y","say ""hi""","two\nlines"\r\n',
  );
});

it('reads back what was written, and sees where it ends', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), fc.string(), (cells, rest) => {
      const line = csvLine(cells);
      expect(firstCsvRecord(line + rest)).toEqual({ cells, length: line.length });
    }),
    { seed: 3 },
  );
});

it.each(['', 'a,b', '"a\r\n', '"a"b\r\n', 'a"b\r\n'])('%j is no whole record', (text) => {
  expect(firstCsvRecord(text)).toBeUndefined();
});
