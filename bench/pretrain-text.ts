/**
 * The one call on texts: `pretrainText` with its defaults on every third gloss of WordNet, a line each. Prints what it chose
 * and the held-out loss after each epoch as one JSON line. Some four minutes on two quiet cores.
 *
 * usage: npx tsx --conditions=ssl-source bench/pretrain-text.ts
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pretrainText } from '@selfsup/ssl-text-mlm';
import type { Evaluation } from '@selfsup/ssl-train';
import { loadWordnetGlosses } from '../apps/benchmark/src/data/wordnet.js';
import { report } from './time-steps.js';

const folder = await mkdtemp(join(tmpdir(), 'pretrain-text-'));
try {
  const { glosses } = await loadWordnetGlosses();
  const texts = glosses.filter((_, index) => index % 3 === 0).map(({ text }) => text);
  const data = join(folder, 'glosses.txt');
  await writeFile(data, texts.join('\n'));
  let evaluations: readonly Evaluation[] = [];
  let seconds = 0;
  const { settings } = await pretrainText({
    data,
    out: join(folder, 'run'),
    observers: [{ onEnd: (result) => void ({ evaluations, seconds } = result) }],
  });
  report({ texts: texts.length, characters: texts.join('').length, settings, seconds, evaluations });
} finally {
  await rm(folder, { recursive: true, force: true });
}
