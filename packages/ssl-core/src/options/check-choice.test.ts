import { expect, it } from 'vitest';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { checkChoice } from './check-choice.js';

it('accepts each choice', () => {
  for (const value of ['mean', 'sum']) expect(() => checkChoice('f', 'how', value, ['mean', 'sum'])).not.toThrow();
});

it.each<readonly [unknown, string]>([
  ['maen', "f: how must be 'mean' or 'sum', got 'maen'. Did you mean 'mean'?"],
  ['largest', "f: how must be 'mean' or 'sum', got 'largest'"],
  [3, "f: how must be 'mean' or 'sum', got 3"],
  [undefined, "f: how must be 'mean' or 'sum', got undefined"],
])('refuses %s', (value, message) => {
  expect(() => checkChoice('f', 'how', value, ['mean', 'sum'])).toThrow(InvalidOptionError);
  expect(() => checkChoice('f', 'how', value, ['mean', 'sum'])).toThrow(message);
});
