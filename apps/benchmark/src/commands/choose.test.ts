import type { MethodAdvice, MethodChoice } from '@selfsup/ssl-vision';
import { expect, test, vi } from 'vitest';
import { runCli } from '../../test/run-cli.js';
import { choiceText } from './choice-text.js';

// Each command is a process that loads TypeScript from source.
vi.setConfig({ testTimeout: 180_000 });

const pictures = ['--images', '18720', '--size', '28', '--channels', '1', '--cores', '2'];

test('methods are ranked as text and as JSON, the options as pretrain takes them', async () => {
  const [text, json] = await Promise.all([
    runCli(['choose', ...pictures, '--batch', '32', '--top', '2']),
    runCli(['choose', ...pictures, '--batch', '32', '--goal', 'dense', '--backbone', 'vit-micro', '--json']),
  ]);
  expect([text.status, text.stderr, json.status, json.stderr]).toEqual([0, '', 0, '']);
  const { ranked, excluded } = JSON.parse(json.stdout) as MethodChoice;
  expect(ranked[0]!.options).toMatchObject({ method: ranked[0]!.method, backbone: 'vit-micro', batchSize: 32 });
  expect(excluded).toContainEqual({ method: 'supcon', why: 'it learns from classes, and there are none' });
  const lines = text.stdout.split('\n');
  expect(lines[0]).toMatch(/^method +score .*batch/);
  expect(text.stdout).toMatch(/^ +[+-]?\d+ {2}(?:measured|facts): /m);
  expect(text.stdout).toContain('supcon: it learns from classes');
  expect(lines.at(-2)).toMatch(
    /^ {2}pretrain\(\{ data: 'photos', out: 'runs\/photos', method: '[a-z-\d]+', batchSize: 32.* \}\)$/,
  );
});

test('what cannot be is told in one line', async () => {
  const [none, words, goal, labels] = await Promise.all([
    runCli(['choose', '--size', '28']),
    runCli(['choose', '--images', 'many', '--size', '28']),
    runCli(['choose', ...pictures, '--goal', 'retreival']),
    runCli(['choose', ...pictures, '--labels', '20000']),
  ]);
  const told = [none, words, goal, labels].map(({ status, stdout, stderr }) => [status, stdout, stderr.trimEnd()]);
  expect(told).toEqual([
    [1, '', expect.stringMatching(/--images must be given.*Such as --images 5000/)],
    [1, '', expect.stringMatching(/--images must be a number, .*many/)],
    [1, '', expect.stringMatching(/goal must be .*Did you mean 'retrieval'/)],
    [1, '', expect.stringMatching(/labels must be an integer in \[0, 18720\]/)],
  ]);
});

test('columns that no method has are left out', () => {
  const advice = (method: MethodAdvice['method'], more: Partial<MethodAdvice> = {}): MethodAdvice => ({
    method,
    score: 40,
    reasons: [
      { text: 'good', basis: 'measured', points: 50 },
      { text: 'slow', basis: 'facts', points: -10 },
    ],
    options: { method },
    ...more,
  });
  const choice = { ranked: [advice('vicreg', { minutes: 3.14 }), advice('moco'), advice('byol')], excluded: [] };
  expect(choiceText(choice, 2).split('\n').slice(0, 8)).toEqual([
    'method  score  minutes',
    'vicreg     40      3.1',
    'moco       40',
    '',
    'vicreg:',
    '   +50  measured: good',
    '   -10  facts: slow',
    '',
  ]);
  expect(choiceText(choice, 2)).toContain('Of 3 methods 2 are shown');
});
