import { CheckpointError } from '@selfsup/ssl-core';
import { expect, it } from 'vitest';
import { isJsonRecord, readDescription } from './read-description.js';

const place = { entry: 'my.model', format: 2, package: '@me/models', advice: 'which train() writes. Train again' };
const read = (text: string | undefined): unknown =>
  readDescription(text === undefined ? {} : { 'my.model': text }, 'a.safetensors', place, ({ width }) =>
    typeof width === 'number' ? undefined : 'width',
  );

it('gives what the file says', () => {
  expect(read('{"format":2,"width":3,"more":"x"}')).toEqual({ format: 2, width: 3, more: 'x' });
});

it.each([
  [undefined, /a\.safetensors: does not describe itself: .*'my\.model', which train\(\) writes\. Train again/],
  ['{"format":2,', /damaged description: .*JSON/],
  ['{"format":3,"width":3}', /newer version: its description has form 3, this version reads 2\. Update @me\/models/],
  ['{"format":1,"width":3}', /damaged description: format is not/],
  ['{"format":2,"width":"3"}', /damaged description: width is not/],
  ['[1]', /damaged description: the whole is not/],
  ['null', /damaged description: the whole is not/],
])('refuses %s', (text, message) => {
  expect(() => read(text)).toThrow(CheckpointError);
  expect(() => read(text)).toThrow(message);
});

it('tells records from lists and nothing', () => {
  expect([{}, [], null, 'x'].map(isJsonRecord)).toEqual([true, false, false, false]);
});
