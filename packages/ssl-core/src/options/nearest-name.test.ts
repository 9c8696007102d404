import { expect, test } from 'vitest';
import { nearestName, suggestion } from './nearest-name.js';

test('finds the candidate that a slip of the hand missed', () => {
  expect(nearestName('epoch', ['epochs', 'batchSize', 'temperature'])).toBe('epochs');
  expect(nearestName('demo-visoin', ['demo-text', 'demo-vision'])).toBe('demo-vision');
  expect(nearestName('BatchSize', ['epochs', 'batchSize'])).toBe('batchSize');
  expect(nearestName('batch_size', ['batchDim', 'batchSize'])).toBe('batchSize');
  expect(nearestName('temp', ['epochs', 'temperature'])).toBe('temperature');
  expect(nearestName('params', ['learningRateScale', 'parameters'])).toBe('parameters');
});

test('stays silent where nothing is close', () => {
  expect(nearestName('logFile', ['compile', 'schedule'])).toBeUndefined();
  expect(nearestName('completely-different', ['epochs', 'batchSize'])).toBeUndefined();
  expect(nearestName('x'.repeat(1e6), ['x'.repeat(1e6 - 1)])).toBeUndefined();
  expect(suggestion('zzzz', ['epochs'])).toBe('');
  expect(suggestion('epoch', ['epochs'])).toBe(" (did you mean 'epochs'?)");
});
