import { expect, it } from 'vitest';
import { DeviceError } from '../errors/device-error.js';
import { InvalidOptionError, SslError } from '@selfsup/ssl-core';
import { engineFor } from './choose-engine.js';

it('gives one engine per device and number of threads', async () => {
  const engine = await engineFor({ device: 'cpu', threads: 1 });
  expect(engine.device).toBe('cpu');
  expect(await engineFor({ device: 'cpu', threads: 1 })).toBe(engine);
  expect(await engineFor({ device: 'cpu', threads: 2 })).not.toBe(engine);
  await expect(engineFor({ device: 'cpu', threads: 0 })).rejects.toThrow(InvalidOptionError);
});

it('says what to install for a device that is not there', async () => {
  const present = await engineFor({ device: 'cuda', threads: 1 }).catch((error: unknown) => error);
  // Nothing to see where there is a CUDA device.
  if (!(present instanceof Error)) return;
  expect(DeviceError.isInstance(present) && SslError.isInstance(present)).toBe(true);
  expect(present).toMatchObject({ device: 'cuda', code: 'SSL_DEVICE' });
  expect(present.message).toMatch(/device 'cuda' does not work here: .*CUDA 12.*device: 'cpu' works everywhere/s);
});
