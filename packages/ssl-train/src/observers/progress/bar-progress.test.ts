import { WriteStream } from 'node:tty';
import { describe, expect, it } from 'vitest';
import { BarProgress } from './bar-progress.js';

const run = { name: 'simclr', totalSteps: 100, startStep: 0, totalEpochs: 4 };
const status = (step: number) => ({ step, epoch: 2, loss: 1.23456, samplesPerSecond: 842.4, secondsLeft: 61 });

/** A terminal as a user sees it: its lines, the last one being that of the cursor. */
class Screen {
  readonly lines = [''];
  /** Written directly, as a process that is not guarded does. */
  put(text: string): void {
    const [first = '', ...next] = text.split('\n');
    this.#write(first);
    for (const line of next) {
      this.lines.push('');
      this.#write(line);
    }
  }

  #write(text: string): void {
    const [kept = '', ...cleared] = text.split('\r\u001B[K');
    const last = this.lines.length - 1;
    this.lines[last] = cleared.at(-1) ?? this.lines[last]! + kept;
  }

  stream(columns = 120): NodeJS.WriteStream {
    return Object.assign(Object.create(WriteStream.prototype) as NodeJS.WriteStream, {
      isTTY: true,
      columns,
      write: (chunk: string | Uint8Array, ...rest: unknown[]) => {
        this.put(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
        const done = rest.at(-1);
        if (typeof done === 'function') (done as () => void)();
        return true;
      },
    });
  }
}

function bar(columns?: number): {
  screen: Screen;
  stdout: NodeJS.WriteStream;
  progress: BarProgress;
  tick: () => void;
} {
  const screen = new Screen();
  const [stdout, stderr] = [screen.stream(), screen.stream(columns)];
  let now = 0;
  const progress = new BarProgress({ stream: stderr, guard: [stderr, stdout], now: () => now });
  return { screen, stdout, progress, tick: () => void (now += 1) };
}

describe('what others write while the bar is drawn', () => {
  it('comes above it, whole lines as they are', () => {
    const { screen, stdout, progress, tick } = bar();
    progress.start(run);
    progress.update(status(1));
    stdout.write('mine\n');
    stdout.write(Buffer.from('bytes\nof two lines\n'));
    tick();
    progress.update(status(2));
    expect(screen.lines.slice(0, -1)).toEqual(['mine', 'bytes', 'of two lines']);
    expect(screen.lines.at(-1)).toMatch(/^simclr .* 2\/100 \| epoch 2\/4 \| loss 1\.235/);
    progress.stop();
    expect(screen.lines).toHaveLength(5);
    expect(screen.lines.at(-1)).toBe('');
  });

  it('may be a line in parts, which the bar does not cut while nothing is to be drawn', () => {
    const { screen, stdout, progress, tick } = bar();
    progress.start(run);
    stdout.write('a ');
    stdout.write('b');
    expect(screen.lines).toEqual(['a b']);
    stdout.write(' c\n');
    expect(screen.lines[0]).toBe('a b c');
    expect(screen.lines.at(-1)).toContain('0/100');
    stdout.write('left open');
    tick();
    progress.update(status(3));
    expect(screen.lines.slice(0, -1)).toEqual(['a b c', 'left open']);
    expect(screen.lines.at(-1)).toContain('3/100');
    progress.stop();
  });

  it('hands on observers and results', () => {
    const { stdout, progress } = bar();
    progress.start(run);
    let called = 0;
    expect(stdout.write('x\n', () => called++)).toBe(true);
    expect(stdout.write('x\n', 'utf8', () => called++)).toBe(true);
    expect(called).toBe(2);
    progress.stop();
  });

  it('is left alone afterwards, also where somebody else has replaced the method meanwhile', () => {
    const { screen, stdout, progress } = bar();
    const before = stdout.write;
    progress.start(run);
    expect(stdout.write).not.toBe(before);
    progress.stop();
    expect(stdout.write).toBe(before);
    progress.start(run);
    const guarded = stdout.write;
    const own = ((...chunk: Parameters<typeof guarded>) => guarded.apply(stdout, chunk)) as typeof guarded;
    stdout.write = own;
    progress.stop();
    expect(stdout.write).toBe(own);
    const { length } = screen.lines;
    stdout.write('after\n');
    expect(screen.lines.slice(length - 1)).toEqual(['after', '']);
  });

  it('has the inherited method again on a stream that has none of its own', () => {
    const screen = new Screen();
    const stream = Object.create(screen.stream()) as NodeJS.WriteStream;
    const progress = new BarProgress({ stream, guard: [stream] });
    progress.start(run);
    expect(Object.hasOwn(stream, 'write')).toBe(true);
    progress.stop();
    expect(Object.hasOwn(stream, 'write')).toBe(false);
  });
});

describe('the bar', () => {
  it('says what goes on while there is no step, until there is one', () => {
    const { screen, progress } = bar();
    progress.start(run);
    progress.phase('compiling the step');
    expect(screen.lines.at(-1)).toMatch(/0\/100 \| compiling the step \.\.\.$/);
    progress.info('compiled the step in 3.2 s');
    progress.update(status(1));
    expect(screen.lines[0]).toBe('compiled the step in 3.2 s');
    expect(screen.lines.at(-1)).not.toContain('compiling');
    progress.stop();
  });

  it('shows the figures of observers, and unknown time as unknown', () => {
    const { screen, progress } = bar();
    progress.start(run);
    progress.update({ ...status(1), secondsLeft: undefined, figures: { knn: 0.71254, collapsed: 0 } });
    progress.stop();
    expect(screen.lines[0]).toMatch(/842 samples\/s \| - left \| knn 0\.7125, collapsed 0$/);
  });

  it('shows names of figures that a terminal would obey as text', () => {
    const { screen, progress } = bar();
    progress.start(run);
    progress.update({ ...status(1), figures: { 'a\u001B[31m\nb': 1 } });
    progress.stop();
    expect(screen.lines[0]).toContain(String.raw`a\x1b[31m\x0ab 1`);
  });

  it('is never longer than the terminal is wide, with the ^C of somebody who stops the run', () => {
    const { screen, progress } = bar(40);
    progress.start(run);
    progress.update(status(1));
    progress.stop();
    expect(screen.lines[0]).toHaveLength(37);
  });

  it('is shorter on a narrow terminal, so that the time left is seen', () => {
    const { screen, progress } = bar(80);
    progress.start({ ...run, totalSteps: 500, totalEpochs: 100 });
    progress.update(status(100));
    progress.stop();
    expect(screen.lines[0]).toMatch(/^simclr █+░+ 100\/500 \| .* \| 1:01 left$/);
    expect(screen.lines[0]!.length).toBe(77);
  });

  it('is drawn with every update that comes late, whatever was drawn between', () => {
    const { screen, progress, tick } = bar();
    progress.start(run);
    progress.update(status(1));
    tick();
    progress.note('a note draws the bar anew');
    progress.update(status(2));
    expect(screen.lines.at(-1)).toContain(' 2/100 ');
    progress.update(status(3));
    expect(screen.lines.at(-1)).toContain(' 2/100 ');
    progress.stop();
    expect(screen.lines.at(-2)).toContain(' 3/100 ');
  });

  it('begins where a resumed run does', () => {
    const { screen, progress } = bar();
    progress.start({ ...run, startStep: 50, startEpoch: 2 });
    expect(screen.lines[0]).toMatch(/█{12}░{12} 50\/100 \| epoch 2\/4/);
    progress.stop();
  });
});
