import { afterEach, beforeEach, expect, it } from 'vitest';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { chooseDevice } from './choose-device.js';

const before = process.env['SSL_TENSOR_DEVICE'];
const restore = (value: string | undefined): void => {
  if (value === undefined) delete process.env['SSL_TENSOR_DEVICE'];
  else process.env['SSL_TENSOR_DEVICE'] = value;
};
beforeEach(() => restore(undefined));
afterEach(() => restore(before));

it('takes the CPU where nobody asks for another device, and what is asked for otherwise', () => {
  expect(chooseDevice().device).toBe('cpu');
  expect(chooseDevice('auto').reason).toMatch(/GPU is used where asked for/);
  expect(chooseDevice('webgpu')).toEqual({ device: 'webgpu', reason: 'asked for' });
});

it('follows SSL_TENSOR_DEVICE where the code leaves it to auto', () => {
  restore('tensorflow');
  expect(chooseDevice()).toEqual({ device: 'tensorflow', reason: 'asked for by SSL_TENSOR_DEVICE' });
  expect(chooseDevice('cpu').device).toBe('cpu');
  restore('');
  expect(chooseDevice().device).toBe('cpu');
});

it('refuses names that are no device, and says where they came from', () => {
  expect(() => chooseDevice('gpu' as never)).toThrow(InvalidOptionError);
  restore('gpu');
  expect(() => chooseDevice()).toThrow(/environment: SSL_TENSOR_DEVICE must be one of auto, cpu, .*got 'gpu'/);
});
