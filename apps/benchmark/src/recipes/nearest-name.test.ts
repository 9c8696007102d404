import { expect, test } from 'vitest';
import { nearestName, suggestion } from './nearest-name.js';

test('finds the candidate that a slip of the hand missed', () => {
  expect(nearestName('epoch', ['epochs', 'batchSize', 'temperature'])).toBe('epochs');
  expect(nearestName('demo-visoin', ['demo-text', 'demo-vision'])).toBe('demo-vision');
  expect(nearestName('BatchSize', ['epochs', 'batchSize'])).toBe('batchSize');
});

test('stays silent where nothing is close', () => {
  expect(nearestName('completely-different', ['epochs', 'batchSize'])).toBeUndefined();
  expect(suggestion('zzzz', ['epochs'])).toBe('');
  expect(suggestion('epoch', ['epochs'])).toBe(" (did you mean 'epochs'?)");
});
