import { expect, it } from 'vitest';
import { splitMemberName } from './member-name.js';

it.each([
  ['a.jpg', ['a', 'jpg']],
  ['dir.d/a.b.JPG', ['dir.d/a', 'b.jpg']],
  ['./x/y.cls', ['./x/y', 'cls']],
  ['a.', ['a', '']],
  ['a..jpg', ['a', '.jpg']],
  ['a', undefined],
  ['dir.d/a', undefined],
  ['.hidden', undefined],
  ['./._a.jpg', undefined],
  ['__meta__/a.jpg', undefined],
  ['__meta__', undefined],
  ['__meta__.json', ['__meta__', 'json']],
])('%s', (name, expected) => {
  expect(splitMemberName(name)).toEqual(expected);
});
