import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { train } from './fixtures.js';
import { describe, afterAll, beforeAll } from 'vitest';
import { testMistakes, type Mistake } from './mistake.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mistakes-'));
});
afterAll(() => rm(folder, { recursive: true }));

const settings: readonly Mistake[] = [
  ...(
    [
      ['a big integer', { size: 3n }, /Trainer: config\.size must be JSON: .*, got 3/],
      ['a function', { augment: (x: number) => x }, /config\.augment must be JSON: .*got the function augment/],
      ['a Map in a list', { parts: [new Map()] }, /config\.parts\.0 must be JSON: .*got a Map/],
      ['not a number', { rate: Number.NaN }, /config\.rate must be JSON: .*finite numbers.*got NaN/],
    ] as const
  ).map(([title, config, message]): Mistake => ({
    title: `${title} in the config`,
    code: () => train({ config }),
    error: 'InvalidOptionError',
    message,
    cure: () => train({ config: { size: 3, augment: 'flip', parts: [{}], rate: null, left: undefined } }),
  })),
  {
    title: 'a step to go on from',
    code: () => train({ checkpoint: { dir: join(folder, 'c'), resume: 3 } }),
    error: 'InvalidOptionError',
    message: /checkpoint\.resume must be true, false, 'latest-good' or a path, got 3/,
    cure: () => train({ checkpoint: { dir: join(folder, 'c'), resume: true } }),
  },
  {
    title: 'buffers of an average that nothing has',
    code: () => train({ ema: { buffers: 'avg' } }),
    error: 'InvalidOptionError',
    message: /Trainer: ema\.buffers must be 'average', 'copy' or 'keep', got 'avg'/,
  },
];

describe('settings', () => {
  testMistakes(settings);
});
