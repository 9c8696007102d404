import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { type LinePlace, readLines } from './read-lines.js';

const base = await mkdtemp(join(tmpdir(), 'blank-lines-'));
afterAll(() => rm(base, { recursive: true }));
const path = join(base, 'text');
const limits = { maxBytes: 2 ** 31, maxLineBytes: 2 ** 20, where: 'test' };

it('are numbered and placed as a naive reader does, whatever stands in them', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('\n', '\r', '\r\n', ' ', '\t', 'a', '\n\n\n'), { maxLength: 40 }),
      async (parts) => {
        const text = parts.join('');
        await writeFile(path, text);
        const found: [string, number, number][] = [];
        await readLines(path, limits, (bytes, { line, offset }: LinePlace) => {
          found.push([Buffer.from(bytes).toString(), line, offset]);
        });
        const expected: [string, number, number][] = [];
        let offset = 0;
        for (const [index, piece] of text.split(/(?<=\r\n|\n|\r(?!\n))/).entries()) {
          const line = piece.replace(/[\r\n]+$/, '');
          if (/[^\s]/.test(line)) expected.push([line, index + 1, offset]);
          offset += piece.length;
        }
        expect(found).toEqual(expected);
      },
    ),
    { seed: 9, numRuns: 200 },
  ));

it('cost a look at each byte: 64 MiB of them a few times what counting them takes', async () => {
  const bytes = Buffer.alloc(2 ** 26, '\n');
  await writeFile(path, Buffer.concat([bytes, Buffer.from('end')]));
  const cpu = async (run: () => unknown): Promise<number> => {
    const before = process.cpuUsage();
    await run();
    return process.cpuUsage(before).user;
  };
  const count = (): number => {
    let lines = 0;
    for (let at = 0; at < bytes.length; at++) if (bytes[at] === 10) lines++;
    return lines;
  };
  let last: LinePlace | undefined;
  const read = (): Promise<void> => readLines(path, limits, (_, place) => void (last = place));
  const times = { read: Infinity, count: Infinity };
  for (let attempt = 0; attempt < 3; attempt++) {
    times.count = Math.min(times.count, await cpu(count));
    times.read = Math.min(times.read, await cpu(read));
  }
  expect(last).toMatchObject({ line: 2 ** 26 + 1, offset: 2 ** 26 });
  expect(times.read / times.count).toBeLessThan(3.5);
});
