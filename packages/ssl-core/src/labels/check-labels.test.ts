import { expect, it } from 'vitest';
import { DataError } from '../errors/data-error.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { checkLabels } from './check-labels.js';

it('counts the classes', () => {
  expect(checkLabels('f', 'labels', Int32Array.of(0, 2, 1))).toBe(3);
  expect(checkLabels('f', 'labels', [0, 2, 1], { classes: 5 })).toBe(5);
  expect(checkLabels('f', 'labels', [-1, 4, -1], { unlabelled: true })).toBe(5);
  expect(checkLabels('f', 'labels', [])).toBe(0);
});

it.each([
  [[0, 7, 1], 5, 'f: labels[1] is 7, outside the classes 0 .. 4'],
  [[0, 3, -2], undefined, 'f: labels[2] is -2, outside the classes 0 .. 3'],
  [[0, 1.5], undefined, 'f: labels[1] is 1.5, outside the classes 0 .. 0'],
  [[NaN, 1], undefined, 'f: labels[0] is NaN, outside the classes 0 .. 1'],
  [[2 ** 31], undefined, 'f: labels[0] is 2147483648, outside the classes, which are integers from 0 on'],
  [[-100], undefined, 'f: labels[0] is -100, outside the classes, which are integers from 0 on'],
])('refuses %j of %j classes, and ends with the classes that there are', (labels, classes, message) => {
  for (const unlabelled of [false, true]) {
    const check = (): number => checkLabels('f', 'labels', labels, { classes, unlabelled });
    expect(check).toThrow(DataError);
    expect(check).toThrow(new RegExp(`^${message.replaceAll(/[.[\]]/g, '\\$&')}$`));
  }
});

it.each([0, -1, 1.5, NaN, Infinity, '4' as unknown as number])('refuses %s classes', (classes) =>
  expect(() => checkLabels('f', 'labels', [0], { classes })).toThrow('f: classes must be a '),
);

it.each([undefined, null, 3, { data: Int32Array.of(0), shape: [1] }])('refuses %o in the place of labels', (labels) =>
  expect(() => checkLabels('f', 'labels', labels as never)).toThrow(InvalidOptionError),
);

it('counts missing labels and names the way out', () => {
  expect(() => checkLabels('f', 'labels', [0, -1, 2, -1])).toThrow(
    "f: 2 of 4 labels are -1, which is 'no label', the first of them labels[1]. Leave these samples out (labelledRows(labels) of @selfsup/ssl-data numbers the others); a label is one of the classes 0 .. 2",
  );
});
