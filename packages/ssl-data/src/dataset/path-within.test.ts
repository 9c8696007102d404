import { relative, resolve } from 'node:path';
import fc from 'fast-check';
import { DataError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { pathWithin } from './path-within.js';

const place = { path: 'list.txt', line: 7, offset: 3 };
const root = resolve('data', 'images');

function outcome(text: string): string {
  try {
    return pathWithin(root, text, place);
  } catch (error) {
    if (DataError.isInstance(error)) return 'refused';
    throw error;
  }
}

describe('pathWithin', () => {
  it('gives what joining gives, and nothing outside', () => {
    const parts = fc.array(fc.constantFrom('a', 'b.png', '..', '.', '', '...', '.hidden', ' ', 'c d', 'e:f', '\n'), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(parts, (names) => {
        const text = names.join('/');
        const joined = relative(root, resolve(root, text));
        const outside = joined === '' || joined.split('/')[0] === '..' || text.startsWith('/');
        expect(outcome(text)).toBe(outside || text === '' ? 'refused' : joined);
      }),
      { seed: 6, numRuns: 2000 },
    );
  });

  it('says which line it is', () => {
    expect(() => pathWithin(root, '../x', place)).toThrow(/^list\.txt: line 7 names '\.\.\/x', which lies outside/);
  });
});
