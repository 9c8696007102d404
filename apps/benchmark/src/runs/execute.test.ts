import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../../test/run-cli.js';
import type { Summary } from './summary.js';

const minutes = 60_000;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ssl-execute-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function summaryOf(run: string): Promise<Summary> {
  return JSON.parse(await readFile(path.join(folder, run, 'summary.json'), 'utf8')) as Summary;
}

/** All that must be the same in two runs of one seed: everything but wall times. */
function figures({ vision, text }: Summary): unknown {
  return { vision: { ...vision, seconds: 0 }, text: { ...text, seconds: 0 } };
}

test(
  'a vision run stopped in its training and resumed ends with the numbers of an unbroken one',
  { timeout: 10 * minutes },
  async () => {
    const whole = await runCli(['run', 'smoke-vision', '--out', 'whole', '--workers', '0', '--json'], { cwd: folder });
    expect(whole).toMatchObject({ status: 0 });
    const summary = JSON.parse(whole.stdout) as Summary;
    expect(summary).toEqual(await summaryOf('whole'));
    expect(summary.seed).toBe(0);
    expect(summary.vision).toEqual({
      knn: expect.any(Number),
      linear: { 2: expect.any(Number), 5: expect.any(Number) },
      fineTune: { 2: expect.any(Number) },
      scratch: { 2: expect.any(Number) },
      random: { knn: expect.any(Number), linear: { 2: expect.any(Number), 5: expect.any(Number) } },
      seconds: expect.any(Number),
      knnAlong: [0, 4, 8].map((step) => ({ step, value: expect.any(Number) })),
    });
    expect(whole.stderr).toMatch(
      /\[2\/8\] SimCLR.*\n[^]*\[8\/8\] Nearest neighbours: done[^]*Done in .*Report: whole\/report\.html/,
    );
    expect(await readFile(path.join(folder, 'whole', 'report.html'), 'utf8')).toContain(
      '<h2>SimCLR on MNIST, smoke test</h2>',
    );

    const stopped = await runCli(['run', 'smoke-vision', '--out', 'stopped', '--workers', '0'], {
      cwd: folder,
      interruptAt: /\[2\/8\]/,
    });
    expect(stopped).toMatchObject({ status: 130 });
    expect(stopped.stderr).toContain('Go on with: ssl-benchmark run smoke-vision --out stopped --resume\n');
    // The same command goes on, with --resume or without.
    const resumed = await runCli(['run', 'smoke-vision', '--out', 'stopped', '--quiet'], { cwd: folder });
    expect([resumed.status, resumed.stderr, resumed.stdout]).toEqual([0, '', '']);
    expect(figures(await summaryOf('stopped'))).toEqual(figures(summary));
    const refused = await runCli(['run', 'smoke-vision', '--out', 'stopped'], { cwd: folder });
    expect([refused.status, refused.stderr.trimEnd().split('\n')]).toEqual([
      1,
      [expect.stringContaining('add --resume')],
    ]);
  },
);

test(
  'a text run stopped between trainings and resumed ends with the numbers of an unbroken one',
  { timeout: 10 * minutes },
  async () => {
    const whole = await runCli(['run', 'smoke-text', '--out', 'text', '--quiet'], { cwd: folder });
    expect([whole.status, whole.stderr]).toEqual([0, '']);
    const summary = await summaryOf('text');
    expect(summary.text).toEqual({
      maskedAccuracy: [3, 6].map((step) => ({ step, value: expect.any(Number) })),
      maskedLoss: [3, 6].map((step) => ({ step, value: expect.any(Number) })),
      fineTune: { 1: expect.any(Number) },
      scratch: { 1: expect.any(Number) },
      seconds: expect.any(Number),
    });
    const stopped = await runCli(['run', 'smoke-text', '--out', 'text-stopped'], {
      cwd: folder,
      interruptAt: /\[1\/5\]/,
    });
    expect(stopped).toMatchObject({ status: 130 });
    const resumed = await runCli(['run', 'smoke-text', '--out', 'text-stopped', '--resume', '--quiet'], {
      cwd: folder,
    });
    expect([resumed.status, resumed.stderr]).toEqual([0, '']);
    expect(figures(await summaryOf('text-stopped'))).toEqual(figures(summary));

    const again = await runCli(['report', 'text'], { cwd: folder });
    expect([again.status, again.stderr]).toEqual([0, `Report: ${path.join(folder, 'text', 'report.html')}\n`]);
    expect(await summaryOf('text')).toEqual(summary);
  },
);
