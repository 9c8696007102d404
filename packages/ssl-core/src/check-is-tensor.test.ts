import { expect, it } from 'vitest';
import { checkIsTensor } from './check-is-tensor.js';
import { InvalidOptionError } from './errors/invalid-option-error.js';
import { ShapeError } from './errors/shape-error.js';

it('takes what has type and shape and is not disposed', () => {
  expect(() => checkIsTensor('loss', 'z', { dtype: 'int32', shape: [2], isDisposed: false })).not.toThrow();
});

it.each<readonly [unknown, string]>([
  [undefined, 'undefined'],
  [[1, 2], '1,2'],
  [{ data: new Float32Array(2), shape: [2] }, 'an NdArray [2]'],
  [Promise.resolve(1), 'a promise (is an await missing?)'],
])('refuses %j', (value, given) => {
  const check = (): void => checkIsTensor('loss', 'z', value, 'float32 [n]');
  expect(check).toThrow(`loss: z must be a tensor, float32 [n], such as tf.tensor(values, shape, dtype), got ${given}`);
  expect(check).toThrow(ShapeError);
});

it('refuses a disposed tensor with what to do', () => {
  const check = (): void => checkIsTensor('loss', 'z', { dtype: 'float32', shape: [2], isDisposed: true });
  expect(check).toThrow(/z must be a live tensor, got 'a disposed one'\. Call it inside the tf\.tidy/);
  expect(check).toThrow(InvalidOptionError);
});
