import { execFileSync } from 'node:child_process';
import { open } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import type { Kind, PlayCase } from './kind.js';
import { digestOf, outcomeOf } from './settled.js';

const good = digestOf([1]);

/** Cases that end in every way there is, to see that the campaign tells each. */
async function endings(folder: string): Promise<PlayCase> {
  const cases: readonly PlayCase[] = [
    async () => outcomeOf(() => [1], good, true),
    async () => outcomeOf(() => Promise.reject(new DataError('damaged')), good, true),
    async () => outcomeOf(() => [2], good, false),
    async () => outcomeOf(() => [2], good, true),
    async () => outcomeOf(() => Promise.reject(new TypeError('of nothing')), good, true),
    (_, __, describe) => {
      describe('a loop without end');
      for (;;);
    },
    () => {
      const memory: Buffer[] = [];
      while (memory.length < 40) memory.push(Buffer.alloc(2 ** 24, 1));
      return Promise.resolve(memory.length > 0 ? 'same' : 'other');
    },
    () => process.exit(3),
    async () => {
      const pipe = join(folder, 'pipe');
      execFileSync('mkfifo', [pipe]);
      // Waits for a writer, and nobody waits for it.
      open(pipe, 'r', () => {});
      setTimeout(() => void writeFile(pipe, ''), 4000);
      return 'same';
    },
    async (random) => {
      throw new RangeError(`drew ${random.integer(1e9)}`);
    },
  ];
  return (random, number, describe) => cases[number]!(random, number, describe);
}

/** What `run-kind.test.ts` plays. */
export const kinds: readonly Kind[] = [
  {
    name: 'endings',
    group: 'mutations',
    title: 'every way to end',
    cases: { small: 0, full: 10 },
    seconds: 3,
    megabytes: 350,
    prepare: endings,
  },
  {
    name: 'unprepared',
    group: 'mutations',
    title: 'cannot be prepared',
    cases: { small: 0, full: 5 },
    prepare: () => Promise.reject(new RangeError('no good input')),
  },
];
