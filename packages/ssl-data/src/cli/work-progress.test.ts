import { WriteStream } from 'node:tty';
import { describe, expect, it } from 'vitest';
import { byteText, startProgress } from './work-progress.js';

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1500, '1.5 kB'],
  [2_340_000_000, '2.3 GB'],
])('shows %d bytes as %s', (bytes, text) => expect(byteText(bytes)).toBe(text));

describe('startProgress', () => {
  it('writes a line every ten seconds where lines cannot be rewritten', () => {
    const written: string[] = [];
    let seconds = 100;
    const stream = { write: (text: string) => written.push(text) };
    const progress = startProgress('Packing', 1000, stream, () => seconds);
    for (const [at, done] of [
      [101, 10],
      [110, 100],
      [119, 190],
      [120, 200],
    ] as const) {
      seconds = at;
      progress.update(done, done * 1000);
    }
    progress.stop();
    expect(written).toEqual([
      'Packing 100/1000 | 100.0 kB | 10 samples/s | 1:30 left\n',
      'Packing 200/1000 | 200.0 kB | 10 samples/s | 1:20 left\n',
    ]);
  });

  it('draws a bar with speed and time left on a terminal', () => {
    const written: string[] = [];
    const stream = Object.assign(Object.create(WriteStream.prototype) as NodeJS.WriteStream, {
      isTTY: true,
      columns: 120,
      write: (text: string) => written.push(text) > 0,
      cursorTo: () => true,
      moveCursor: () => true,
      clearLine: () => true,
    });
    let seconds = 0;
    const progress = startProgress('Checking', 7200, stream, () => seconds);
    seconds = 3;
    progress.update(2);
    progress.stop();
    expect(written.join('')).toMatch(/Checking .* 2\/7200 \| 1 samples\/s \| 2:59:57 left/);
  });

  it('is silent without a stream', () => {
    const progress = startProgress('Packing', 1, undefined);
    expect(() => {
      progress.update(1);
      progress.stop();
    }).not.toThrow();
  });
});
