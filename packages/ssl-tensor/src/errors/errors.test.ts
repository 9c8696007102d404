import { SslError } from '@selfsup/ssl-core';
import { expect, it } from 'vitest';
import { DeviceError } from './device-error.js';
import { HostCallError } from './host-call-error.js';

const cause = new TypeError('inner');
const examples: readonly (readonly [typeof SslError, SslError, string, RegExp])[] = [
  [
    HostCallError as never,
    new HostCallError('allReduce', cause),
    'SSL_HOST_CALL',
    /hostCall 'allReduce' failed: inner\. Variables are as they were/,
  ],
  [
    DeviceError as never,
    new DeviceError('webgpu', 'has no adapter', 'Install one', { cause }),
    'SSL_DEVICE',
    /device 'webgpu' has no adapter\. Install one/,
  ],
];

it.each(examples)('%o has its code and message, and is no other error', (type, error, code, message) => {
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  expect(SslError.isInstance(error)).toBe(true);
  expect(examples.filter(([other]) => other.isInstance(error)).map(([other]) => other)).toEqual([type]);
});
