import { expect, it } from 'vitest';
import { describeValue } from './describe-value.js';

class Cell {
  readonly value = 1;
}

it.each<readonly [unknown, string]>([
  ['a', "'a'"],
  [-0.5, '-0.5'],
  [undefined, 'undefined'],
  [Symbol('s'), 'Symbol(s)'],
  [[1, 2, 'x'], '1,2,x'],
  [[], 'an empty array'],
  [[[1], [2]], 'an array of 2'],
  [new Array<number>(1000).fill(1), 'an array of 1000'],
  [new Float64Array(1e6), 'a Float64Array of 1000000'],
  [new Map([['a', 1]]), 'a Map'],
  [Promise.resolve(1), 'a promise (is an await missing?)'],
  [{ dtype: 'float32', shape: [2, 3] }, 'a float32 tensor [2, 3]'],
  [{ data: new Uint8Array(2), shape: [2] }, 'an NdArray [2]'],
  [new Cell(), 'a Cell'],
  [Object.create(null), 'an empty object'],
  [{ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 }, 'an object with a, b, c, d, e and 1 more'],
  [() => 1, 'a function'],
  [new Error('lost'), 'Error: lost'],
])('%# is %s', (value, text) => {
  expect(describeValue(value)).toBe(text);
});

it('throws nothing for what throws when it is read', () => {
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new TypeError('no');
      },
    },
  );
  expect(describeValue(hostile)).toBe('an object that cannot be read');
});
