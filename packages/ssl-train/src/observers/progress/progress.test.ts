import { WriteStream } from 'node:tty';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BarProgress } from './bar-progress.js';
import { chooseProgress } from './choose-progress.js';
import { LineProgress } from './line-progress.js';
import { SilentProgress } from './silent-progress.js';
import { bytesText, durationText, lossText, roughDuration, speedText } from './status-text.js';

const run = { name: 'simclr', totalSteps: 100, startStep: 0, totalEpochs: 4 };
const status = (step: number) => ({ step, epoch: 2, loss: 1.23456, samplesPerSecond: 842.4, secondsLeft: 61 });

/** A terminal that remembers what was written. */
function terminal(): { stream: NodeJS.WriteStream; text: () => string } {
  const written: string[] = [];
  const stream = Object.assign(Object.create(WriteStream.prototype) as NodeJS.WriteStream, {
    isTTY: true,
    columns: 120,
    write: (text: string) => void written.push(text),
    cursorTo: () => true,
    moveCursor: () => true,
    clearLine: () => void written.push('[clear]'),
  });
  return { stream, text: () => written.join('') };
}

afterEach(() => vi.unstubAllGlobals());

it.each([
  [0, '0:00'],
  [59.6, '1:00'],
  [3725, '1:02:05'],
])('shows %s seconds as %s', (seconds, text) => expect(durationText(seconds)).toBe(text));

it('shows what is not known yet', () => expect([lossText(undefined), speedText(0)]).toEqual(['-', '- samples/s']));

describe('LineProgress', () => {
  it('writes at the first and last step and every few seconds between', () => {
    const lines: string[] = [];
    let now = 0;
    const progress = new LineProgress({
      stream: { write: (text) => lines.push(text) },
      everySeconds: 5,
      now: () => now,
    });
    progress.start(run);
    for (let step = 1; step <= 100; step++) {
      now += 0.125;
      progress.update(status(step));
    }
    progress.stop();
    progress.update(status(100));
    expect(lines.map((line) => /step (\d+)/.exec(line)?.[1])).toEqual(['1', '41', '81', '100']);
    expect(lines[0]).toBe('simclr: step 1/100, epoch 2/4, loss 1.235, 842 samples/s, 1:01 left\n');
  });

  it('says how much of the time is waiting for data, from a tenth on', () => {
    const lines: string[] = [];
    const progress = new LineProgress({ stream: { write: (text) => lines.push(text) }, everySeconds: 0 });
    progress.start(run);
    progress.update({ ...status(1), waitingShare: 0.09 });
    progress.update({ ...status(2), waitingShare: 0.456, figures: { knn: 0.5 } });
    expect(lines[0]).not.toContain('waiting');
    expect(lines[1]).toContain(', 1:01 left, 46 % waiting for data, knn 0.5');
  });
});

describe('LineProgress over hours', () => {
  const stepsAt = (secondsPerStep: number, steps: number, everySeconds?: number): number[] => {
    const lines: string[] = [];
    let now = 0;
    const progress = new LineProgress({
      stream: { write: (text) => lines.push(text) },
      now: () => now,
      ...(everySeconds === undefined ? {} : { everySeconds }),
    });
    progress.start({ ...run, totalSteps: steps });
    for (let step = 1; step <= steps; step++) {
      now += secondsPerStep;
      progress.update(status(step));
      // Told again with what observers found.
      progress.update(status(step));
    }
    return lines.map((line) => Number(/step (\d+)/.exec(line)?.[1]));
  };

  it('writes every five seconds in the first minute and every thirty after it', () => {
    expect(stepsAt(1, 180)).toEqual([1, 6, 11, 16, 21, 26, 31, 36, 41, 46, 51, 56, 86, 116, 146, 176, 180]);
  });

  it('writes as often as it is told to', () => {
    expect(stepsAt(1, 180, 60)).toEqual([1, 61, 121, 180]);
  });

  it('writes a line for every step that takes longer', () => {
    expect(stepsAt(40, 5)).toEqual([1, 2, 3, 4, 5]);
  });
});

it.each([
  [0.004_42, '4.4 ms'],
  [0.5234, '0.52 s'],
  [3, '3 s'],
  [34.4, '34 s'],
  [420, '7 min'],
  [7200, '2 h'],
  [12_000, '3 h 20 min'],
])('estimates %s seconds as %s', (seconds, text) => expect(roughDuration(seconds)).toBe(text));

it.each([
  [9e5, 'under 1 MB'],
  [3.2e6, '3 MB'],
  [1.234e9, '1.2 GB'],
])('shows %s bytes as %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

describe('BarProgress', () => {
  it('draws step, epoch, loss, speed and time left, and leaves the cursor alone', () => {
    const { stream, text } = terminal();
    const listeners = process.listenerCount('SIGINT');
    const progress = new BarProgress({ stream });
    progress.start(run);
    progress.update(status(50));
    progress.note('saved');
    progress.stop();
    progress.stop();
    expect(text()).toContain('50/100 | epoch 2/4 | loss 1.235 | 842 samples/s | 1:01 left');
    expect(text()).toContain('saved\n');
    // A process that is killed could not show it again.
    expect(text()).not.toContain('\u001B[?25l');
    expect(process.listenerCount('SIGINT')).toBe(listeners);
  });
});

describe('chooseProgress', () => {
  it('draws a bar on a terminal and lines elsewhere', () => {
    const before = process.stderr.isTTY;
    try {
      process.stderr.isTTY = true;
      vi.stubEnv('TERM', 'xterm');
      expect(chooseProgress('auto')).toBeInstanceOf(BarProgress);
      vi.stubEnv('TERM', 'dumb');
      expect(chooseProgress('auto')).toBeInstanceOf(LineProgress);
      expect(chooseProgress('bar')).toBeInstanceOf(BarProgress);
      vi.unstubAllEnvs();
      process.stderr.isTTY = false;
      expect(chooseProgress('auto')).toBeInstanceOf(LineProgress);
    } finally {
      process.stderr.isTTY = before;
    }
    expect(chooseProgress('silent')).toBeInstanceOf(SilentProgress);
    const own = new SilentProgress();
    expect(chooseProgress(own)).toBe(own);
  });
});
