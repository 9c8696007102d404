import { expect, test, vi } from 'vitest';
import { Progress } from './progress.js';

const plan = [
  { name: 'a', title: 'First', cost: 10 },
  { name: 'b', title: 'Second', cost: 30 },
];

function display(isTTY: boolean, columns?: number): { written: string[]; progress: Progress; clock: { now: number } } {
  const written: string[] = [];
  const clock = { now: 100 };
  const progress = new Progress(
    plan,
    { isTTY, ...(columns === undefined ? {} : { columns }), write: (text: string) => written.push(text) },
    () => clock.now,
  );
  return { written, progress, clock };
}

test('plain lines: start, at most one line per interval, outcome with an estimate of the rest', () => {
  const { written, progress, clock } = display(false);
  const first = progress.begin('a');
  clock.now += 1;
  first.advance(5, 100);
  clock.now += 19;
  first.advance(25, 100, 'loss 2.5');
  clock.now += 15;
  first.advance(30, 100, undefined, 7);
  clock.now += 5;
  expect(first.finish('90 %')).toBe(40);
  // Pace (40 + 10) / (10 + 10) times the declared 30 seconds.
  expect(written).toEqual([
    '[1/2] First ...\n',
    '[1/2] First: 25 %, loss 2.5, 20 s, about 1 min left\n',
    '[1/2] First: 30 %, 35 s, about 7 s left\n',
    '[1/2] First: 90 % (40 s); 40 s so far, about 1 min 15 s to go\n',
  ]);
  progress.begin('b').finish();
  expect(written.at(-1)).toBe('[2/2] Second: done (0 s)\n');
});

test('a terminal gets one line that is rewritten and never wraps', () => {
  const { written, progress, clock } = display(true, 24);
  const first = progress.begin('a');
  clock.now += 1;
  first.advance(1, 2);
  expect(written).toEqual(['\r\u001B[2K[1/2] First ...', '\r\u001B[2K[1/2] First: 50 %, 1...']);
});

test('stages kept from before do not count in the pace', () => {
  const { written, progress } = display(false);
  progress.skip('a', '90 %');
  progress.begin('b').finish();
  expect(written).toEqual([
    '[1/2] First: 90 % (kept from before)\n',
    '[2/2] Second ...\n',
    '[2/2] Second: done (0 s)\n',
  ]);
});

test('without a stream nothing is written', () => {
  const write = vi.spyOn(process.stderr, 'write');
  const progress = new Progress(plan);
  progress.begin('a').advance(1, 2);
  progress.note('x');
  expect(write).not.toHaveBeenCalled();
  write.mockRestore();
});
